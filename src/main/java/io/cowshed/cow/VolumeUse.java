package io.cowshed.cow;

import io.swagger.v3.oas.annotations.media.Schema;

/** How full the volume is, and of what. */
@Schema(
        name = "Volume",
        description = "Sizes are in bytes. Files are measured when asked: one system call for each image.")
public record VolumeUse(
        @Schema(description = "The size of the volume's file system.")
        long totalSize,

        @Schema(description = "What may still be written.") long usableSize,

        @Schema(description = "How many images have a file, those in the trash too.")
        long images,

        @Schema(description = "What their files take; what several share (reflinks) counts for each.")
        long allocatedSize,

        @Schema(description = "How many of them are in the trash.")
        long trashedImages,

        @Schema(description = "What the files of those take.")
        long trashedSize) {}
