package io.cowshed.ci;

import static io.cowshed.ci.Sender.outcome;
import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Hooks and their deliveries over HTTP, on both databases. */
abstract class HookTests extends ServiceTests {

    private static final String RULE = "{\"image\": \"hook-base\", \"name\": \"%s-{{job.id}}\", \"ttl\": \"PT1H\"}";

    @BeforeAll
    void makeBase() {
        new VerbChains(service).blankBase("hook-base", 16 << 20);
    }

    private Sender hook(String name, String provider, String more) {
        return Sender.of(
                service,
                "{\"name\": \"" + name + "\", \"provider\": \"" + provider + "\", \"rules\": ["
                        + RULE.replace("%s", name) + "]" + more + "}");
    }

    private static String queued(String id) {
        return Sender.body(
                "github-workflow_job-queued.json", Map.of("id", id, "run", "1", "ref", "main", "name", "boot"));
    }

    private static String completed(String id, String conclusion) {
        return Sender.body(
                "github-workflow_job-completed.json",
                Map.of("id", id, "run", "1", "ref", "main", "name", "boot", "conclusion", conclusion));
    }

    private List<JsonNode> disks(String job) {
        return api.get("images?label=ci.job%3D" + job)
                .json()
                .path("items")
                .valueStream()
                .toList();
    }

    @Test
    void aSecretIsShownOnceAndStoredEncrypted() throws Exception {
        Sender sender = hook("secretive", "github", "");
        assertThat(sender.secret()).hasSize(43);
        for (Answer shown : List.of(api.get("hooks"), api.get("hooks/" + sender.id()))) {
            assertThat(shown.toString()).contains("secretive").doesNotContain(sender.secret(), "\"secret\"");
        }
        assertThat(column("select secret from hook where name = 'secretive'")).hasSizeGreaterThan(60);
        assertThat(column("select secret from hook where name = 'secretive'")).doesNotContain(sender.secret());
        Path key = service.directory().resolve("data/hook-key");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
        assertThat(outcome(sender.github("ping", "p-1", Sender.body("github-ping.json", Map.of()))))
                .isEqualTo("ignored");
    }

    private String column(String sql) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    @Test
    void onlyAdministratorsSeeHooks() {
        Sender sender = hook("admins", "github", "");
        String token = succeed(api.postJson("tokens", "{\"name\": \"op\", \"role\": \"operator\"}"))
                .json()
                .path("secret")
                .asString();
        ApiClient operator = service.as(token);
        assertThat(operator.get("hooks").problem()).isEqualTo("forbidden");
        assertThat(operator.get("hooks/" + sender.id() + "/deliveries").problem())
                .isEqualTo("forbidden");
        assertThat(service.as("").get("hooks/" + sender.id()).problem()).isEqualTo("unauthenticated");
        assertThat(service.as("")
                        .post("hooks/" + sender.id() + "/rotate-secret")
                        .problem())
                .isEqualTo("unauthenticated");
    }

    @Test
    void aStrangerLearnsNothing() {
        Sender sender = hook("closed", "github", "");
        Sender gitlab = hook("closed-gitlab", "gitlab", "");
        String body = queued("100");
        List<Answer> refused = List.of(
                sender.with("another-secret-than-it-has").github("workflow_job", "d-1", body),
                sender.post("github", body, "X-GitHub-Event", "workflow_job"),
                sender.post("github", body, "X-Hub-Signature-256", sender.hmac(body)),
                sender.post("github", body, "X-Hub-Signature-256", "sha256=" + sender.hmac(body + " ")),
                sender.gitlab("d-2", body),
                new Sender(service, UUID.randomUUID().toString(), sender.secret()).github("workflow_job", "d-3", body),
                new Sender(service, "no-id", sender.secret()).github("workflow_job", "d-4", body),
                new Sender(service, UUID.randomUUID().toString(), sender.secret()).generic(now(), body),
                gitlab.with("another-secret-than-it-has").gitlab("d-5", body),
                gitlab.post("gitlab", "not even JSON"));
        for (Answer answer : refused) {
            assertThat(answer.status()).as("%s", answer).isEqualTo(401);
            ObjectNode problem = (ObjectNode) answer.json();
            problem.remove(List.of("instance", "requestId"));
            assertThat(problem.toString())
                    .isEqualTo(
                            "{\"type\":\"urn:cowshed:problem:delivery-unverified\",\"title\":\"The delivery cannot be"
                                    + " verified\",\"status\":401,\"detail\":\"The delivery cannot be verified.\"}");
        }
        assertThat(disks("100")).isEmpty();
        assertThat(deliveries(sender)).isEmpty();
    }

