package io.cowshed.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Whoever hands an image over, and whoever does something else to it, in both orders. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class HandOverRaceTests {

    private final CatalogFixture fixture;
    private final Race race;
    private Image parent;
    private Image image;
    private Image other;

    @SuppressWarnings("NullAway.Init") // before each test
    HandOverRaceTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
        race = new Race(fixture.database());
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @BeforeEach
    void addImages() {
        parent = fixture.sealedBase(name("parent"));
        image = fixture.cloneOf(parent, name("one"));
        other = fixture.cloneOf(parent, name("other"));
    }

    @Test
    void twoTakeDifferentOnesAndNeitherWaits() throws Exception {
        for (List<Image> order : List.of(List.of(image, other), List.of(other, image))) {
            List<UUID> taken = new ArrayList<>();
            Race.Outcome outcome = race(() -> taken.add(lockFirstOf(order)), () -> taken.add(lockFirstOf(order)));
            assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
            assertThat(outcome.secondWaited()).isFalse();
            assertThat(taken).containsExactly(order.get(0).id(), order.get(1).id());
        }
    }

    @Test
    void whatIsBeingHandedOverIsNotRemovedAsWhatItWas() throws Exception {
        String name = name("taken");
        race(() -> give(name), this::remove).requireSecondRefused(ProblemType.PRECONDITION_FAILED);
        Image given = fixture.images().find(ImageRef.of(image.id()));
        assertThat(given.name()).isEqualTo(name);
        assertThat(given.createdBy()).isEqualTo("taker");
        assertThat(given.version()).isGreaterThan(image.version());
    }

    @Test
    void whatIsBeingRemovedIsPassedOver() throws Exception {
        passesOver(this::remove);
    }

    @Test
    void whatIsBeingTrashedIsPassedOver() throws Exception {
        passesOver(() -> fixture.trash().put(ImageRef.of(image.id()), null));
    }

    @Test
    void whatIsBeingChangedIsPassedOver() throws Exception {
        passesOver(this::rename);
    }

    @Test
    void whatIsBeingHandedOverIsNotChangedAsWhatItWas() throws Exception {
        race(() -> give(name("taken")), this::rename).requireSecondRefused(ProblemType.PRECONDITION_FAILED);
    }

    @Test
    void oneNameIsHandedOutOnce() throws Exception {
        String name = name("taken");
        race(() -> give(name), () -> fixture.bean(HandOvers.class).give(other.id(), fixture.wanted(name), "taker"))
                .requireSecondRefused(ProblemType.NAME_TAKEN);
        assertThat(fixture.images().find(ImageRef.of(other.id())).name()).isEqualTo(other.name());
    }

    @Test
    void aNewImageAndAHandOverDoNotGetTheSameName() throws Exception {
        String name = name("taken");
        race(() -> fixture.base(name), () -> give(name)).requireSecondRefused(ProblemType.NAME_TAKEN);
        String another = name("taken");
        race(() -> give(another), () -> fixture.base(another)).requireSecondRefused(ProblemType.NAME_TAKEN);
    }

    @Test
    void anImageOfAnotherVersionIsPassedOver() {
        rename();
        assertThat(lockFirstOf(List.of(image, other))).isEqualTo(other.id());
    }

    private void passesOver(Runnable first) throws Exception {
        List<UUID> taken = new ArrayList<>();
        Race.Outcome outcome = race(first, () -> taken.add(lockFirstOf(List.of(image, other))));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(outcome.secondWaited()).isFalse();
        assertThat(taken).containsExactly(other.id());
    }

    private UUID lockFirstOf(List<Image> candidates) {
        HandOvers handOvers = fixture.bean(HandOvers.class);
        return fixture.transactions()
                .execute(_ -> candidates.stream()
                        .filter(candidate -> handOvers.lock(candidate.id(), candidate.version()))
                        .findFirst()
                        .orElseThrow()
                        .id());
    }

    private void give(String name) {
        HandOvers handOvers = fixture.bean(HandOvers.class);
        assertThat(handOvers.lock(image.id(), image.version())).isTrue();
        handOvers.give(image.id(), fixture.wanted(name), "taker");
    }

    private void remove() {
        fixture.catalog().remove(ImageRef.of(image.id()), Set.of(image.version()));
    }

    private void rename() {
        ImageChange change = new ImageChange(new ImageName(name("renamed")), null, Map.of(), null, null, null, null);
        fixture.catalog().change(ImageRef.of(image.id()), Set.of(image.version()), change);
    }

    private static String name(String prefix) {
        return prefix + "-" + UUID.randomUUID();
    }

    private Race.Outcome race(Runnable first, Runnable second) throws Exception {
        return race.run(fixture.contender(first), fixture.contender(second));
    }
}

class HandOverRaceOnH2Tests extends HandOverRaceTests {
    HandOverRaceOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}

class HandOverRaceOnPostgresqlTests extends HandOverRaceTests {
    HandOverRaceOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
