package io.cowshed.volume;

import io.cowshed.metrics.Census;
import io.cowshed.metrics.Count;
import io.cowshed.metrics.Source;
import java.util.List;
import org.springframework.stereotype.Component;

/** How full the volume is. Of one that is not mounted nothing is said: what lies there instead has another space. */
@Component
class VolumeCensus implements Census {

    private final Volume volume;

    VolumeCensus(Volume volume) {
        this.volume = volume;
    }

    @Override
    public Source source() {
        return Source.VOLUME;
    }

    @Override
    public List<Count> take() {
        VolumeSpace space = volume.space();
        return List.of(
                Count.bytes("cowshed.volume.size", "All of the volume", space.total()),
                Count.bytes("cowshed.volume.usable", "What may still be written to the volume", space.usable()));
    }
}
