package io.cowshed.engine.guest;

import java.io.IOException;

/** The kinds of content that are understood. */
enum FileSystemKind {
    EXT,
    XFS,
    FAT,
    SWAP;

    /** What it is called before more is known. */
    String title() {
        return switch (this) {
            case EXT -> "ext";
            case XFS -> "XFS";
            case FAT -> "FAT";
            case SWAP -> "swap";
        };
    }

    /** Whether an area looks as if it held one. */
    boolean isOn(Area area) throws IOException, LeftAloneException {
        return switch (this) {
            case EXT -> ExtSuperblock.isOn(area);
            case XFS -> XfsSuperblock.isOn(area);
            case FAT -> FatLayout.isOn(area);
            case SWAP -> SwapArea.isOn(area);
        };
    }

    /** Opens the one that {@link #isOn} has recognised. */
    FileSystem open(Area area) throws IOException, LeftAloneException {
        return switch (this) {
            case EXT -> ExtFileSystem.open(area);
            case XFS -> XfsFileSystem.open(area);
            case FAT -> FatFileSystem.open(area);
            case SWAP -> SwapArea.open(area);
        };
    }
}