    private List<JsonNode> deliveries(Sender sender) {
        return api.get("hooks/" + sender.id() + "/deliveries")
                .json()
                .path("items")
                .valueStream()
                .toList();
    }

    @Test
    void whatIsTooLongOrCannotBeReadIsRefused() {
        Sender sender = hook("strict", "github", "");
        assertThat(sender.github("workflow_job", "l-1", "x".repeat((1 << 20) + 1))
                        .problem())
                .isEqualTo("too-large");
        assertThat(deliveries(sender)).isEmpty();
        int sent = 0;
        for (String body : List.of(
                "payload=%7B%7D",
                "[]",
                "{\"action\": ",
                "{\"action\": \"queued\", \"workflow_job\": {}}",
                "{\"a\":".repeat(70) + "1" + "}".repeat(70))) {
            String id = "l-2-" + sent++;
            // However often it is sent.
            for (int time = 0; time < 2; time++) {
                Answer refused = sender.github("workflow_job", id, body);
                assertThat(refused.problem()).as("%s", body).isEqualTo("malformed-body");
            }
            assertThat(deliveries(sender)).as("%s", body).hasSize(sent);
            JsonNode recorded = deliveries(sender).getFirst();
            assertThat(recorded.path("key").asString()).isEqualTo(id);
            assertThat(recorded.path("event").asString()).isEqualTo("workflow_job");
            assertThat(recorded.path("outcome").asString()).isEqualTo("refused");
            assertThat(recorded.at("/problem/type").asString()).isEqualTo("urn:cowshed:problem:malformed-body");
            assertThat(api.post("hooks/" + sender.id() + "/deliveries/"
                                    + recorded.path("id").asString() + "/replay")
                            .problem())
                    .isEqualTo("malformed-body");
        }
        String hostile = queued("110").replace("\"boot\"", "\"\\u0000\\ud800 \\u202e" + "ä".repeat(5000) + "\"");
        assertThat(outcome(sender.github("workflow_job", "l-3", hostile))).isEqualTo("created");
    }

