package io.cowshed.audit;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.database.Transactions;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.operation.Claim;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operations;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** Everything that can be wrong is made wrong for real, found, mended, and not found again; on both databases. */
abstract class AuditTests extends ServiceTests {

    private static final int CORRUPT = 2;
    private static final int DIRTY = 1;

    private VerbChains chains;

    @Override
    protected String[] properties() {
        return new String[] {"cowshed.audits.spare=PT0S"};
    }

    @BeforeAll
    void makeImages() {
        chains = new VerbChains(service);
        chains.base("base");
        chains.base("other");
        chains.sealedClone("middle", "base");
    }

    @AfterEach
    void nothingIsLeftWrong() {
        assertClean("{}");
    }

    @Test
    void whatIsAsItShouldBeIsClean() throws Exception {
        chains.clone("fine", "middle");
        succeed(api.call(
                "PUT",
                "images/fine/seed",
                BodyPublishers.ofString("{\"userData\": \"#cloud-config\\n\"}"),
                "Content-Type",
                "application/json"));
        chains.clone("trashed", "base");
        succeed(api.delete("images/trashed"));

        JsonNode audit = audit("{\"verifyDigests\": true, \"mend\": \"safe\", \"quarantine\": true}");

        assertThat(audit.path("clean").asBoolean()).as("%s", audit).isTrue();
        assertThat(audit.path("images").asLong()).isGreaterThanOrEqualTo(5);
        assertThat(audit.path("files").asLong()).isEqualTo(names("images") + names("seeds"));
        assertThat(audit.path("verified").asLong()).isGreaterThanOrEqualTo(3);
        assertThat(audit.path("skipped").asLong()).isZero();
    }

    @Test
    void aLostFileMakesItsImageFaultyUntilItIsBack() throws Exception {
        chains.clone("lost", "base");
        Path file = chains.file("lost");
        Path away = service.directory().resolve("away");
        Files.move(file, away);

        assertFound("file-missing", "lost", null);
        assertThat(chains.image("lost").path("state").asString()).isEqualTo("available");
        assertMended("file-missing", "lost");
        assertThat(chains.image("lost").path("state").asString()).isEqualTo("error");
        assertThat(chains.image("lost").path("fault").asString()).contains("not there");
        assertClean("{}");

        Files.move(away, file);
        assertFound("recovered", "lost", null);
        assertMended("recovered", "lost");
        assertThat(chains.image("lost").path("state").asString()).isEqualTo("available");
        assertThat(events("image.failed", "lost")).isEqualTo(1);
        assertThat(events("image.recovered", "lost")).isEqualTo(1);
    }

    @Test
    void aLostFileInTheTrashIsFoundWhenItIsRestored() throws Exception {
        chains.clone("thrown", "base");
        String id = chains.id("thrown");
        Path file = chains.file("thrown");
        succeed(api.delete("images/thrown"));
        Files.delete(file);

        assertMended("file-missing", id);

        assertThat(chains.image(id).path("state").asString()).isEqualTo("trashed");
        succeed(api.post("images/" + id + "/restore"));
        assertThat(chains.image(id).path("state").asString()).isEqualTo("error");
        succeed(api.delete("images/" + id + "?purge=true"));
    }

    @Test
    void aParentIsLeftToPeople() throws Exception {
        Path file = chains.file("middle");
        chains.clone("needs", "middle");
        Path away = service.directory().resolve("parent");
        Files.move(file, away);

        JsonNode found = only(audit("{\"mend\": \"safe\"}"), "file-missing", "middle");

        assertThat(found.path("outcome").asString()).isEqualTo("kept");
        assertThat(found.path("reason").asString()).contains("children");
        assertThat(chains.image("middle").path("state").asString()).isEqualTo("available");
        Files.move(away, file);
    }

