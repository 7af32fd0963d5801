package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.format.HeaderExtension;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;

/** Makes an image that came from elsewhere one of ours: its header says which one it is. */
public final class Adoption {

    private Adoption() {}

    /**
     * Writes the identity into the image's header, in place of any it had, with one write: of the first sector alone where
     * the header fits into that. Everything else in the header stays, except that the feature name table, which only
     * serves messages, gives way where room is short. The caller flushes, and lets nobody else open the file meanwhile.
     *
     * @param file a validated image
     * @throws NoRoomForIdentityException when the header cluster is too full: nothing is written then
     * @throws io.cowshed.engine.block.ImageException when the header cannot be read
     */
    public static void adopt(BlockFile file, ImageIdentity identity) throws IOException {
        Qcow2Header header = Qcow2HeaderReader.read(file);
        file.write(0, encoded(file, header, identity));
    }

    private static ByteBuffer encoded(BlockFile file, Qcow2Header header, ImageIdentity identity)
            throws NoRoomForIdentityException {
        List<HeaderExtension> all = Stream.concat(
                        header.extensions().stream()
                                .filter(extension -> extension.type() != ImageIdentity.EXTENSION_TYPE),
                        Stream.of(new HeaderExtension.Identity(identity)))
                .toList();
        try {
            return header.withExtensions(all).encode();
        } catch (IllegalArgumentException _) {
            List<HeaderExtension> fewer = all.stream()
                    .filter(extension -> extension.type() != HeaderExtension.FEATURE_NAMES_TYPE)
                    .toList();
            try {
                return header.withExtensions(fewer).encode();
            } catch (IllegalArgumentException e) {
                throw new NoRoomForIdentityException(
                        file.name(), header.geometry().clusterSize(), e);
            }
        }
    }
}
