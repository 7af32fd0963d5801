package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;

/** The tables of an image that nobody changes, as they are in its file. */
record StoredTables(String file, long fileSize, Qcow2Header header, MetadataCache cache) implements TablePages {

    @Override
    public int pageWords() {
        return cache.pageWords();
    }

    @Override
    public long[] l1Page(int index) throws IOException {
        return cache.page(ClusterMapper.L1, header.l1TableOffset(), header.l1Entries(), index);
    }

    @Override
    public long[] l2Page(long table, int index) throws IOException {
        ClusterGeometry geometry = header.geometry();
        if (table > fileSize - geometry.clusterSize()) {
            throw new CorruptImageException(file, ClusterMapper.L2, table, "it lies beyond the end of the file");
        }
        return cache.page(ClusterMapper.L2, table, geometry.l2Entries() * geometry.l2EntryWords(), index);
    }
}
