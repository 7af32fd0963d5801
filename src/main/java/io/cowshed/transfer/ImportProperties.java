package io.cowshed.transfer;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Bounds on what is made and imported.
 *
 * @param maxVirtualSize the longest disk, and the longest body once it is decoded
 */
@ConfigurationProperties("cowshed")
public record ImportProperties(@DefaultValue("8TB") DataSize maxVirtualSize) {

    /** In bytes. */
    public long longestDisk() {
        return maxVirtualSize.toBytes();
    }
}
