package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads an image's header from its file, and nothing else. */
public final class Qcow2HeaderReader {

    private Qcow2HeaderReader() {}

    /**
     * Reads the header.
     *
     * @return the header, checked in itself; its L1 table lies within the file
     * @throws ImageException when the file is no QCOW2 image, is damaged, or uses what the engine refuses
     */
    public static Qcow2Header read(BlockFile file) throws IOException {
        ByteBuffer start = readStart(file, Qcow2Header.LENGTH_V2);
        int clusterSize = Qcow2Header.clusterSize(file.name(), start);
        Qcow2Header header = Qcow2Header.parse(file.name(), readStart(file, clusterSize));
        if (header.l1Entries() > 0 && header.l1TableOffset() > file.size() - header.l1TableBytes()) {
            throw new CorruptImageException(
                    file.name(), "L1 table", header.l1TableOffset(), "it lies beyond the end of the file");
        }
        return header;
    }

    private static ByteBuffer readStart(BlockFile file, int length) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(length);
        file.read(0, start);
        return start.flip();
    }
}
