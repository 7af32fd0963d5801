/** Writes small FAT volumes: {@link io.cowshed.engine.fat.FatVolume}. What a guest has in its own is read in {@code guest}. */
@NullMarked
@NamedInterface("fat")
package io.cowshed.engine.fat;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
