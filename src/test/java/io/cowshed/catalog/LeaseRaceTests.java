package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Whoever gives an image more time, and whoever lets it go, in both orders; and who of many looks after it. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class LeaseRaceTests {

    private final CatalogFixture fixture;
    private final Race race;
    private Image image;

    @SuppressWarnings("NullAway.Init")
    LeaseRaceTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
        race = new Race(fixture.database());
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @BeforeEach
    void addImage() {
        image = disposable(Instant.now());
    }

    @Test
    void imageThatIsBeingRenewedDoesNotGo() throws Exception {
        race(this::renew, this::trash).requireSecondRefused(ProblemType.PRECONDITION_FAILED);
        assertThat(fixture.images().find(ref()).state()).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void imageThatIsGoingIsNotRenewed() throws Exception {
        race(this::trash, this::renew).requireSecondRefused(ProblemType.IMAGE_NOT_AVAILABLE);
    }

    @Test
    void imageThatIsBeingKeptDoesNotGo() throws Exception {
        race(this::keep, this::remove).requireSecondRefused(ProblemType.PRECONDITION_FAILED);
        assertThat(fixture.images().find(ref()).lease()).isNull();
    }

    @Test
    void imageThatIsBeingRemovedIsNotKept() throws Exception {
        race(this::remove, this::keep).requireSecondRefused(ProblemType.NOT_FOUND);
    }

    @Test
    void imageThatIsBeingRenewedIsNotHeld() throws Exception {
        race(this::renew, this::hold).requireSecondRefused(ProblemType.PRECONDITION_FAILED);
        assertThat(fixture.images().find(ref()).requireDisposable().hold()).isNull();
    }

    @Test
    void whatIsHeldCanBeRenewed() throws Exception {
        Race.Outcome outcome = race(this::hold, this::renew);
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(fixture.images().find(ref()).requireDisposable().hold()).isNull();
    }

    @Test
    void eachDueImageIsTakenOnByOne() {
        List<UUID> due = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            due.add(disposable(Instant.now().minus(Duration.ofDays(2))).id());
        }
        // The first has not committed when the second looks.
        List<UUID> taken = fixture.transactions().execute(_ -> {
            List<UUID> first = new ArrayList<>(leases().takeDue(3));
            Thread second = Thread.startVirtualThread(() -> first.addAll(leases().takeDue(100)));
            try {
                second.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return first;
        });
        assertThat(taken).hasSizeGreaterThanOrEqualTo(3);
        // H2 locks all that it has to choose from.
        taken.addAll(leases().takeDue(100));
        assertThat(taken).containsExactlyInAnyOrderElementsOf(due);
        assertThat(leases().takeDue(100)).isEmpty();
    }

    private Image disposable(Instant since) {
        Lease lease = fixture.bean(LeaseTerms.class).begin(since, Duration.ofHours(8), OnExpire.TRASH, null);
        NewImage plain = fixture.wanted("leased-" + UUID.randomUUID());
        return fixture.catalog()
                .addBase(
                        new NewImage(plain.id(), plain.name(), plain.description(), plain.labels(), lease),
                        CatalogFixture.LAYOUT,
                        SOMEONE);
    }

    private ImageRef ref() {
        return ImageRef.of(image.id());
    }

    private Leases leases() {
        return fixture.bean(Leases.class);
    }

    private void renew() {
        leases().renew(ref(), null, Duration.ofHours(10), false);
    }

    private void keep() {
        leases().keep(ref(), null);
    }

    private void hold() {
        leases().advance(image.id(), image.version(), lease -> lease.held(ExpiryHold.IN_USE, "x", Instant.now()));
    }

    private void trash() {
        fixture.trash().put(ref(), Set.of(image.version()));
    }

    private void remove() {
        fixture.catalog().remove(ref(), Set.of(image.version()));
    }

    private Race.Outcome race(Runnable first, Runnable second) throws Exception {
        return race.run(fixture.contender(first), fixture.contender(second));
    }
}

class LeaseRaceOnH2Tests extends LeaseRaceTests {
    LeaseRaceOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}

class LeaseRaceOnPostgresqlTests extends LeaseRaceTests {
    LeaseRaceOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