    @Test
    void anotherFileInTheImagesPlaceIsTold() throws Exception {
        chains.clone("victim", "base");
        chains.clone("intruder", "base");
        byte[] own = Files.readAllBytes(chains.file("victim"));
        Files.write(chains.file("victim"), Files.readAllBytes(chains.file("intruder")));

        assertMended("wrong-image", "victim");
        assertThat(chains.image("victim").path("fault").asString()).contains(chains.id("intruder"));

        Files.write(chains.file("victim"), own);
        assertMended("recovered", "victim");
    }

    @Test
    void whatIsNoImageIsTold() throws Exception {
        chains.clone("broken", "base");
        Path file = chains.file("broken");
        byte[] own = Files.readAllBytes(file);
        Files.write(file, new byte[100]);
        assertMended("not-an-image", "broken");

        Files.delete(file);
        Files.createDirectory(file);
        assertClean("{\"mend\": \"safe\"}");

        Files.delete(file);
        Files.write(file, own);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw----"));
        assertMended("recovered", "broken");
    }

    @Test
    void aDirectoryInTheImagesPlaceIsTold() throws Exception {
        chains.clone("hollow", "base");
        Path file = chains.file("hollow");
        Files.delete(file);
        Files.createDirectory(file);

        assertMended("not-an-image", "hollow");

        Files.delete(file);
        succeed(api.delete("images/hollow?purge=true"));
    }

