package io.cowshed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ServiceProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A raw disk with 1 GiB of data in 4 GiB, in and out over HTTP by curl, beside {@code qemu-img convert}; both flushed. And
 * what the service's process took at its peak for it, with a disk of 2 TiB among the inputs.
 */
@Tag("bench")
class TransferBench {

    private static final int PAIRS = 7;
    private static final long DISK = 4L << 30;
    private static final int RUN = 8 << 20;

    @Test
    void importsAndDownloads(@TempDir Path directory) throws Exception {
        Report report = new Report();
        Shell shell = new Shell(directory);
        makeDisk(directory.resolve("disk.raw"));
        try (ServiceProcess service = ServiceProcess.start(directory, List.of(), List.of("-Xmx192m"))) {
            String api = "http://127.0.0.1:" + service.port() + "/api/v1/images";
            String curl =
                    "curl -sS --fail-with-body -H \"Authorization: Bearer $(cat data/admin-token)\" -o /dev/null ";
            String upload = curl + "-X POST -H 'Content-Type: application/octet-stream' -T disk.raw '" + api + "?name=";
            shell.run(upload + "warm-up'");
            imports(shell, upload, curl, api, report);
            downloads(shell, curl, api, report);
            hugeDisk(shell, curl, api);
            report.row("peak memory of the service's process (-Xmx192m)", peak(service), "", "", "");
        }
        report.print("Import and download of 1 GiB of data in 4 GiB");
    }

    private static void imports(Shell shell, String upload, String curl, String api, Report report) throws Exception {
        double[] ours = new double[PAIRS];
        double[] theirs = new double[PAIRS];
        for (int pair = 0; pair < PAIRS; pair++) {
            ours[pair] = shell.time(upload + "import-" + pair + "'");
            theirs[pair] = shell.time("qemu-img convert -f raw -O qcow2 disk.raw theirs.qcow2 && sync -d theirs.qcow2");
            shell.run("rm theirs.qcow2; " + curl + "-X DELETE '" + api + "/import-" + pair + "?purge=true'; sync -f .");
        }
        report.pairs("import of a raw disk (`qemu-img convert -O qcow2 && sync -d`)", ours, theirs, "≤ 1.2");
    }

    private static void downloads(Shell shell, String curl, String api, Report report) throws Exception {
        shell.run(curl + "-X POST " + api + "/warm-up/seal");
        shell.run("cp $(ls data/volume/images/*.qcow2 | head -1) theirs.qcow2");
        String get = curl.replace("-o /dev/null ", "") + api + "/warm-up/content";
        double[] sparse = new double[PAIRS];
        double[] whole = new double[PAIRS];
        double[] theirs = new double[PAIRS];
        double[] theirsWhole = new double[PAIRS];
        for (int pair = 0; pair < PAIRS; pair++) {
            sparse[pair] = shell.time(get + " -H 'Accept-Encoding: zstd' | zstd -q -d -o ours.raw && sync -d ours.raw");
            theirs[pair] = shell.time("qemu-img convert -f qcow2 -O raw theirs.qcow2 theirs.raw && sync -d theirs.raw");
            if (pair == 0) {
                shell.run("cmp ours.raw disk.raw && cmp theirs.raw disk.raw");
            }
            shell.run("rm ours.raw theirs.raw; sync -f .");
            whole[pair] = shell.time(get + " -o ours.raw && sync -d ours.raw");
            theirsWhole[pair] =
                    shell.time("qemu-img convert -S 0 -f qcow2 -O raw theirs.qcow2 theirs.raw && sync -d theirs.raw");
            shell.run("rm ours.raw theirs.raw; sync -f .");
        }
        report.pairs(
                "download as raw to a sparse file (`curl -H 'Accept-Encoding: zstd' | zstd -d -o && sync -d`;"
                        + " `qemu-img convert -O raw && sync -d`)",
                sparse,
                theirs,
                "≤ 1.2");
        report.pairs(
                "download as raw, zeros written too (`curl -o && sync -d`; `qemu-img convert -S 0 -O raw && sync -d`)",
                whole,
                theirsWhole,
                "");
    }

    private static void hugeDisk(Shell shell, String curl, String api) throws Exception {
        shell.run("qemu-img create -q -f qcow2 huge.qcow2 2T && qemu-io -c 'write -P 7 2047G 100M' huge.qcow2 && "
                + curl + "-X POST -H 'Content-Type: application/x-qcow2' -T huge.qcow2 '" + api + "?name=huge' && "
                + curl + "-X POST " + api + "/huge/seal && "
                + curl + api + "/huge/extents && "
                + curl + "-r 2197949513728-2197949514239 " + api + "/huge/content");
    }

    private static String peak(ServiceProcess service) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + service.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .map(line -> Integer.parseInt(line.replaceAll("\\D", "")) / 1024 + " MiB resident")
                .findFirst()
                .orElseThrow();
    }

    private static void makeDisk(Path file) throws IOException {
        Random random = new Random(1);
        byte[] data = new byte[RUN];
        try (FileChannel disk = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long position = 0; position < DISK; position += 4 * RUN) {
                random.nextBytes(data);
                disk.write(ByteBuffer.wrap(data), position + random.nextInt(3) * (long) RUN);
            }
            disk.write(ByteBuffer.wrap(new byte[1]), DISK - 1);
            disk.force(true);
        }
        assertThat(Files.size(file)).isEqualTo(DISK);
    }
}
