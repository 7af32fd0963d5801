package io.cowshed.catalog;

import io.cowshed.volume.CataloguedFile;

/**
 * Enough of the seed disk of an image to use it.
 *
 * @param instanceId that a guest which starts with it takes
 */
public record SeedLink(CataloguedFile.Seed file, String instanceId) {}
