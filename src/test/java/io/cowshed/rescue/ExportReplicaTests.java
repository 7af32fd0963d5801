package io.cowshed.rescue;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.volume.CatalogueFiles;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Two replicas that both think it is their turn to export what the catalogue knows. */
@Timeout(300)
class ExportReplicaTests extends ServiceTests {

    private static final int ROUNDS = Integer.getInteger("cowshed.rounds", 12);

    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }

    @Test
    void whatTheyExportAtTheSameTimeTellsEverything(@TempDir Path data) throws Exception {
        try (TestService other = service.another(database, data);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 1; round <= ROUNDS; round++) {
                succeed(api.postJson("images", "{\"name\": \"disk-" + round + "\", \"virtualSize\": 1048576}"));
                if (round % 3 == 0) {
                    succeed(api.delete("images/disk-" + (round - 1) + "?purge=true"));
                }
                // That of every minute may have the turn, of either.
                boolean exported = false;
                while (!exported) {
                    CyclicBarrier start = new CyclicBarrier(2);
                    Future<Boolean> one = threads.submit(() -> exportAt(start, service));
                    Future<Boolean> two = threads.submit(() -> exportAt(start, other));
                    boolean byOne = one.get();
                    exported = two.get() || byOne;
                }
                assertThat(exported()).isEqualTo(catalogued());
            }
        }
    }

    private static boolean exportAt(CyclicBarrier start, TestService replica) throws Exception {
        start.await();
        return replica.bean(CatalogueExport.class).export();
    }

    /** By their ids, the names of all images that the exports on the volume tell of. */
    private Map<UUID, String> exported() throws IOException {
        Volume volume = service.bean(Volume.class);
        CatalogueFiles files = volume.catalogue();
        JsonMapper json = service.bean(JsonMapper.class);
        ExportChain chain = ExportChain.find(files, volume.installation(), json);
        assertThat(chain.damaged()).isEmpty();
        Map<UUID, String> names = new TreeMap<>();
        chain.read(files, json, line -> {
            if (line.image() != null) {
                names.put(line.image().id(), line.image().name());
            } else if (line.gone() != null) {
                names.remove(line.gone());
            }
        });
        return names;
    }

    private Map<UUID, String> catalogued() {
        Map<UUID, String> names = new TreeMap<>();
        api.get("images?limit=1000")
                .json()
                .path("items")
                .forEach(image -> names.put(
                        UUID.fromString(image.path("id").asString()),
                        image.path("name").asString()));
        return names;
    }
}