    @Test
    void aFileWithoutIdentityIsLeftToPeople() throws Exception {
        chains.blankBase("unnamed", 1 << 20);
        succeed(api.post("images/unnamed/unseal"));
        Path file = chains.file("unnamed");
        Path own = service.directory().resolve("unnamed.qcow2");
        Files.move(file, own);
        QemuImg.run("create", "-f", "qcow2", file.toString(), "1M");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw----"));

        JsonNode found = only(audit("{\"mend\": \"safe\"}"), "no-identity", "unnamed");

        assertThat(found.path("outcome").asString()).isEqualTo("kept");
        Files.move(own, file, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void aParentByAPathGetsItsBareNameAgain() throws Exception {
        chains.clone("path", "base");
        byte[] content = chains.content("path");
        String path = chains.file("base").toString();
        QemuImg.run(
                "rebase", "-u", "-F", "qcow2", "-b", path, chains.file("path").toString());

        assertFound("backing-name", "path", null);
        assertMended("backing-name", "path");

        assertThat(chains.parent("path")).isEqualTo("base");
        assertThat(chains.content("path")).isEqualTo(content);
    }

    @Test
    void aParentFromElsewhereIsAFault() throws Exception {
        chains.clone("astray", "base");
        Path elsewhere = service.directory().resolve("elsewhere.qcow2");
        Files.copy(chains.file("base"), elsewhere);
        rebase("astray", elsewhere.toString());

        assertMended("backing-name", "astray");
        assertThat(chains.image("astray").path("fault").asString()).contains("elsewhere.qcow2");

        rebase("astray", chains.id("base") + ".qcow2");
        assertMended("recovered", "astray");
    }

    @Test
    void anotherParentIsTakenOverIfItCanBeOne() throws Exception {
        chains.clone("moved", "base");
        rebase("moved", chains.id("other") + ".qcow2");
        assertFound("parent", "moved", null);
        assertMended("parent", "moved");
        assertThat(chains.parent("moved")).isEqualTo("other");

        rebase("moved", "");
        assertMended("parent", "moved");
        assertThat(chains.parent("moved")).isEmpty();

        chains.clone("unsealed", "base");
        rebase("moved", chains.id("unsealed") + ".qcow2");
        assertMended("parent", "moved");
        assertThat(chains.image("moved").path("state").asString()).isEqualTo("error");
        succeed(api.delete("images/moved?purge=true"));
    }

    @Test
    void aParentInTheTrashIsNoneToTakeOver() throws Exception {
        chains.clone("on-thrown", "base");
        chains.sealedClone("thrown-parent", "base");
        String thrown = chains.id("thrown-parent");
        succeed(api.delete("images/thrown-parent"));
        rebase("on-thrown", thrown + ".qcow2");

        assertMended("parent", "on-thrown");

        assertThat(chains.image("on-thrown").path("state").asString()).isEqualTo("error");
        succeed(api.delete("images/on-thrown?purge=true"));
        succeed(api.delete("images/" + thrown + "?purge=true"));
    }

    @Test
    void anotherLengthAndParentAreTakenOverTogether() throws Exception {
        chains.clone("grown", "base");
        QemuImg.run("resize", chains.file("grown").toString(), "+1M");
        rebase("grown", chains.id("other") + ".qcow2");

        JsonNode audit = audit("{\"mend\": \"safe\"}");

        assertThat(only(audit, "virtual-size", "grown").path("outcome").asString())
                .isEqualTo("mended");
        assertThat(only(audit, "parent", "grown").path("outcome").asString()).isEqualTo("mended");
        assertThat(chains.image("grown").path("virtualSize").asLong()).isEqualTo(VerbChains.DISK + (1L << 20));
        assertThat(chains.parent("grown")).isEqualTo("other");
    }

    @Test
    void aSealedImageOfAnotherContentIsAFaultUntilItIsWhatWasSealed() throws Exception {
        chains.sealedClone("frozen", "base");
        Path file = chains.file("frozen");
        Path own = service.directory().resolve("frozen.qcow2");
        Files.copy(file, own);
        String digest = chains.image("frozen").path("digest").asString();
        chains.write("frozen", "write -P 99 0 64k");

        assertClean("{}");
        assertFound("digest", "frozen", "{\"verifyDigests\": true}");
        JsonNode found;
        try (LiveQemuIo guest = LiveQemuIo.reading(file, "qcow2")) {
            found = only(audit("{\"verifyDigests\": true, \"mend\": \"safe\"}"), "digest", "frozen");
            guest.command("read 0 64k", ".*ops.*");
        }
        assertThat(found.path("outcome").asString()).isEqualTo("mended");
        assertThat(chains.image("frozen").path("state").asString()).isEqualTo("error");
        assertThat(chains.image("frozen").path("digest").asString()).isEqualTo(digest);
        assertThat(api.postJson("images/frozen/clones", "{\"name\": \"no\"}").problem())
                .isEqualTo("image-not-available");
        assertClean("{\"verifyDigests\": true}");

        Files.copy(own, file, StandardCopyOption.REPLACE_EXISTING);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        assertMended("recovered", "frozen");
        succeed(api.postJson("images/frozen/clones", "{\"name\": \"yes\"}"));
    }

    @Test
    void aSealedImageThatCannotBeReadIsTold() throws Exception {
        chains.sealedClone("low", "base");
        chains.sealedClone("high", "low");
        Path file = chains.file("low");
        Path away = service.directory().resolve("low.qcow2");
        Files.move(file, away);

        JsonNode audit = audit("{\"verifyDigests\": true, \"mend\": \"safe\"}");

        assertThat(only(audit, "unreadable", "high").path("outcome").asString()).isEqualTo("kept");
        Files.move(away, file);
    }

    @Test
    void whatLiesOnAnImageThatGetsAnotherParentIsNotCalledUnreadable() throws Exception {
        chains.sealedClone("reworked", "base");
        chains.sealedClone("above", "reworked");
        JsonNode audit;
        try (Claimed _ = claim(Claim.changes(UUID.fromString(chains.id("reworked"))))) {
            rebase("reworked", chains.id("other") + ".qcow2");
            audit = audit("{\"verifyDigests\": true}");
            rebase("reworked", chains.id("base") + ".qcow2");
        }

        assertThat(audit.path("clean").asBoolean())
                .as(() -> audit + " " + findings(audit))
                .isTrue();
        assertThat(audit.path("skipped").asLong()).isEqualTo(2);
        assertClean("{\"verifyDigests\": true}");
    }

    @Test
    void whatAnOperationWillLieOnIsLeftToIt() throws Exception {
        chains.sealedClone("target", "base");
        Path file = chains.file("target");
        Path away = service.directory().resolve("target.qcow2");
        Files.move(file, away);
        JsonNode found;
        try (Claimed _ = claim(Claim.staysParent(UUID.fromString(chains.id("target"))))) {
            found = only(audit("{\"mend\": \"safe\"}"), "file-missing", "target");
        }

        assertThat(found.path("outcome").asString()).as("%s", found).isEqualTo("kept");
        assertThat(chains.image("target").path("state").asString()).isEqualTo("available");
        Files.move(away, file);
    }

    @Test
    void aFileThatIsNoneKeepsNoOthersFromBeingRead() throws Exception {
        chains.sealedClone("odd", "base");
        chains.sealedClone("over", "odd");
        Path file = chains.file("odd");
        Path away = service.directory().resolve("odd.qcow2");
        Files.move(file, away);
        Files.createDirectory(file);

        JsonNode audit = audit("{\"verifyDigests\": true}");

        only(audit, "unreadable", "over");
        assertThat(audit.path("verified").asLong()).isPositive();
        Files.delete(file);
        Files.move(away, file);
    }

    @Test
    void permissionsAreSetAgain() throws Exception {
        chains.clone("open", "base");
        chains.sealedClone("shut", "base");
        mode("open", "rw-rw-rw-");
        mode("shut", "rw-rw----");

        assertFound("mode", "open", null);
        assertFound("mode", "shut", null);
        try (LiveQemuIo guest = LiveQemuIo.reading(chains.file("shut"), "qcow2")) {
            assertMended("mode", "shut");
            guest.command("read 0 64k", ".*ops.*");
        }

        assertThat(mode("open")).isEqualTo("rw-rw----");
        assertThat(mode("shut")).isEqualTo("r--r--r--");
    }

    @Test
    void whatAGuestWritesToIsSkipped() throws Exception {
        chains.clone("running", "base");
        mode("running", "rw-------");
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("running"), "qcow2")) {
            JsonNode audit = audit("{\"mend\": \"safe\"}");
            guest.command("write 0 64k", ".*ops.*");

            assertThat(audit.path("clean").asBoolean()).isTrue();
            assertThat(audit.path("skipped").asLong()).isEqualTo(1);
        }
        assertMended("mode", "running");
    }

