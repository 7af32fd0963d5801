package io.cowshed.catalog;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How deep chains of images may become, {@code cowshed.max-depth}: each read of an unallocated cluster walks the chain,
 * and a hypervisor opens every file of it.
 *
 * @param maxDepth of a clone, where a base has depth 0; at least 1
 */
@ConfigurationProperties("cowshed")
record ChainLimit(int maxDepth) {

    ChainLimit {
        if (maxDepth < 1) {
            throw new IllegalArgumentException("cowshed.max-depth must be at least 1, not " + maxDepth);
        }
    }
}
