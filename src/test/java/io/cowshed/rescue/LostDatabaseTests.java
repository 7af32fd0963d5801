package io.cowshed.rescue;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A whole service loses its database and gets it back from its volume, on both databases. */
abstract class LostDatabaseTests {

    private RescueFixture cowshed;

    @SuppressWarnings("NullAway.Init") // by the test
    LostDatabaseTests() {}

    abstract TestDatabase.Kind kind();

    @Test
    void aVolumeOfAThousandImagesSurvivesTheLossOfItsDatabase(@TempDir Path directory) throws Exception {
        try (RescueFixture fixture = new RescueFixture(kind(), directory)) {
            cowshed = fixture;
            cowshed.start();
            fleet();
            cowshed.export();
            // One of the service's own may have come amidst the making of the fleet.
            assertThat(cowshed.exports()).anyMatch(name -> name.endsWith("-full.jsonl.zst"));
            laterChanges();
            int exports = cowshed.exports().size();
            cowshed.export();
            assertThat(cowshed.exports()).as("nothing has changed").hasSize(exports);
            assertThat(cowshed.exports().getLast()).endsWith("-changes.jsonl.zst");
            refusesWhatIsInUseOrFilled();
            Map<String, JsonNode> before = cowshed.images();
            assertThat(before).hasSizeGreaterThanOrEqualTo(1000);
            JsonNode families = families();
            JsonNode versions = versions();
            Map<String, String> contents = contents();
            String token = cowshed.service().token();
            cowshed.loseDatabase();

            BareVolume.Outcome dry = cowshed.run("rescue", "--dry-run");
            assertThat(dry.exit()).as(dry.said()).isZero();
            assertThat(dry.said())
                    .contains("Would come back: " + before.size() + " images")
                    .doesNotContain("!");
            BareVolume.Outcome rescue = cowshed.run("rescue");
            assertThat(rescue.exit()).as(rescue.said()).isZero();
            assertThat(rescue.said()).contains("Nothing to look at.").doesNotContain("!");
            assertThat(cowshed.run("rescue").said()).contains("The database is not empty");
            String lastExport = cowshed.exports().getLast();
            cowshed.start();

            assertThat(cowshed.images()).isEqualTo(before);
            assertThat(families()).isEqualTo(families);
            assertThat(versions()).isEqualTo(versions);
            assertThat(contents()).isEqualTo(contents);
            assertThat(cowshed.service().token()).isNotEqualTo(token);
            assertThat(cowshed.service().as(token).get("images").status()).isEqualTo(401);
            itGoesOn(before, lastExport);
        }
    }

    /** 1,000 clones in chains of two and three, with all that can be said of them. */
    private void fleet() {
        cowshed.chains().base("base");
        cowshed.chains().sealedClone("middle", "base");
        succeed(cowshed.api().postJson("families", "{\"name\": \"debian\", \"labels\": {\"team\": \"net\"}}"));
        succeed(cowshed.api().postJson("families/debian/versions", "{\"version\": \"1\", \"image\": \"base\"}"));
        succeed(cowshed.api().postJson("images/base/clones", """
                {"namePrefix": "clone-", "count": 600, "labels": {"env": "prod"}}"""));
        succeed(cowshed.api().postJson("images/middle/clones", """
                {"namePrefix": "job-", "count": 400, "ttl": "PT8H"}"""));
    }

    /** Each in an export of its own, or in one with others. */
    private void laterChanges() throws IOException {
        succeed(cowshed.api().patch("images/clone-001", """
                {"name": "renamed", "description": "Was clone-001", "labels": {"env": null, "team": "net"}}"""));
        cowshed.export();
        succeed(cowshed.api().postJson("images/base/clones", "{\"name\": \"clone-001\"}"));
        succeed(cowshed.api().patch("images/clone-002", "{\"protected\": true}"));
        succeed(cowshed.api().delete("images/clone-003"));
        succeed(cowshed.api().post("images/clone-004/seal"));
        succeed(cowshed.api().postJson("images/base/clones", """
                {"name": "seeded", "seed": {"userData": "#!/bin/sh\\n"}}"""));
        cowshed.export();
        succeed(cowshed.api().delete("images/clone-006?purge=true"));
        cowshed.export();
        succeed(cowshed.api().postJson("families/debian/versions", "{\"version\": \"2\", \"image\": \"middle\"}"));
        succeed(cowshed.api().patch("families/debian/versions/1", """
                {"state": "deprecated", "replacement": "2", "notes": "too old"}"""));
        cowshed.export();
        succeed(cowshed.api().postJson("families", "{\"name\": \"empty\"}"));
        cowshed.export();
    }

    private void refusesWhatIsInUseOrFilled() {
        BareVolume.Outcome inUse = cowshed.run("rescue");
        assertThat(inUse.exit()).as(inUse.said()).isEqualTo(1);
        assertThat(inUse.said()).contains("is in use by", "Stop every replica");
        assertThat(cowshed.run("rescue", "--fast").exit()).isEqualTo(2);
    }

    /** The rules hold, and the counters are right. */
    private void itGoesOn(Map<String, JsonNode> before, String lastExport) throws IOException {
        assertThat(cowshed.api().delete("images/base").problem()).isEqualTo("image-published");
        succeed(cowshed.api().postJson("images/debian:latest/clones", "{\"name\": \"new\"}"));
        JsonNode middle = cowshed.image("middle");
        assertThat(middle.path("children").asLong())
                .isEqualTo(Objects.requireNonNull(before.get(middle.path("id").asString()))
                                .path("children")
                                .asLong()
                        + 1);
        cowshed.export();
        // One of the service's own may have come before, and this one then tells what has changed since.
        assertThat(cowshed.exports())
                .filteredOn(name -> name.compareTo(lastExport) > 0)
                .as("another log of events")
                .first()
                .asString()
                .endsWith("-full.jsonl.zst");
    }

    private JsonNode families() {
        JsonNode families = cowshed.api().get("families").json();
        families.path("items").forEach(family -> ((ObjectNode) family).remove("updatedAt"));
        return families;
    }

    private JsonNode versions() {
        return cowshed.api().get("families/debian/versions").json();
    }

    private Map<String, String> contents() throws IOException {
        Map<String, String> contents = new HashMap<>();
        for (String name : new String[] {"base", "middle", "renamed", "job-400"}) {
            contents.put(name, sum(QemuImg.content(cowshed.file(cowshed.image(name)), "qcow2")));
        }
        return contents;
    }

    private static String sum(byte[] content) {
        return HexFormat.of().formatHex(ExportWriter.sha256().digest(content));
    }
}
