package io.cowshed.engine.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.qcow2.IdentityChange;
import io.cowshed.engine.qcow2.ImageChain;
import io.cowshed.engine.qcow2.Qcow2Check;
import io.cowshed.engine.qcow2.Qcow2Image;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The power is cut while an image becomes another: it is one or the other then, and holds what it held. */
class IdentityCrashTests {

    private static final ImageIdentity FIRST = new ImageIdentity(new UUID(1, 2), "a");
    private static final ImageIdentity SECOND = new ImageIdentity(new UUID(3, 4), "b".repeat(255));

    @TempDir
    private Path directory;

    @Test
    void anImageIsOneOrTheOther() throws IOException {
        for (Sample sample : Sample.makeAll(directory)) {
            SectorFile file = sample.file().copy();
            byte[] content = sample.read(file);
            // As an image is when it comes from elsewhere: without any.
            RecordingFile recording = new RecordingFile(file);
            IdentityChange.write(recording, FIRST);
            Expectation expectation = Expectation.of(content, Sample.backingName(file));
            recording.promise(expectation, true);
            IdentityChange.write(recording, SECOND);
            recording.promise(expectation, true);
            Set<@Nullable ImageIdentity> found = new HashSet<>();
            List<CrashStates.State> states = CrashStates.of(recording, expectation, 0, Integer.MAX_VALUE, 1);
            for (CrashStates.State state : states) {
                SectorFile left = state.file();
                found.add(identity(sample, left));
                assertThat(Qcow2Check.check(left).errors()).isZero();
                assertThat(state.expectation().faultOf(sample.read(left), Sample.backingName(left)))
                        .as("%s: %s", sample, state)
                        .isEmpty();
            }
            assertThat(found).containsExactlyInAnyOrder(null, FIRST, SECOND);
        }
    }

    private static @Nullable ImageIdentity identity(Sample sample, SectorFile file) throws IOException {
        try (DiskImage image = ImageChain.open(file, ImageFormat.QCOW2, sample.resolver())) {
            return ((Qcow2Image) image).header().identity();
        }
    }
}
