/**
 * The vocabulary of the engine: what an image is to its readers ({@link io.cowshed.engine.block.DiskImage},
 * {@link io.cowshed.engine.block.Extent}), what it lies in ({@link io.cowshed.engine.block.BlockFile}), where its
 * backing comes from, and how it fails ({@link io.cowshed.engine.block.ImageException}).
 */
@NullMarked
@NamedInterface("block")
package io.cowshed.engine.block;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
