package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import io.cowshed.volume.CataloguedFile;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** The rows of seed disks against two racing transactions, in both orders. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SeedRaceTests {

    private final CatalogFixture fixture;
    private final Race race;
    private final Seeds seeds;
    private UUID image = new UUID(0, 0);

    SeedRaceTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
        race = new Race(fixture.database());
        seeds = fixture.bean(Seeds.class);
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @BeforeEach
    void addImage() {
        image = fixture.base("image-" + UUID.randomUUID()).id();
    }

    private void put(long number, @Nullable Long replaced) {
        seeds.put(
                new Seed(file(number), "iid-" + number, new SeedTexts("#!", null, null), Instant.EPOCH, SOMEONE),
                replaced == null ? null : file(replaced),
                null);
    }

    private CataloguedFile.Seed file(long number) {
        return new CataloguedFile.Seed(image, number);
    }

    private void purge() {
        fixture.catalog().remove(ImageRef.of(image), null);
    }

    private void trash() {
        fixture.trash().put(ImageRef.of(image), null);
    }

    private Race.Outcome race(Runnable first, Runnable second) throws Exception {
        return race.run(fixture.contender(first), fixture.contender(second));
    }

    @Test
    void oneOfTwoFirstSeedDisksIsRefused() throws Exception {
        race(() -> put(1, null), () -> put(2, null)).requireSecondRefused(ProblemType.PRECONDITION_FAILED);
        assertThat(seeds.find(image).orElseThrow().file()).isEqualTo(file(1));
    }

    @Test
    void aSeedDiskIsReplacedOnce() throws Exception {
        put(1, null);
        race(() -> put(2, 1L), () -> put(3, 1L)).requireSecondRefused(ProblemType.PRECONDITION_FAILED);
        assertThat(seeds.find(image).orElseThrow().file()).isEqualTo(file(2));
    }

    @Test
    void whatIsBeingTakenAwayIsNotReplaced() throws Exception {
        put(1, null);
        race(() -> seeds.remove(file(1), null), () -> put(2, 1L)).requireSecondRefused(ProblemType.PRECONDITION_FAILED);
        assertThat(seeds.find(image)).isEmpty();
    }

    @Test
    void whatIsBeingReplacedIsNotTakenAway() throws Exception {
        put(1, null);
        race(() -> put(2, 1L), () -> seeds.remove(file(1), null)).requireSecondRefused(ProblemType.PRECONDITION_FAILED);
        assertThat(seeds.find(image).orElseThrow().file()).isEqualTo(file(2));
    }

    @Test
    void anImageThatIsBeingPurgedGetsNone() throws Exception {
        race(this::purge, () -> put(1, null)).requireSecondRefused(ProblemType.NOT_FOUND);
        assertThat(seeds.find(image)).isEmpty();
    }

    @Test
    void anImageThatGetsOneIsPurgedWithIt() throws Exception {
        Race.Outcome outcome = race(() -> put(1, null), this::purge);
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(seeds.find(image)).isEmpty();
    }

    @Test
    void anImageOnItsWayToTheTrashGetsNone() throws Exception {
        race(this::trash, () -> put(1, null)).requireSecondRefused(ProblemType.IMAGE_NOT_AVAILABLE);
    }

    @Test
    void anImageThatGetsOneIsTrashedWithIt() throws Exception {
        Race.Outcome outcome = race(() -> put(1, null), this::trash);
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(seeds.links(List.of(image))).isEqualTo(Map.of(image, new SeedLink(file(1), "iid-1")));
    }

    @Test
    void whoAsksWhatBecameOfASeedDiskWaitsForWhoIsRecordingIt() throws Exception {
        Settlement settlement = fixture.bean(Settlement.class);
        Race.Outcome outcome = race.run(
                fixture.contender(() -> put(1, null)),
                _ -> assertThat(settlement.isThere(file(1))).isTrue());
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(settlement.isThere(file(2))).isFalse();
        assertThat(settlement.isThere(new CataloguedFile.Seed(UUID.randomUUID(), 1)))
                .isFalse();
    }

    @Test
    void whoAsksWhatBecameOfASeedDiskWaitsForWhoIsRecordingItsImage() throws Exception {
        NewImage wanted = fixture.wanted("image-" + UUID.randomUUID());
        image = wanted.id();
        Settlement settlement = fixture.bean(Settlement.class);
        Race.Outcome outcome = race.run(
                fixture.contender(() -> {
                    fixture.catalog().addBase(wanted, CatalogFixture.LAYOUT, SOMEONE);
                    seeds.add(
                            List.of(new Seed(file(1), "iid", new SeedTexts(null, null, null), Instant.EPOCH, SOMEONE)));
                }),
                _ -> assertThat(settlement.isThere(file(1))).isTrue());
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
    }
}

class SeedRaceOnH2Tests extends SeedRaceTests {
    SeedRaceOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}

class SeedRaceOnPostgresqlTests extends SeedRaceTests {
    SeedRaceOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
