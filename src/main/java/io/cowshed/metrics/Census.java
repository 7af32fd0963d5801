package io.cowshed.metrics;

import java.util.List;

/** Numbers that have to be asked for. All replicas see the same ones: who adds them up counts everything several times. */
public interface Census {

    /** Who is asked. */
    Source source();

    /**
     * Asks, on a thread that has nothing else to do. The work must not grow with the number of images: kept counts and the ends
     * of indexes are asked, not all rows.
     *
     * @return what was found; what was counted the last time and is not here is 0
     */
    List<Count> take();
}
