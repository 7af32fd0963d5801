package io.cowshed;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.MountedVolume;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A volume that is there, but cannot take what is to be written. Needs root, to mount it. */
class VolumeFaultTests {

    @Test
    void aVolumeThatHasBecomeReadOnlyIsReadAndWrittenAgainWhenItIsMended(@TempDir Path directory) throws Exception {
        Path place = directory.resolve("volume");
        try (MountedVolume mounted = MountedVolume.ext4(directory.resolve("disk"), 64 << 20, place);
                TestDatabase database = TestDatabase.create(TestDatabase.Kind.H2);
                TestService service = TestService.start(database, directory)) {
            ApiClient api = service.api();
            made(blank(api, "disk"));
            made(blank(api, "base"));
            assertThat(api.post("images/base/seal").status()).isEqualTo(200);
            until(() -> isReadOnly(mounted));
            try {
                until(() -> api.get("/actuator/health/readiness").status() == 503);
                assertThat(api.get("/actuator/health/readiness").toString()).contains("read-only");
                List<Answer> refusals = List.of(
                        blank(api, "more"),
                        api.postJson("images/base/clones", "{\"name\": \"clone\"}"),
                        api.post("images/disk/seal"),
                        api.post("images/base/unseal"),
                        api.delete("images/disk?purge=true"));
                for (Answer refusal : refusals) {
                    assertThat(refusal.status()).as("%s", refusal).isEqualTo(503);
                    assertThat(refusal.problem()).isEqualTo("volume-unavailable");
                    assertThat(refusal.json().path("detail").asString()).containsIgnoringCase("read-only");
                    assertThat(refusal.json().path("action").asString()).isNotEmpty();
                }
                assertThat(api.get("images/disk/content").status()).isEqualTo(200);
            } finally {
                mounted.remount("rw");
            }
            until(() -> api.get("/actuator/health/readiness").status() == 200);
            made(blank(api, "more"));
            // Whoever was told to try again does.
            assertThat(api.post("images/base/unseal").status()).isEqualTo(200);
            assertThat(api.post("images/disk/seal").status()).isEqualTo(200);
            new Invariants(database, place).check();
        }
    }

    @Test
    void aVolumeWithoutInodesRefusesWhatIsNewAndRemovalMakesRoom(@TempDir Path directory) throws Exception {
        Path place = directory.resolve("volume");
        try (MountedVolume _ = MountedVolume.tmpfs(place, "size=64m,nr_inodes=32");
                TestDatabase database = TestDatabase.create(TestDatabase.Kind.H2);
                TestService service = TestService.start(database, directory)) {
            ApiClient api = service.api();
            List<String> names = new ArrayList<>();
            Answer answer = blank(api, "disk-0");
            while (answer.status() == 201) {
                names.add("disk-" + names.size());
                answer = blank(api, "disk-" + names.size());
            }
            assertThat(names).hasSizeBetween(10, 32);
            assertThat(answer.status()).as("%s", answer).isEqualTo(507);
            assertThat(answer.problem()).isEqualTo("volume-full");
            assertThat(answer.json().path("detail").asString()).contains("inodes (df -i)");
            assertThat(answer.json().path("action").asString()).startsWith("Purge images");
            assertThat(api.get("/actuator/health/readiness").status()).isEqualTo(200);
            new Invariants(database, place).check();

            assertThat(api.delete("images/" + names.getFirst() + "?purge=true").status())
                    .isEqualTo(204);
            made(blank(api, "in-its-place"));
            new Invariants(database, place).check();
        }
    }

    /** Not while a file of it is open for writing, as the export of the catalogue is at times. */
    private static boolean isReadOnly(MountedVolume mounted) {
        try {
            mounted.remount("ro");
            return true;
        } catch (AssertionError busy) {
            return false;
        }
    }

    private static Answer blank(ApiClient api, String name) {
        return api.postJson("images", "{\"name\": \"" + name + "\", \"virtualSize\": \"1MiB\"}");
    }

    private static void made(Answer answer) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(201);
    }
}
