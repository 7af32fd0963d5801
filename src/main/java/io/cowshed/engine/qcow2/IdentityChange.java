package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.Zeros;
import io.cowshed.engine.qcow2.format.HeaderExtension;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives an image in its file another identity, by one write of one sector: whatever happens, the file is the one image or
 * the other, and all else is as it was.
 */
public final class IdentityChange {

    private IdentityChange() {}

    /**
     * Replaces the identity in the image's header, or adds one, and returns when that is on stable storage. The feature name
     * table, which only serves messages, gives way where that makes the change one of a single sector. Nobody else has the
     * file open.
     *
     * @param file an image
     * @throws NoRoomForIdentityException when more than a sector would have to change: nothing is written then. Where all
     *     that the header holds fits in the first one, as in every image that is made here, that does not happen
     * @throws io.cowshed.engine.block.ImageException when the header cannot be read
     */
    public static void write(BlockFile file, ImageIdentity identity) throws IOException {
        Change change = prepare(file, identity);
        file.write(change.position(), change.sector());
        file.flush();
    }

    /**
     * That {@link #write} can be done, for a caller who cannot go back then.
     *
     * @throws NoRoomForIdentityException as there
     * @throws io.cowshed.engine.block.ImageException as there
     */
    public static void requireRoom(BlockFile file, ImageIdentity identity) throws IOException {
        prepare(file, identity);
    }

    private static Change prepare(BlockFile file, ImageIdentity identity) throws IOException {
        Qcow2Header header = Qcow2HeaderReader.read(file);
        ByteBuffer cluster = ByteBuffer.allocate(header.geometry().clusterSize());
        file.read(0, cluster);
        List<HeaderExtension> extensions = replaced(header.extensions(), identity);
        Change change = change(cluster.clear(), header.withExtensions(extensions));
        if (change == null) {
            extensions.removeIf(extension -> extension.type() == HeaderExtension.FEATURE_NAMES_TYPE);
            change = change(cluster, header.withExtensions(extensions));
        }
        if (change == null) {
            throw new NoRoomForIdentityException(file.name());
        }
        return change;
    }

    /** The identity stays at its place among the others, so that what comes before it does not move. */
    private static List<HeaderExtension> replaced(List<HeaderExtension> extensions, ImageIdentity identity) {
        List<HeaderExtension> replaced = new ArrayList<>(extensions);
        HeaderExtension next = new HeaderExtension.Identity(identity);
        boolean found = false;
        for (int i = 0; i < replaced.size(); i++) {
            if (replaced.get(i).type() == ImageIdentity.EXTENSION_TYPE) {
                replaced.set(i, next);
                found = true;
            }
        }
        if (!found) {
            replaced.add(next);
        }
        return replaced;
    }

    /** A sector of the file that becomes another. */
    private record Change(int position, ByteBuffer sector) {}

    /** The one change that makes the header cluster begin with {@code next}, or null where it is not one. */
    private static @Nullable Change change(ByteBuffer cluster, Qcow2Header next) {
        ByteBuffer encoded;
        try {
            encoded = next.encode();
        } catch (IllegalArgumentException _) {
            return null;
        }
        ByteBuffer changed = ByteBuffer.allocate(cluster.capacity())
                .put(0, cluster, 0, cluster.capacity())
                .put(0, encoded, 0, encoded.remaining());
        if (encoded.remaining() < HeaderEditor.SECTOR) {
            Zeros.fill(changed.slice(encoded.remaining(), HeaderEditor.SECTOR - encoded.remaining()));
        }
        int first = Math.max(0, changed.mismatch(cluster)) / HeaderEditor.SECTOR * HeaderEditor.SECTOR;
        int rest = first + HeaderEditor.SECTOR;
        boolean isAll =
                changed.slice(rest, changed.capacity() - rest).equals(cluster.slice(rest, cluster.capacity() - rest));
        return isAll ? new Change(first, changed.slice(first, HeaderEditor.SECTOR)) : null;
    }
}
