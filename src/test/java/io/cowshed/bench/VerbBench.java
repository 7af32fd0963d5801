package io.cowshed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.MountedVolume;
import io.cowshed.testing.ServiceProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The copy-on-write verbs through the HTTP API, each until its operation is over, beside what {@code qemu-img} needs for the
 * same; both flushed. A base of 1 GiB in 4 GiB, a clone of it with 256 MiB of its own, and a clone of that with 64 MiB.
 */
@Tag("bench")
class VerbBench {

    private static final int PAIRS = 7;
    private static final long DISK = 4L << 30;
    private static final int RUN = 8 << 20;
    private static final int AT_ONCE = 32;

    @Test
    void verbs(@TempDir Path directory) throws Exception {
        Report report = new Report();
        Shell shell = new Shell(directory);
        try (ServiceProcess service = ServiceProcess.start(
                directory, List.of(), List.of("-Xmx256m"), "cowshed.operations.parallel=" + AT_ONCE)) {
            ApiClient api = service.api();
            prepare(api, shell, directory);
            verb(api, shell, report, "split", "", "qemu-img convert -O qcow2 c.qcow2 out.qcow2 && sync -d out.qcow2");
            verb(api, shell, report, "redirect", "", "qemu-img rebase -F qcow2 -b b0.qcow2 c.qcow2 && sync -d c.qcow2");
            verb(
                    api,
                    shell,
                    report,
                    "rebase",
                    "{\"onto\": \"b1\"}",
                    "qemu-img rebase -F qcow2 -b b1.qcow2 c.qcow2 && sync -d c.qcow2");
            commit(api, shell, report);
            manyAtOnce(api, report, service);
        }
        report.print("Verbs");
    }

    /** The guest after 1 GiB of random bytes were written in it, and removed: its kernel's ext4 does both, mounted here. */
    @Test
    void sparsify(@TempDir Path directory) throws Exception {
        Report report = new Report();
        Shell shell = new Shell(directory);
        Path guest = Path.of(System.getProperty("user.home"), ".cache/cowshed/guest/disk.qcow2");
        try (ServiceProcess service = ServiceProcess.start(directory, List.of(), List.of("-Xmx256m"))) {
            ApiClient api = service.api();
            shell.run("qemu-img convert -O raw " + guest
                    + " disk.raw && mkdir mnt && mount -o loop,offset=1048576 disk.raw mnt");
            shell.run(
                    "dd if=/dev/urandom of=mnt/junk bs=1M count=1024 status=none && sync -f mnt && rm mnt/junk; umount mnt");
            succeed(api.upload("images?name=used", "application/octet-stream", directory.resolve("disk.raw")));
            shell.run("rm disk.raw; sync -f .");
            double[] ours = new double[PAIRS];
            double[] theirs = new double[PAIRS];
            long back = 0;
            for (int pair = -1; pair < PAIRS; pair++) {
                String name = "used-" + (pair + 1);
                finished(api, api.postJson("images/used/copy", "{\"name\": \"" + name + "\"}"));
                shell.run("cp data/volume/" + path(api, name) + " theirs.qcow2; sync -f .");
                Answer[] done = new Answer[1];
                ours[Math.max(0, pair)] = time(() -> done[0] = finished(api, api.post("images/" + name + "/sparsify")));
                theirs[Math.max(0, pair)] =
                        shell.time("qemu-img convert -O qcow2 theirs.qcow2 out.qcow2 && sync -d out.qcow2");
                back = done[0].json().path("result").path("allocatedBefore").asLong()
                        - done[0].json().path("result").path("allocatedAfter").asLong();
                succeed(api.delete("images/" + name + "?purge=true"));
                shell.run("rm -f theirs.qcow2 out.qcow2; sync -f .");
            }
            report.pairs("sparsify (`qemu-img convert -O qcow2`, which gives nothing back)", ours, theirs, "");
            report.row("given back of 1 GiB", "%.1f %%".formatted(back * 100.0 / (1L << 30)), "", "", "≥ 95 %");
        }
        report.print("Sparsify of the Debian guest");
    }

