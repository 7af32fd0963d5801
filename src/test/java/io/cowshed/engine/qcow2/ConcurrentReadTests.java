package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConcurrentReadTests {

    private static final int THREADS = 8;
    private static final int READS = 600;

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=4k", "cluster_size=512", "cluster_size=64k,compression_type=zstd"})
    void threadsThatShareAnImageEachReadWhatIsThere(String options, @TempDir Path directory)
            throws IOException, InterruptedException, ExecutionException {
        SampleImage sample =
                new SampleImage(4711, options, 65536, SampleImage.Below.THREE_DEEP_MIXED, 3_000_320, false);
        Path path = sample.create(directory);
        byte[] expected = QemuImg.content(path, "qcow2");
        try (DiskImage image =
                        ImageChain.open(ReadOnlyFile.open(path), ImageFormat.QCOW2, new SiblingResolver(directory));
                ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            List<Callable<Integer>> readers = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int seed = i;
                readers.add(() -> wrongReads(image, expected, new Random(seed)));
            }
            for (Future<Integer> wrong : threads.invokeAll(readers)) {
                assertThat(wrong.get()).isZero();
            }
        }
    }

    private static int wrongReads(DiskImage image, byte[] expected, Random random) throws IOException {
        int wrong = 0;
        for (int i = 0; i < READS; i++) {
            int length = 1 + random.nextInt(20_000);
            int offset = random.nextInt(expected.length - length);
            byte[] read = new byte[length];
            image.read(offset, ByteBuffer.wrap(read));
            Extent extent = image.extentAt(offset, length);
            boolean same = Arrays.equals(read, 0, length, expected, offset, offset + length);
            boolean fits = extent.start() == offset && extent.length() <= length && (!extent.zero() || read[0] == 0);
            wrong += same && fits ? 0 : 1;
        }
        return wrong;
    }
}
