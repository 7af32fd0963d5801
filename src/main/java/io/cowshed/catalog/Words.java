package io.cowshed.catalog;

import jakarta.persistence.AttributeConverter;
import jakarta.persistence.Converter;
import org.jspecify.annotations.Nullable;

/** Enumerations as the database spells them. */
final class Words {

    private Words() {}

    @Converter
    static final class OfState implements AttributeConverter<ImageState, String> {
        @Override
        public String convertToDatabaseColumn(ImageState state) {
            return state.word();
        }

        @Override
        public ImageState convertToEntityAttribute(String word) {
            return ImageState.parse(word);
        }
    }

    @Converter
    static final class OfLifetime implements AttributeConverter<Lifetime, String> {
        @Override
        public String convertToDatabaseColumn(Lifetime lifetime) {
            return lifetime.word();
        }

        @Override
        public Lifetime convertToEntityAttribute(String word) {
            return Lifetime.parse(word);
        }
    }

    @Converter
    static final class OfOnExpire implements AttributeConverter<OnExpire, String> {
        @Override
        public @Nullable String convertToDatabaseColumn(@Nullable OnExpire end) {
            return end == null ? null : end.word();
        }

        @Override
        public @Nullable OnExpire convertToEntityAttribute(@Nullable String word) {
            return word == null ? null : OnExpire.parse(word);
        }
    }

    @Converter
    static final class OfExpiryHold implements AttributeConverter<ExpiryHold, String> {
        @Override
        public @Nullable String convertToDatabaseColumn(@Nullable ExpiryHold hold) {
            return hold == null ? null : hold.word();
        }

        @Override
        public @Nullable ExpiryHold convertToEntityAttribute(@Nullable String word) {
            return word == null ? null : ExpiryHold.parse(word);
        }
    }
}