    /** On a file system that shares extents: what a split takes there. */
    @Test
    void sharing(@TempDir Path directory) throws Exception {
        Report report = new Report();
        try (MountedVolume _ = MountedVolume.xfs(
                directory.resolve("xfs.img"), 8L << 30, Files.createDirectory(directory.resolve("xfs")))) {
            Path mounted = directory.resolve("xfs");
            Shell shell = new Shell(mounted);
            try (ServiceProcess service = ServiceProcess.start(mounted, List.of(), List.of("-Xmx256m"))) {
                ApiClient api = service.api();
                prepare(api, shell, mounted);
                shell.run("rm -r theirs; sync -f .");
                long before = used(mounted);
                double[] took = new double[PAIRS];
                for (int i = 0; i < PAIRS; i++) {
                    String name = "shared-" + i;
                    succeed(api.postJson("images/m/clones", "{\"name\": \"" + name + "\"}"));
                    took[i] = time(() -> finished(api, api.post("images/" + name + "/split")));
                }
                shell.run("sync -f .");
                report.times("split on XFS, 1.25 GiB of data", took, "");
                report.row(
                        PAIRS + " such splits take on the volume",
                        "%,d bytes".formatted(used(mounted) - before),
                        "",
                        "",
                        "shared, not copied");
            }
        }
        report.print("Verbs where the file system shares extents");
    }

    private static long used(Path directory) throws IOException {
        var store = Files.getFileStore(directory);
        return store.getTotalSpace() - store.getUnallocatedSpace();
    }

    private static void prepare(ApiClient api, Shell shell, Path directory) throws Exception {
        Files.createDirectory(directory.resolve("theirs"));
        makeDisk(directory.resolve("disk.raw"), 1);
        succeed(api.upload("images?name=b0", "application/octet-stream", directory.resolve("disk.raw")));
        overwrite(directory.resolve("disk.raw"), 2, 256 << 20);
        succeed(api.upload("images?name=b1", "application/octet-stream", directory.resolve("disk.raw")));
        Files.delete(directory.resolve("disk.raw"));
        sealed(api, "b0");
        sealed(api, "b1");
        succeed(api.postJson("images/b0/clones", "{\"name\": \"m\"}"));
        write(api, shell, "m", 3, 256);
        sealed(api, "m");
        for (String name : List.of("b0", "b1", "m")) {
            shell.run("cp data/volume/" + path(api, name) + " theirs/" + name + ".qcow2; chmod u+w theirs/*");
        }
        shell.run("cd theirs && qemu-img rebase -u -F qcow2 -b b0.qcow2 m.qcow2 && sync -f .");
    }

    private static void verb(ApiClient api, Shell shell, Report report, String verb, String body, String command)
            throws Exception {
        double[] ours = new double[PAIRS];
        double[] theirs = new double[PAIRS];
        for (int pair = -1; pair < PAIRS; pair++) {
            String name = verb + "-" + (pair + 1);
            succeed(api.postJson("images/m/clones", "{\"name\": \"" + name + "\"}"));
            write(api, shell, name, 4, 64);
            shell.run("cp data/volume/" + path(api, name)
                    + " theirs/c.qcow2; cd theirs; qemu-img rebase -u -F qcow2 -b m.qcow2 c.qcow2; sync -f .");
            ours[Math.max(0, pair)] = time(() -> finished(
                    api,
                    body.isEmpty()
                            ? api.post("images/" + name + "/" + verb)
                            : api.postJson("images/" + name + "/" + verb, body)));
            theirs[Math.max(0, pair)] = shell.time("cd theirs && " + command);
            if (pair == 0) {
                String other = verb.equals("split") ? "theirs/out.qcow2" : "theirs/c.qcow2";
                shell.run("qemu-img compare data/volume/" + path(api, name) + " " + other);
            }
            succeed(api.delete("images/" + name + "?purge=true"));
            shell.run("rm -f theirs/c.qcow2 theirs/out.qcow2; sync -f .");
        }
        report.pairs(verb + " (`" + command + "`)", ours, theirs, "≤ 1.0");
    }