    @Test
    void whatAHolderHasDoneIsLookedAfterWhenHeGivesItBack() throws Exception {
        chains.clone("held", "base");
        JsonNode attachment = succeed(
                        api.postJson("images/held/attachments", "{\"holder\": \"somebody\", \"ttl\": \"PT1H\"}"))
                .json();
        QemuImg.run("resize", chains.file("held").toString(), "+1M");

        assertClean("{\"mend\": \"safe\"}");

        succeed(api.delete("attachments/" + attachment.path("id").asString()));
        assertThat(chains.image("held").path("virtualSize").asLong()).isEqualTo(VerbChains.DISK + (1L << 20));
    }

    @Test
    void anotherGroupThanTheDirectoryGivesIsTold() throws Exception {
        chains.clone("group", "base");
        Path images = service.volume().resolve("images");
        Object own = Files.getAttribute(images, "unix:gid");
        Files.setAttribute(chains.file("group"), "unix:gid", 4711);
        assertClean("{}");
        Files.setAttribute(images, "unix:mode", 02770);

        JsonNode found = only(audit("{\"mend\": \"safe\"}"), "group", "group");

        assertThat(found.path("outcome").asString()).isEqualTo("kept");
        assertThat(found.path("detail").asString()).contains("4711").contains(own.toString());
        Files.setAttribute(chains.file("group"), "unix:gid", own);
    }

