package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.VerbChains;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Snapshots and commits that are given up while they are at work, which goes slowly here. */
class BranchCancelTests extends ServiceTests {

    @Override
    protected String[] properties() {
        return new String[] {"cowshed.operations.bandwidth=256KiB"};
    }

    @AfterAll
    void rowsAndFilesAreEachOthers() throws Exception {
        new Invariants(database, service.volume()).check();
    }

    @ParameterizedTest
    @ValueSource(strings = {"snapshot", "commit"})
    void leavesNothing(String verb) throws Exception {
        VerbChains chains = new VerbChains(service);
        chains.base(verb + "-0");
        String image = verb + "-1";
        chains.clone(image, verb + "-0");
        byte[] file = Files.readAllBytes(chains.file(image));

        JsonNode begun = api.postJson("images/" + image + "/" + verb, "{\"name\": \"new-" + verb + "\"}")
                .json();
        String operation = "operations/" + begun.path("id").asString();
        assertThat(api.get("images/new-" + verb).json().path("state").asString())
                .isEqualTo("creating");
        while (api.get(operation, "Prefer", "wait=1")
                        .json()
                        .path("progress")
                        .path("doneBytes")
                        .asLong()
                == 0) {
            assertThat(api.get(operation).json().path("state").asString()).isIn("queued", "running");
        }
        VerbChains.succeed(api.post(operation + "/cancel"));
        Answer over = api.get(operation, "Prefer", "wait=30");

        assertThat(over.json().path("state").asString()).as("%s", over).isEqualTo("cancelled");
        assertThat(api.get("images/new-" + verb).status()).isEqualTo(404);
        assertThat(Files.readAllBytes(chains.file(image))).isEqualTo(file);
        assertThat(chains.parent(image)).isEqualTo(verb + "-0");
        assertThat(QemuImg.check(chains.file(image))).doesNotContainKeys("corruptions", "leaks");
        for (Path side :
                List.of(service.volume().resolve("incoming"), service.volume().resolve("retired"))) {
            assertThat(side).isEmptyDirectory();
        }
        VerbChains.succeed(api.postJson("images/" + verb + "-0/clones", "{\"name\": \"new-" + verb + "\"}"));
    }
}
