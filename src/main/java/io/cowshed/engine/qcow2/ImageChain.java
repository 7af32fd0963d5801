package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.Qcow2Limits;
import io.cowshed.engine.raw.RawImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens an image with all that it is backed by. */
public final class ImageChain {

    private record Link(BlockFile file, @Nullable Qcow2Header header) {}

    private final List<BlockFile> opened = new ArrayList<>();
    private final List<Link> links = new ArrayList<>();
    private final Set<Object> keys = new HashSet<>();

    private ImageChain() {}

    /**
     * Opens the image in {@code file}, and its backing files as {@code resolver} finds them. Closing the image closes all
     * files. When this fails they are closed too, {@code file} included.
     *
     * @param format what {@code file} is to be read as
     * @throws BackingFileException when the chain comes back to one of its files, or is longer than
     *     {@value Qcow2Limits#MAX_CHAIN_LENGTH} images
     * @throws io.cowshed.engine.block.ImageException when a file of the chain is not a sound image
     */
    public static DiskImage open(BlockFile file, ImageFormat format, BackingResolver resolver) throws IOException {
        ImageChain chain = new ImageChain();
        chain.opened.add(file);
        try {
            chain.follow(file, format, resolver);
            return chain.assemble();
        } catch (Throwable e) {
            chain.closeAll(e);
            throw e;
        }
    }

    /**
     * Opens the backing files of an image that is open already. When this fails all that was opened here is closed.
     *
     * @param top the file of the image
     * @param header of the image, which need not be the one in the file
     * @return what the image lies on, or null where it has no backing file
     * @throws BackingFileException as {@link #open} does
     */
    static @Nullable DiskImage openBacking(BlockFile top, Qcow2Header header, BackingResolver resolver)
            throws IOException {
        if (header.backingName() == null) {
            return null;
        }
        ImageChain chain = new ImageChain();
        chain.keys.add(top.key());
        try {
            BackingResolver.Backing backing =
                    resolver.resolve(top.name(), header.backingName(), header.backingFormat());
            chain.opened.add(backing.file());
            chain.follow(backing.file(), backing.format(), resolver);
            return chain.assemble();
        } catch (Throwable e) {
            chain.closeAll(e);
            throw e;
        }
    }

    private void follow(BlockFile top, ImageFormat topFormat, BackingResolver resolver) throws IOException {
        BackingResolver.Backing next = new BackingResolver.Backing(top, topFormat);
        while (true) {
            BlockFile file = next.file();
            if (!keys.add(file.key())) {
                throw new BackingFileException(file.name(), "it is among its own backing files");
            }
            if (links.size() == Qcow2Limits.MAX_CHAIN_LENGTH) {
                throw new BackingFileException(top.name(), "its chain of backing files is too long");
            }
            Qcow2Header header = switch (next.format()) {
                case RAW -> null;
                case QCOW2 -> Qcow2HeaderReader.read(file);
            };
            links.add(new Link(file, header));
            if (header == null || header.backingName() == null) {
                return;
            }
            next = resolver.resolve(file.name(), header.backingName(), header.backingFormat());
            opened.add(next.file());
        }
    }

    private DiskImage assemble() throws IOException {
        @Nullable DiskImage image = null;
        for (Link link : links.reversed()) {
            image = link.header == null ? new RawImage(link.file) : new Qcow2Image(link.file, link.header, image);
        }
        if (image == null) {
            throw new IllegalStateException("a chain of nothing");
        }
        return image;
    }

    private void closeAll(Throwable cause) {
        for (BlockFile file : opened) {
            try {
                file.close();
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }
    }
}