    @Test
    void marksOfACrashedGuestAreTold() throws Exception {
        chains.clone("marked", "base");
        mark("marked", CORRUPT | DIRTY);

        JsonNode audit = audit("{\"mend\": \"safe\"}");

        assertThat(only(audit, "corrupt", "marked").path("reason").asString())
                .contains("POST /api/v1/images/" + chains.id("marked") + "/check");
        only(audit, "dirty", "marked");
        mark("marked", 0);
    }

    @Test
    void seedDisksAreLookedAtToo() throws Exception {
        chains.clone("seeded", "base");
        Path seed = putSeed("seeded");
        Files.setPosixFilePermissions(seed, PosixFilePermissions.fromString("rw-rw-rw-"));
        assertMended("mode", "seeded");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(seed)))
                .isEqualTo("rw-rw----");

        Files.delete(seed);
        JsonNode found = only(audit("{\"mend\": \"safe\"}"), "file-missing", "seeded");
        assertThat(found.path("outcome").asString()).isEqualTo("kept");
        assertThat(found.path("reason").asString()).contains("/seed");
        putSeed("seeded");
    }

    @Test
    void strangersAreToldAndPutAside() throws Exception {
        Path images = service.volume().resolve("images");
        String id = UUID.randomUUID() + ".qcow2";
        Files.copy(chains.file("base"), images.resolve(id));
        Files.writeString(images.resolve("notes.txt"), "mine");
        Files.createDirectory(images.resolve("directory"));
        Files.writeString(service.volume().resolve("seeds/notes.txt"), "another's");
        Files.writeString(service.volume().resolve("retired/notes.txt"), "a third");

        JsonNode told = audit("{\"mend\": \"safe\"}");
        assertThat(count(told, "stranger")).isEqualTo(5);
        assertThat(images.resolve(id)).exists();

        JsonNode audit = audit("{\"quarantine\": true}");
        assertThat(findings(audit))
                .allSatisfy(found -> assertThat(found.path("outcome").asString())
                        .isEqualTo(found.path("file").asString().equals("images/directory") ? "kept" : "mended"));
        Path quarantine = service.volume().resolve("quarantine");
        assertThat(quarantine.resolve(id)).exists();
        assertThat(images.resolve(id)).doesNotExist();
        assertThat(List.of(
                        Files.readString(quarantine.resolve("notes.txt")),
                        Files.readString(quarantine.resolve("notes.txt.1")),
                        Files.readString(quarantine.resolve("notes.txt.2"))))
                .containsExactlyInAnyOrder("mine", "another's", "a third");
        Files.delete(images.resolve("directory"));
    }

    @Test
    void aStrangerWhoseNameIsNoTextIsToldAndStays() throws Exception {
        Path images = service.volume().resolve("images");
        shell("echo mine > \"$0/\"$'gr\\xf6\\xdfe'", images);

        JsonNode audit = audit("{\"quarantine\": true}");

        assertThat(findings(audit)).singleElement().satisfies(found -> {
            assertThat(found.path("kind").asString()).isEqualTo("stranger");
            assertThat(found.path("outcome").asString()).isEqualTo("kept");
        });
        shell("rm \"$0/\"$'gr\\xf6\\xdfe'", images);
    }

    private static void shell(String command, Path argument) throws Exception {
        Process shell = new ProcessBuilder("bash", "-c", command, argument.toString())
                .inheritIO()
                .start();
        assertThat(shell.waitFor()).isZero();
    }

    @Test
    void strangersThatAreNeededStay() throws Exception {
        Path images = service.volume().resolve("images");
        String id = UUID.randomUUID() + ".qcow2";
        Files.copy(chains.file("base"), images.resolve(id));
        chains.clone("clings", "base");
        rebase("clings", id);
        Path used = images.resolve("used.qcow2");
        QemuImg.run("create", "-f", "qcow2", used.toString(), "1M");
        try (LiveQemuIo guest = LiveQemuIo.writing(used, "qcow2")) {
            List<JsonNode> found = findings(audit("{\"quarantine\": true}"));
            guest.command("write 0 64k", ".*ops.*");

            assertThat(found.stream().filter(one -> one.path("kind").asString().equals("stranger")))
                    .hasSize(2)
                    .allSatisfy(one -> assertThat(one.path("outcome").asString())
                            .as("%s", one)
                            .isEqualTo("kept"));
        }
        assertThat(images.resolve(id)).exists();
        assertThat(used).exists();
        rebase("clings", chains.id("base") + ".qcow2");
        assertThat(count(audit("{\"quarantine\": true}"), "stranger")).isEqualTo(2);
        assertThat(used).doesNotExist();
    }

    @Test
    void whatACrashHasLeftIsSweptUp() throws Exception {
        String name = UUID.randomUUID() + ".1f.qcow2";
        Path left = Files.createFile(service.volume().resolve("incoming/" + name));

        JsonNode told = audit("{}");
        assertThat(count(told, "leftover")).isEqualTo(1);
        JsonNode audit = audit("{\"mend\": \"safe\"}");

        assertThat(findings(audit))
                .singleElement()
                .satisfies(found -> assertThat(found.path("outcome").asString()).isEqualTo("mended"));
        assertThat(left).doesNotExist();
    }

    @Test
    void auditsAreListedAndToldOf() {
        JsonNode audit = audit("{\"verifyDigests\": true}");

        JsonNode listed =
                succeed(api.get("volume/audits?limit=1")).json().path("items").get(0);
        assertThat(listed).isEqualTo(audit);
        assertThat(audit.path("verifyDigests").asBoolean()).isTrue();
        assertThat(audit.path("mend").asString()).isEqualTo("none");
        JsonNode operation =
                succeed(api.get("operations/" + audit.path("id").asString())).json();
        assertThat(operation.path("kind").asString()).isEqualTo("audit");
        assertThat(operation.path("image").isNull()).isTrue();
        assertThat(operation.path("result").path("clean").asBoolean()).isTrue();
        JsonNode event = succeed(api.get("events?type=volume.audited&limit=1"))
                .json()
                .path("items")
                .get(0);
        assertThat(event.path("subject").path("id")).isEqualTo(audit.path("id"));
        assertThat(event.path("data").path("clean").asBoolean()).isTrue();
    }

    @Test
    void whatCannotBeAskedForIsRefused() {
        assertThat(api.get("volume/audits/" + UUID.randomUUID()).status()).isEqualTo(404);
        assertThat(api.get("volume/audits/nothing/findings").problem()).isEqualTo("not-found");
        assertThat(api.postJson("volume/audits", "{\"mend\": \"everything\"}").problem())
                .isEqualTo("invalid-request");
        assertThat(api.postJson("volume/audits", "{\"delete\": true}").status()).isEqualTo(400);
        String id = audit("{}").path("id").asString();
        assertThat(api.get("volume/audits/" + id + "/findings?kind=bad").problem())
                .isEqualTo("invalid-request");
        assertThat(api.get("volume/audits/" + id + "/findings?cursor=-1").problem())
                .isEqualTo("invalid-request");
        Answer token = succeed(api.postJson("tokens", "{\"name\": \"looker\", \"role\": \"reader\"}"));
        String reader = token.json().path("secret").asString();
        assertThat(service.as(reader).postJson("volume/audits", "{}").status()).isEqualTo(403);
        succeed(service.as(reader).get("volume/audits/" + id));
        succeed(api.delete("tokens/" + token.json().path("id").asString()));
    }

    /** An operation that is not over, because nobody here knows how to do it. */
    private Claimed claim(Claim claim) {
        Transactions transactions = service.bean(Transactions.class);
        UUID operation = transactions
                .write(() -> service.bean(Operations.class)
                        .submit(new NewOperation(
                                "of-another-build", claim.image(), "claimed", Map.of(), List.of(claim), "test")))
                .id();
        return () -> transactions.write(() -> service.bean(JdbcClient.class)
                .sql("delete from operation where id = ?")
                .param(operation)
                .update());
    }

    @FunctionalInterface
    private interface Claimed extends AutoCloseable {
        @Override
        void close();
    }

    private long names(String area) throws IOException {
        try (Stream<Path> names = Files.list(service.volume().resolve(area))) {
            return names.count();
        }
    }

    private JsonNode audit(String request) {
        JsonNode operation = succeed(api.postJson("volume/audits", request, "Prefer", "wait=60"))
                .json();
        assertThat(operation.path("state").asString()).as("%s", operation).isEqualTo("succeeded");
        JsonNode audit = succeed(api.get("volume/audits/" + operation.path("id").asString()))
                .json();
        assertThat(operation.path("result").path("findings")).isEqualTo(audit.path("findings"));
        return audit;
    }

    private void assertClean(String request) {
        JsonNode audit = audit(request);
        assertThat(audit.path("clean").asBoolean())
                .as(() -> audit + " " + findings(audit))
                .isTrue();
    }

    /** By an audit that changes nothing. */
    private void assertFound(String kind, String image, @Nullable String request) {
        JsonNode found = only(audit(request == null ? "{}" : request), kind, image);
        assertThat(found.path("outcome").isNull()).isTrue();
    }

    private void assertMended(String kind, String image) {
        JsonNode audit = audit("{\"mend\": \"safe\"}");
        JsonNode found = only(audit, kind, image);
        assertThat(found.path("outcome").asString()).as("%s", found).isEqualTo("mended");
        assertThat(audit.path("findings")
                        .valueStream()
                        .filter(count -> count.path("kind").asString().equals(kind)))
                .singleElement()
                .satisfies(count -> assertThat(count.path("mended").asLong()).isPositive());
    }

    private JsonNode only(JsonNode audit, String kind, String image) {
        List<JsonNode> found = findings(audit).stream()
                .filter(one -> one.path("kind").asString().equals(kind)
                        && one.path("image").path("id").asString().equals(chains.id(image)))
                .toList();
        assertThat(found).as(() -> kind + " in " + findings(audit)).hasSize(1);
        return found.getFirst();
    }

    private List<JsonNode> findings(JsonNode audit) {
        return succeed(api.get("volume/audits/" + audit.path("id").asString() + "/findings"))
                .json()
                .path("items")
                .valueStream()
                .toList();
    }

    private static long count(JsonNode audit, String kind) {
        return audit.path("findings")
                .valueStream()
                .filter(count -> count.path("kind").asString().equals(kind))
                .mapToLong(count -> count.path("found").asLong())
                .sum();
    }

    private long events(String type, String image) {
        return succeed(api.get("events?type=" + type + "&subject=" + chains.id(image)))
                .json()
                .path("items")
                .size();
    }

    private Path putSeed(String image) {
        return service.volume()
                .resolve(succeed(api.call(
                                "PUT",
                                "images/" + image + "/seed",
                                BodyPublishers.ofString("{\"userData\": \"#cloud-config\\n\"}"),
                                "Content-Type",
                                "application/json"))
                        .json()
                        .path("path")
                        .asString());
    }

    private void rebase(String image, String parent) {
        Path file = chains.file(image);
        if (parent.isEmpty()) {
            QemuImg.run("rebase", "-u", "-b", "", file.toString());
        } else {
            QemuImg.run("rebase", "-u", "-F", "qcow2", "-b", parent, file.toString());
        }
    }

    private void mark(String image, int bits) throws IOException {
        try (FileChannel file = FileChannel.open(chains.file(image), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.allocate(8).putLong(0, bits), 72);
        }
    }

    private void mode(String image, String permissions) throws IOException {
        Files.setPosixFilePermissions(chains.file(image), PosixFilePermissions.fromString(permissions));
    }

    private String mode(String image) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(chains.file(image)));
    }
}

class H2AuditTests extends AuditTests {}

class PostgresqlAuditTests extends AuditTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
