package io.cowshed.operation;

import io.cowshed.http.ByteSize;
import org.springframework.boot.context.properties.ConfigurationPropertiesBinding;
import org.springframework.core.convert.converter.Converter;
import org.springframework.stereotype.Component;

/** Lets properties spell sizes as requests do. */
@Component
@ConfigurationPropertiesBinding
class ByteSizeConverter implements Converter<String, ByteSize> {

    @Override
    public ByteSize convert(String text) {
        return ByteSize.parse(text);
    }
}
