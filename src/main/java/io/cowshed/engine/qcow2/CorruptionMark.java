package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.WriteOrder.Step;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Stops all writing to an image whose structures contradict each other, and says so in its header. For one thread. */
final class CorruptionMark {

    private final OrderedFile file;
    private final HeaderEditor header;
    private final List<Step> order;
    private boolean set;

    CorruptionMark(OrderedFile file, HeaderEditor header, WriteOrder order) {
        this.file = file;
        this.header = header;
        this.order = order.corrupt();
    }

    /** Whether the image was found to be corrupt: nothing may be written to it any more. */
    boolean isSet() {
        return set;
    }

    /**
     * Marks the image, durably.
     *
     * @return what is to be thrown
     */
    CorruptImageException set(String structure, long offset, String problem) throws IOException {
        set = true;
        WriteOrder.take(order, file, Map.of(Step.CORRUPT_BIT, header::setCorrupt));
        return new CorruptImageException(file.name(), structure, offset, problem);
    }
}