    @Test
    void noMoreAreReceivedAtOnceThanThereIsRoomFor() throws Exception {
        Sender sender = hook("crowded", "github", "");
        List<Socket> slow = new ArrayList<>();
        try {
            Answer refused = sender.github("ping", "n-0", "{}");
            for (int i = 0; i < 1000 && refused.status() != 503; i++) {
                slow.add(halfSent(sender));
                refused = sender.github("ping", "n-0", "{}");
            }
            assertThat(refused.problem()).isEqualTo("overloaded");
            assertThat(refused.header("Retry-After")).isNotEmpty();
            assertThat(slow.size()).isGreaterThanOrEqualTo(256);
            assertThat(api.get("hooks/" + sender.id()).status()).isEqualTo(200);
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
        Answer again = sender.github("ping", "n-again", "{}");
        for (int i = 0; i < 10_000 && again.status() == 503; i++) {
            again = sender.github("ping", "n-again", "{}");
        }
        assertThat(outcome(again)).isEqualTo("ignored");
    }

    /** A delivery of which the last byte does not come, to a path that is written in another way. */
    private Socket halfSent(Sender sender) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port());
        socket.getOutputStream()
                .write(("POST /api/v1/hooks/" + sender.id() + "/git%68ub HTTP/1.1\r\nHost: x\r\n"
                                + "Content-Type: application/json\r\nContent-Length: 3\r\n\r\n{}")
                        .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    @Test
    void anOldSecretIsTakenForAWhile() {
        Sender first = hook("rotating", "github", "");
        Answer rotated = succeed(api.postJson("hooks/" + first.id() + "/rotate-secret", "{\"keepOldFor\": \"PT1H\"}"));
        Sender second = first.with(rotated.json().path("secret").asString());
        assertThat(rotated.json().path("hook").path("oldSecretUntil").asString())
                .isNotEmpty();
        assertThat(second.secret()).isNotEqualTo(first.secret());
        assertThat(outcome(first.github("ping", "r-1", "{}"))).isEqualTo("ignored");
        assertThat(outcome(second.github("ping", "r-2", "{}"))).isEqualTo("ignored");

        succeed(api.postJson(
                "hooks/" + first.id() + "/rotate-secret",
                "{\"keepOldFor\": \"PT0S\", \"secret\": \"chosen-by-a-person\"}"));
        assertThat(first.github("ping", "r-3", "{}").status()).isEqualTo(401);
        assertThat(second.github("ping", "r-4", "{}").status()).isEqualTo(401);
        assertThat(outcome(first.with("chosen-by-a-person").github("ping", "r-5", "{}")))
                .isEqualTo("ignored");
        assertThat(api.postJson("hooks/" + first.id() + "/rotate-secret", "{\"secret\": \"short\"}")
                        .problem())
                .isEqualTo("invalid-request");
    }

    @Test
    void aDeliveryHasOneEffectAndOneAnswer() {
        Sender sender = hook("once", "github", "");
        Answer first = sender.github("workflow_job", "o-1", queued("120"));
        assertThat(outcome(first)).isEqualTo("created");
        assertThat(sender.github("workflow_job", "o-1", queued("120")).json()).isEqualTo(first.json());
        assertThat(outcome(sender.github("workflow_job", "o-2", queued("120")))).isEqualTo("ignored");
        assertThat(disks("120")).hasSize(1);

        JsonNode delivery = api.get("hooks/" + sender.id() + "/deliveries/"
                        + first.json().path("delivery").asString())
                .json();
        assertThat(delivery.path("key").asString()).isEqualTo("o-1");
        assertThat(delivery.path("event").asString()).isEqualTo("workflow_job");
        assertThat(delivery.path("action").asString()).isEqualTo("queued");
        assertThat(delivery.path("job").asString()).isEqualTo("120");
        assertThat(delivery.path("images").get(0).path("id"))
                .isEqualTo(disks("120").getFirst().path("id"));
        JsonNode disk = disks("120").getFirst();
        assertThat(disk.path("createdBy").asString()).isEqualTo("hook:once");
        assertThat(disk.path("name").asString()).isEqualTo("once-120");
        assertThat(disk.path("labels").toString())
                .isEqualTo("{\"ci.job\":\"120\",\"ci.provider\":\"github\",\"ci.repository\":\"octo-org/octo-repo\","
                        + "\"ci.run\":\"1\"}");
        JsonNode page = api.get("hooks/" + sender.id() + "/deliveries?limit=1").json();
        assertThat(page.path("items").get(0).path("key").asString()).isEqualTo("o-2");
        assertThat(api.get("hooks/" + sender.id() + "/deliveries?limit=1&cursor="
                                + page.path("nextCursor").asString())
                        .json()
                        .path("items")
                        .get(0)
                        .path("key")
                        .asString())
                .isEqualTo("o-1");
    }

    @Test
    void theFirstRuleThatMatchesDecides() {
        String rest = ", \"image\": \"hook-base\", \"ttl\": \"PT1H\", \"name\": ";
        Sender sender = Sender.of(
                service,
                "{\"name\": \"first\", \"provider\": \"github\", \"rules\": ["
                        + "{\"repositories\": [\"other/*\"]" + rest + "\"never\"},"
                        + "{\"runnerLabels\": [\"vm\", \"gpu\"]" + rest + "\"never\"},"
                        + "{\"refs\": [\"ma?n\"], \"runnerLabels\": [\"linux\"], \"count\": 3" + rest
                        + "\"a-{{job.id}}\"},"
                        + "{\"jobNames\": [\"boot\"]" + rest + "\"never\"}]}");
        assertThat(outcome(sender.github("workflow_job", "f-1", queued("130")))).isEqualTo("created");
        assertThat(disks("130").stream().map(disk -> disk.path("name").asString()))
                .containsExactly("a-130-1", "a-130-2", "a-130-3");
    }

    @Test
    void disksOfARuleForPersistentOnesStayWhenTheirJobHasEnded() {
        Sender sender = Sender.of(
                service,
                "{\"name\": \"stays\", \"provider\": \"github\", \"rules\": [{\"image\": \"hook-base\", \"name\":"
                        + " \"stays-{{job.id}}\", \"lifetime\": \"persistent\"}]}");
        Answer made = sender.github("workflow_job", "p-1", queued("135"));
        assertThat(outcome(made)).isEqualTo("created");
        JsonNode disk = disks("135").getFirst();
        assertThat(disk.path("lifetime").asString()).isEqualTo("persistent");
        assertThat(disk.path("lease").isNull()).isTrue();

        Answer ended = sender.github("workflow_job", "p-2", completed("135", "failure"));
        assertThat(outcome(ended)).isEqualTo("recorded");
        assertThat(disks("135")).containsExactly(disk);
        assertThat(outcome(sender.github("workflow_job", "p-3", queued("135")))).isEqualTo("ignored");
        assertThat(disks("135")).hasSize(1);
    }

    @Test
    void whatCouldNotBeDoneCanBeGoneThroughAgain() {
        Sender sender = Sender.of(
                service,
                "{\"name\": \"again\", \"provider\": \"github\", \"rules\": [{\"image\": \"later-base\", \"name\":"
                        + " \"again-{{job.id}}\", \"ttl\": \"PT1H\", \"jobNames\": [\"boot*\"]}]}");
        Answer refused = sender.github("workflow_job", "a-1", queued("140"));
        assertThat(outcome(refused)).isEqualTo("refused");
        assertThat(sender.github("workflow_job", "a-1", queued("140")).json()).isEqualTo(refused.json());
        String path = "hooks/" + sender.id() + "/deliveries/"
                + refused.json().path("delivery").asString();
        assertThat(api.get(path).json().path("problem").path("type").asString())
                .isEqualTo("urn:cowshed:problem:not-found");

        new VerbChains(service).blankBase("later-base", 1 << 20);
        assertThat(api.post(path + "/replay").json().path("outcome").asString()).isEqualTo("created");
        JsonNode replayed = api.post(path + "/replay").json();
        assertThat(replayed.path("outcome").asString()).isEqualTo("created");
        assertThat(replayed.path("replayedAt").asString()).isNotEmpty();
        assertThat(disks("140")).hasSize(1);

        succeed(api.patch(
                "hooks/" + sender.id(),
                "{\"rules\": [{\"image\": \"later-base\", \"name\": \"b-{{job.id}}\", \"ttl\": \"PT1H\","
                        + " \"jobNames\": [\"nothing\"]}]}"));
        Answer ignored = sender.github("workflow_job", "a-2", queued("141"));
        assertThat(outcome(ignored)).isEqualTo("ignored");
        assertThat(ignored.json().path("reason").asString()).isEqualTo("No rule is for this job.");
        assertThat(outcome(sender.github("workflow_job", "a-3", completed("141", "success"))))
                .isEqualTo("ignored");
        assertThat(outcome(sender.github("workflow_job", "a-4", completed("140", "success"))))
                .isEqualTo("removed");
        assertThat(disks("140")).isEmpty();
    }

    /** Nothing is known of a job that no rule is for but what its deliveries say. */
    @Test
    void aJobThatHasEndedGetsNoDisksByARuleThatIsMadeLater() {
        Sender sender = Sender.of(service, "{\"name\": \"late\", \"provider\": \"github\", \"rules\": []}");
        Answer queued = sender.github("workflow_job", "la-1", queued("142"));
        Answer other = sender.github("workflow_job", "la-2", queued("143"));
        assertThat(outcome(sender.github("workflow_job", "la-3", completed("142", "success"))))
                .isEqualTo("ignored");
        succeed(api.patch("hooks/" + sender.id(), "{\"rules\": [" + RULE.replace("%s", "late") + "]}"));

        JsonNode replayed = replay(sender, queued);
        assertThat(replayed.path("outcome").asString()).isEqualTo("ignored");
        assertThat(replayed.path("reason").asString()).isEqualTo("The job has ended.");
        assertThat(replay(sender, other).path("outcome").asString()).isEqualTo("created");
        assertThat(disks("142")).isEmpty();
        assertThat(disks("143")).hasSize(1);
    }

    @Test
    void aDeliveryThatIsReadByAnotherMappingSaysSo() {
        String mapping =
                ", \"mapping\": {\"job\": \"/%s\", \"status\": \"/%s\", \"ready\": [\"Q\"], \"done\": [\"D\"]}";
        Sender sender = hook("mapped", "generic", mapping.formatted("build", "state"));
        Answer ignored = sender.generic(now(), "{\"build\": \"x\", \"id\": 144, \"phase\": \"Q\"}");
        assertThat(outcome(ignored)).isEqualTo("ignored");
        succeed(api.patch(
                "hooks/" + sender.id(), "{" + mapping.formatted("id", "phase").substring(2) + "}"));

        JsonNode replayed = replay(sender, ignored);
        assertThat(replayed.path("outcome").asString()).isEqualTo("created");
        assertThat(replayed.path("action").asString()).isEqualTo("Q");
        assertThat(replayed.path("job").asString()).isEqualTo("144");
        assertThat(listed(sender, "job=144")).isEqualTo(1);
        assertThat(listed(sender, "outcome=created")).isEqualTo(1);
        assertThat(listed(sender, "outcome=refused")).isZero();
    }

    private int listed(Sender sender, String filter) {
        return succeed(api.get("hooks/" + sender.id() + "/deliveries?" + filter))
                .json()
                .path("items")
                .size();
    }

    private JsonNode replay(Sender sender, Answer delivery) {
        return succeed(api.post("hooks/" + sender.id() + "/deliveries/"
                        + delivery.json().path("delivery").asString() + "/replay"))
                .json();
    }

    /** Its sender may carry an access token beside, and its key is then one of that token's. */
    @Test
    void aDeliveryThatIsSentAgainIsAnsweredAgainWhateverItCarries() {
        Sender sender = hook("bearer", "gitlab", "");
        String body = Sender.body(
                "gitlab-job.json", Map.of("id", "145", "run", "1", "ref", "main", "name", "x", "status", "pending"));
        String[] headers = {
            "X-Gitlab-Token", sender.secret(), "Idempotency-Key", "bearer-1", "Content-Type", "application/json"
        };
        String path = "hooks/" + sender.id() + "/gitlab";
        Answer first = api.call("POST", path, BodyPublishers.ofString(body), headers);
        assertThat(outcome(first)).isEqualTo("created");

        Answer second = api.call("POST", path, BodyPublishers.ofString(body), headers);

        assertThat(second.status()).as("%s", second).isEqualTo(202);
        assertThat(second.json()).isEqualTo(first.json());
    }

    @Test
    void aReplayUnderOneKeyIsMadeOnce() {
        Sender sender = hook("replayed", "github", "");
        Answer received = sender.github("workflow_job", "rp-1", queued("146"));
        String path = "hooks/" + sender.id() + "/deliveries/"
                + received.json().path("delivery").asString() + "/replay";
        Answer first = api.post(path, "Idempotency-Key", "replay-once");
        assertThat(first.status()).isEqualTo(200);

        Answer second = api.post(path, "Idempotency-Key", "replay-once");

        assertThat(second.status()).as("%s", second).isEqualTo(200);
        assertThat(second.bytes()).isEqualTo(first.bytes());
    }

    @Test
    void aJobThatEndedFirstGetsNothing() {
        Sender sender = hook("early", "github", "");
        assertThat(outcome(sender.github("workflow_job", "e-1", completed("150", "failure"))))
                .isEqualTo("recorded");
        assertThat(outcome(sender.github("workflow_job", "e-2", completed("150", "failure"))))
                .isEqualTo("ignored");
        assertThat(outcome(sender.github("workflow_job", "e-3", queued("150")))).isEqualTo("ignored");
        assertThat(disks("150")).isEmpty();
    }

    @Test
    void aDiskThatIsToLeaveACopyBehindExpiresWithItsJob() {
        Sender sender = hook("leaves", "github", "");
        sender.github("workflow_job", "l-1", queued("165"));
        succeed(api.patch("images/leaves-165", "{\"beforeDelete\": {\"copy\": \"results-165\"}}"));

        assertThat(outcome(sender.github("workflow_job", "l-2", completed("165", "success"))))
                .isEqualTo("removed");

        JsonNode disk = api.get("images/leaves-165").json();
        assertThat(Instant.parse(disk.path("expiresAt").asString())).isBefore(Instant.now());
        assertThat(disk.path("lease").path("onExpire").asString()).isEqualTo("delete");
        assertThat(disk.path("lease").path("beforeDelete").path("copy").asString())
                .isEqualTo("results-165");
    }

    @Test
    void aDiskThatIsInUseGoesAsSoonAsItIsNot() throws Exception {
        Sender sender = hook("busy", "github", "");
        sender.github("workflow_job", "b-1", queued("160"));
        String attachment = succeed(api.postJson("images/busy-160/attachments", "{\"holder\": \"vm\"}"))
                .json()
                .path("id")
                .asString();
        assertThat(outcome(sender.github("workflow_job", "b-2", completed("160", "success"))))
                .isEqualTo("removed");
        assertThat(disks("160")).hasSize(1);

        JobDisks disks = service.bean(JobDisks.class);
        makeDue();
        disks.settleDue(100);
        assertThat(disks("160")).hasSize(1);
        succeed(api.delete("attachments/" + attachment));
        disks.settleDue(100);
        assertThat(disks("160")).as("before its next turn").hasSize(1);
        makeDue();
        disks.settleDue(100);
        assertThat(disks("160")).isEmpty();
    }

    private void makeDue() throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("update ci_disk set due_at = '2026-01-01T00:00:00Z' where due_at is not null");
        }
    }

    @Test
    void disksGoToTheTrashWhereThatIsWished() {
        Sender sender = hook("gentle", "github", ", \"onCompletion\": \"trash\"");
        Answer made = sender.github("workflow_job", "t-1", queued("170"));
        String disk = disks("170").getFirst().path("id").asString();
        assertThat(outcome(made)).isEqualTo("created");
        assertThat(outcome(sender.github("workflow_job", "t-2", completed("170", "failure"))))
                .isEqualTo("removed");
        assertThat(api.get("images/" + disk).json().path("state").asString()).isEqualTo("trashed");
    }

    @Test
    void whatSomebodyHasThrownAwayIsNotKeptForAPostMortem() throws Exception {
        Sender sender = Sender.of(
                service,
                "{\"name\": \"thrown\", \"provider\": \"github\", \"rules\": [{\"image\": \"hook-base\", \"name\":"
                        + " \"thrown-{{job.id}}\", \"ttl\": \"PT1H\", \"keepFailedFor\": \"P1D\"}]}");
        sender.github("workflow_job", "th-1", queued("175"));
        succeed(api.delete("images/thrown-175"));
        assertThat(outcome(sender.github("workflow_job", "th-2", completed("175", "failure"))))
                .isEqualTo("kept");

        assertThat(column("select count(*) from ci_disk where image_name = 'thrown-175'"))
                .as("nothing is tried again and again")
                .isEqualTo("0");
    }

    @Test
    void aPipelineGetsDisksWhereARuleSaysSo() {
        Sender jobs = hook("jobs", "gitlab", "");
        Sender pipelines = Sender.of(
                service,
                "{\"name\": \"pipelines\", \"provider\": \"gitlab\", \"rules\": [{\"events\": [\"pipeline\"], \"image\":"
                        + " \"hook-base\", \"name\": \"pipe-{{run.id}}\", \"ttl\": \"PT1H\"}]}");
        for (String status : List.of("created", "pending", "running", "success")) {
            String body = Sender.body("gitlab-pipeline.json", Map.of("id", "180", "ref", "main", "status", status));
            assertThat(outcome(jobs.gitlab("j-" + status, body)))
                    .isEqualTo(status.equals("running") ? "recorded" : "ignored");
            assertThat(outcome(pipelines.gitlab("p-" + status, body)))
                    .isEqualTo(
                            switch (status) {
                                case "created" -> "ignored";
                                case "pending" -> "created";
                                case "running" -> "recorded";
                                case String _ -> "removed";
                            });
        }
        assertThat(disks("180")).isEmpty();
    }

    /** GitLab gives all deliveries that one request leads to the same UUID. */
    @Test
    void deliveriesOfOneEventAreToldApartByTheirBodies() {
        Sender sender = hook("uuid", "gitlab", "");
        for (String id : List.of("190", "191")) {
            String body = Sender.body(
                    "gitlab-job.json", Map.of("id", id, "run", "1", "ref", "main", "name", "x", "status", "pending"));
            String[] headers = {"X-Gitlab-Token", sender.secret(), "X-Gitlab-Event-UUID", "the-same"};
            Answer first = sender.post("gitlab", body, headers);
            assertThat(outcome(first)).isEqualTo("created");
            assertThat(sender.post("gitlab", body, headers).json()).isEqualTo(first.json());
            assertThat(disks(id)).hasSize(1);
        }
    }

    @Test
    void anyOtherSystemSignsTimeAndBody() {
        Sender sender = hook(
                "other",
                "generic",
                ", \"mapping\": {\"job\": \"/build/id\", \"status\": \"/build/phase\", \"ready\": [\"QUEUED\"],"
                        + " \"done\": [\"DONE\"], \"failed\": [\"FAILED\"], \"repository\": \"/scm/1\"}");
        String body = "{\"build\": {\"id\": 200, \"phase\": \"QUEUED\"}, \"scm\": [\"git\", \"farm/barn\"]}";
        long now = now();
        Answer made = sender.generic(now, body);
        assertThat(outcome(made)).isEqualTo("created");
        assertThat(sender.generic(now, body).json()).isEqualTo(made.json());
        assertThat(disks("200").getFirst().path("labels").path("ci.repository").asString())
                .isEqualTo("farm/barn");
        assertThat(sender.generic(now - 330, body).status()).isEqualTo(401);
        assertThat(sender.generic(now + 330, body).status()).isEqualTo(401);
        assertThat(sender.post("generic", body, "X-Signature-256", sender.hmac(body))
                        .status())
                .isEqualTo(401);
        for (String time : List.of("0".repeat(500) + now, "+" + now, now + ".0", "9".repeat(20))) {
            Answer refused = sender.post(
                    "generic", body, "X-Timestamp", time, "X-Signature-256", sender.hmac(time + "." + body));
            assertThat(refused.status()).as(time).isEqualTo(401);
        }
        String done = body.replace("QUEUED", "DONE");
        assertThat(outcome(sender.post(
                        "generic",
                        done,
                        "X-Timestamp",
                        String.valueOf(now - 200),
                        "X-Signature-256",
                        sender.hmac((now - 200) + "." + done).toUpperCase(Locale.ROOT))))
                .isEqualTo("removed");
        assertThat(disks("200")).isEmpty();
    }

    @Test
    void whatMeansNothingIsRefusedWhenAHookIsSaved() {
        List<String> rules = new ArrayList<>(List.of(
                "{\"image\": \"hook-base\", \"name\": \"{{job.title}}\", \"ttl\": \"PT1H\"}",
                "{\"image\": \"hook-base\", \"name\": \"{{job.id\", \"ttl\": \"PT1H\"}",
                "{\"image\": \"not a name\", \"name\": \"x\", \"ttl\": \"PT1H\"}",
                "{\"image\": \"hook-base\", \"name\": \"x\"}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"lifetime\": \"disposable\"}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"lifetime\": \"persistent\", \"ttl\": \"PT1H\"}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"lifetime\": \"persistent\", \"keepFailedFor\": \"PT1H\"}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"lifetime\": \"forever\", \"ttl\": \"PT1H\"}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"ttl\": \"PT0S\"}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"ttl\": \"P31D\"}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"ttl\": \"PT1H\", \"count\": 17}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"ttl\": \"PT1H\", \"refs\": [\"\"]}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"ttl\": \"PT1H\", \"events\": [\"push\"]}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"ttl\": \"PT1H\", \"labels\": {\"a b\": \"c\"}}",
                "{\"image\": \"hook-base\", \"name\": \"x\", \"ttl\": \"PT1H\", \"unknown\": 1}",
                "null"));
        for (String rule : rules) {
            Answer answer =
                    api.postJson("hooks", "{\"name\": \"bad\", \"provider\": \"github\", \"rules\": [" + rule + "]}");
            assertThat(answer.status()).as("%s: %s", rule, answer).isEqualTo(400);
        }
        assertThat(api.postJson("hooks", "{\"name\": \"bad\", \"provider\": \"generic\", \"rules\": []}")
                        .problem())
                .isEqualTo("invalid-request");
        assertThat(api.postJson("hooks", "{\"name\": \"bad\", \"provider\": \"cvs\", \"rules\": []}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void aHookIsChangedAndRemoved() {
        Sender sender = hook("passing", "github", "");
        Answer shown = api.get("hooks/" + sender.id());
        String etag = shown.header("ETag");
        Answer changed = api.patch("hooks/" + sender.id(), "{\"name\": \"passing-by\"}", "If-Match", etag);
        assertThat(changed.json().path("name").asString()).isEqualTo("passing-by");
        assertThat(changed.json().path("rules")).isEqualTo(shown.json().path("rules"));
        assertThat(api.patch("hooks/" + sender.id(), "{\"name\": \"x\"}", "If-Match", etag)
                        .problem())
                .isEqualTo("precondition-failed");
        hook("taken", "github", "");
        assertThat(api.patch("hooks/" + sender.id(), "{\"name\": \"taken\"}").problem())
                .isEqualTo("name-taken");

        assertThat(outcome(sender.github("workflow_job", "x-1", queued("210")))).isEqualTo("created");
        assertThat(api.delete("hooks/" + sender.id(), "If-Match", etag).problem())
                .isEqualTo("precondition-failed");
        assertThat(api.delete("hooks/" + sender.id()).status()).isEqualTo(204);
        assertThat(api.get("hooks/" + sender.id()).problem()).isEqualTo("not-found");
        assertThat(sender.github("workflow_job", "x-2", completed("210", "success"))
                        .status())
                .isEqualTo(401);
        assertThat(disks("210")).hasSize(1);
    }

    @Test
    void whatIsOldIsForgottenButNotWhileItHasDisks() {
        Sender sender = hook("ageing", "github", "");
        sender.github("workflow_job", "g-1", queued("220"));
        sender.github("workflow_job", "g-2", completed("221", "success"));
        UUID hook = UUID.fromString(sender.id());
        JobRows rows = service.bean(JobRows.class);
        Instant later = Instant.now().plus(Duration.ofMinutes(1));
        rows.forget(later);
        assertThat(rows.find(hook, "220")).isPresent();
        assertThat(rows.find(hook, "221")).isEmpty();
        service.bean(HookDeliveries.class).forget(later);
        assertThat(deliveries(sender)).isEmpty();
        succeed(api.delete("images/ageing-220?purge=true"));
        rows.forget(later);
        assertThat(rows.find(hook, "220")).isEmpty();
    }

    private static long now() {
        return Instant.now().getEpochSecond();
    }
}

class H2HookTests extends HookTests {}

class PostgresqlHookTests extends HookTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
