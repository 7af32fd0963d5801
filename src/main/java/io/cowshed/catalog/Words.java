package io.cowshed.catalog;

import jakarta.persistence.AttributeConverter;
import jakarta.persistence.Converter;

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
}