    private static void commit(ApiClient api, Shell shell, Report report) throws Exception {
        String command = "cp m.qcow2 m2.qcow2 && qemu-img rebase -u -F qcow2 -b m2.qcow2 c.qcow2"
                + " && qemu-img commit -q c.qcow2 && sync -d m2.qcow2";
        double[] ours = new double[PAIRS];
        double[] theirs = new double[PAIRS];
        for (int pair = -1; pair < PAIRS; pair++) {
            String name = "commit-" + (pair + 1);
            succeed(api.postJson("images/m/clones", "{\"name\": \"" + name + "\"}"));
            write(api, shell, name, 4, 64);
            shell.run("cp data/volume/" + path(api, name)
                    + " theirs/c.qcow2; cd theirs; qemu-img rebase -u -F qcow2 -b m.qcow2 c.qcow2; sync -f .");
            String body = "{\"name\": \"merged-" + name + "\"}";
            ours[Math.max(0, pair)] = time(() -> finished(api, api.postJson("images/" + name + "/commit", body)));
            theirs[Math.max(0, pair)] = shell.time("cd theirs && " + command);
            if (pair == 0) {
                shell.run("qemu-img compare data/volume/" + path(api, "merged-" + name) + " theirs/m2.qcow2");
            }
            succeed(api.delete("images/" + name + "?purge=true"));
            succeed(api.delete("images/merged-" + name + "?purge=true"));
            shell.run("rm -f theirs/c.qcow2 theirs/m2.qcow2; sync -f .");
        }
        report.pairs("commit (`cp` of the parent and `qemu-img commit`)", ours, theirs, "≤ 1.0");
    }

    private static void manyAtOnce(ApiClient api, Report report, ServiceProcess service) throws Exception {
        succeed(api.postJson("images/m/clones", "{\"namePrefix\": \"many-\", \"count\": " + AT_ONCE + "}"));
        double took = time(() -> {
            List<Answer> begun = new ArrayList<>();
            for (int i = 1; i <= AT_ONCE; i++) {
                begun.add(api.post("images/many-%02d/redirect".formatted(i)));
            }
            for (Answer answer : begun) {
                finished(api, answer);
            }
        });
        report.row(
                AT_ONCE + " redirects at once, 256 MiB each, under -Xmx256m",
                "%.1f s, peak %s".formatted(took / 1000, peak(service)),
                "",
                "",
                "done");
    }

    private static Answer finished(ApiClient api, Answer begun) {
        assertThat(begun.status()).as("%s", begun).isEqualTo(202);
        String id = begun.json().path("id").asString();
        Answer now = begun;
        while (now.json().path("finishedAt").isNull()) {
            now = succeed(api.get("operations/" + id, "Prefer", "wait=60"));
        }
        assertThat(now.json().path("state").asString()).as("%s", now).isEqualTo("succeeded");
        return now;
    }

    private static void sealed(ApiClient api, String name) throws InterruptedException {
        succeed(api.post("images/" + name + "/seal", "Prefer", "wait=60"));
        while (!api.get("images/" + name).json().path("sealed").asBoolean()) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private static String path(ApiClient api, String name) {
        return succeed(api.get("images/" + name)).json().path("path").asString();
    }

    /** Pieces of 1 MiB at random places. */
    private static void write(ApiClient api, Shell shell, String name, int seed, int pieces) throws Exception {
        StringBuilder command = new StringBuilder("qemu-io -f qcow2");
        new Random(seed)
                .ints(0, (int) (DISK >> 20))
                .distinct()
                .limit(pieces)
                .forEach(at -> command.append(" -c 'write -q -P ")
                        .append(1 + at % 200)
                        .append(' ')
                        .append(at)
                        .append("M 1M'"));
        shell.run(command + " data/volume/" + path(api, name) + " && sync -f .");
    }

    private static Answer succeed(Answer answer) {
        assertThat(answer.status()).as("%s", answer).isBetween(200, 204);
        return answer;
    }

    private static double time(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e6;
    }

    private static String peak(ServiceProcess service) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + service.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .map(line -> Integer.parseInt(line.replaceAll("\\D", "")) / 1024 + " MiB resident")
                .findFirst()
                .orElseThrow();
    }

    private static void makeDisk(Path file, int seed) throws IOException {
        Random random = new Random(seed);
        byte[] data = new byte[RUN];
        try (FileChannel disk = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long position = 0; position < DISK; position += 4 * RUN) {
                random.nextBytes(data);
                disk.write(ByteBuffer.wrap(data), position + random.nextInt(3) * (long) RUN);
            }
            disk.write(ByteBuffer.wrap(new byte[1]), DISK - 1);
            disk.force(true);
        }
    }

    private static void overwrite(Path file, int seed, int bytes) throws IOException {
        Random random = new Random(seed);
        byte[] data = new byte[RUN];
        try (FileChannel disk = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int written = 0; written < bytes; written += RUN) {
                random.nextBytes(data);
                disk.write(ByteBuffer.wrap(data), random.nextInt((int) (DISK / RUN)) * (long) RUN);
            }
            disk.force(true);
        }
    }
}
