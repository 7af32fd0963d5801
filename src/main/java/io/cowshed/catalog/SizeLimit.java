package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How long disks may be, {@code cowshed.max-virtual-size}.
 *
 * @param maxVirtualSize the longest disk, and the longest body once it is decoded
 */
@ConfigurationProperties("cowshed")
public record SizeLimit(@DefaultValue("8TB") DataSize maxVirtualSize) {

    /** In bytes. */
    public long longestDisk() {
        return maxVirtualSize.toBytes();
    }

    /**
     * Refuses a disk that is too long, or has no byte at all.
     *
     * @throws CowshedException of type INVALID_REQUEST
     */
    public void requireAllowed(long virtualSize) {
        if (virtualSize < 1 || virtualSize > longestDisk()) {
            throw Text.refuse(
                    "A disk of " + virtualSize + " bytes cannot be made here.",
                    "Use a virtualSize from 1 to " + longestDisk() + " bytes.");
        }
    }
}
