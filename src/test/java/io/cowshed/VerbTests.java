package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.catalog.Images;
import io.cowshed.catalog.Settlement;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.VerbChains;
import io.cowshed.volume.Volume;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Tests of verbs over HTTP: what they begin with, how they see that one has succeeded, and what holds after all of them. */
abstract class VerbTests extends ServiceTests {

    static final String WAIT = "wait=30";

    VerbChains chains;

    @SuppressWarnings("NullAway.Init") // before the first test
    VerbTests() {}

    @BeforeAll
    void makeChains() {
        chains = new VerbChains(service);
    }

    @AfterAll
    void rowsAndFilesAreEachOthers() throws Exception {
        service.bean(Volume.class)
                .sweep(service.bean(Settlement.class)::isThere, service.bean(Images.class)::exists, _ -> false);
        Invariants invariants = new Invariants(database, service.volume());
        invariants.check();
        invariants.checkFiles();
    }

    /** That the answer is an operation of that kind, which has done all it had to do. */
    static void assertSucceeded(Answer answer, String kind) {
        assertThat(answer.json().path("kind").asString()).as("%s", answer).isEqualTo(kind);
        assertSucceeded(answer);
    }

    /** That the answer is an operation which has done all it had to do. */
    static void assertSucceeded(Answer answer) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
        assertThat(answer.json().path("state").asString()).as("%s", answer).isEqualTo("succeeded");
        assertThat(answer.json().path("progress").path("doneBytes").asLong())
                .isEqualTo(answer.json().path("progress").path("totalBytes").asLong());
    }
}
