package io.cowshed.rescue;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.ServiceProcess.Ended;
import io.cowshed.testing.SystemCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * {@code kill -9} in the midst of the commands that run without the service: run again, they come to their end.
 * {@code -Dcowshed.kills=9} kills each at more places.
 */
class OfflineKillTests {

    private static final int KILLS = Integer.getInteger("cowshed.kills", 1);

    private static final String FLUSHES = "fsync,fdatasync";
    private static final String NAMES = "link,linkat,rename,renameat,renameat2,unlink,unlinkat";

    @Test
    void aRescueThatIsKilledIsRunAgain(@TempDir Path directory) throws IOException {
        Map<String, String> before;
        try (ServiceProcess service = ServiceProcess.start(directory, List.of())) {
            ApiClient api = service.api();
            assertThat(api.postJson("images", "{\"name\": \"base\", \"virtualSize\": \"1MiB\"}")
                            .status())
                    .isEqualTo(201);
            assertThat(api.post("images/base/seal").status()).isEqualTo(200);
            assertThat(api.postJson("images/base/clones", "{\"namePrefix\": \"disk-\", \"count\": 100}")
                            .status())
                    .isEqualTo(201);
            before = parents(api);
        }
        for (int kill = 1; kill <= KILLS; kill++) {
            loseDatabase(directory);
            requireKilled(rescue(directory, SystemCalls.killingAt(FLUSHES, 2 * kill + 1)));

            Ended again = rescue(directory, List.of());

            // All that it does it commits at once, which it may not have lived to tell.
            assertThat(again.exit() == 0 || again.output().contains("The database is not empty"))
                    .as(again.output())
                    .isTrue();
        }
        try (ServiceProcess service = ServiceProcess.start(directory, List.of())) {
            assertThat(parents(service.api())).isEqualTo(before).hasSize(101);
        }
    }

    @Test
    void anAdoptionThatIsKilledGoesOnWithWhatIsMissing(@TempDir Path directory) throws IOException {
        try (ServiceProcess service = ServiceProcess.start(directory, List.of())) {
            assertThat(parents(service.api())).isEmpty();
        }
        Path disks = Files.createDirectory(directory.resolve("data/disks"));
        List<String> names = List.of("base", "middle", "leaf", "other");
        Map<String, byte[]> contents = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            Path file = disks.resolve(names.get(i) + ".qcow2");
            if (i == 0) {
                QemuImg.run("create", "-q", "-f", "qcow2", file.toString(), "4M");
            } else {
                String below = names.get(i == 3 ? 0 : i - 1) + ".qcow2";
                QemuImg.run("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", below, file.toString());
            }
            QemuIo.run(file, "qcow2", List.of("write -P " + (i + 1) + " " + i + "M 64k"));
        }
        for (String name : names) {
            contents.put(name, QemuImg.content(disks.resolve(name + ".qcow2"), "qcow2"));
        }
        for (int kill = 1; kill <= KILLS; kill++) {
            requireKilled(adopt(directory, disks, SystemCalls.killingAt(NAMES, kill + 1)));
        }

        Ended again = adopt(directory, disks, List.of());

        assertThat(again.exit()).as(again.output()).isZero();
        try (ServiceProcess service = ServiceProcess.start(directory, List.of())) {
            assertThat(parents(service.api()))
                    .isEqualTo(Map.of("base", "", "middle", "base", "leaf", "middle", "other", "base"));
            for (String name : names) {
                Path file = directory
                        .resolve("data/volume")
                        .resolve(service.api()
                                .get("images/" + name)
                                .json()
                                .path("path")
                                .asString());
                assertThat(QemuImg.content(file, "qcow2")).as(name).isEqualTo(contents.get(name));
                assertThat(QemuImg.check(file)).doesNotContainKeys("corruptions", "leaks");
            }
        }
    }

    private static void loseDatabase(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("data"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
    }

    private static Ended rescue(Path directory, List<String> wrapper) {
        return ServiceProcess.command(wrapper, "rescue", "--cowshed.data-dir=" + directory.resolve("data"));
    }

    private static Ended adopt(Path directory, Path disks, List<String> wrapper) {
        return ServiceProcess.command(
                wrapper, "adopt", disks.toString(), "--move", "--cowshed.data-dir=" + directory.resolve("data"));
    }

    private static void requireKilled(Ended ended) {
        assertThat(ended.exit()).as(ended.output()).isEqualTo(137);
    }

    /** The name of each image, and of what it lies on. */
    private static Map<String, String> parents(ApiClient api) {
        Map<String, String> parents = new TreeMap<>();
        for (JsonNode image : api.get("images?limit=1000").json().path("items")) {
            parents.put(
                    image.path("name").asString(),
                    image.path("parent").path("name").asString(""));
        }
        return parents;
    }
}
