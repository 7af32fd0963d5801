package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.LAYOUT;
import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.TestDatabase;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What is said of an image while a transaction that nobody answers for any more is still open. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SettlementTests {

    private final CatalogFixture fixture;
    private final Race race;

    SettlementTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
        race = new Race(fixture.database());
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    private Settlement settlement() {
        return fixture.bean(Settlement.class);
    }

    /** What the question is answered with that is asked while the transaction is open, and then is committed or not. */
    private @Nullable Boolean answer(Consumer<Catalog> open, boolean committed, Predicate<UUID> question, UUID image)
            throws Exception {
        AtomicReference<@Nullable Boolean> answer = new AtomicReference<>();
        Race.Outcome outcome = race.run(
                beforeEnd -> fixture.transactions().executeWithoutResult(status -> {
                    open.accept(fixture.catalog());
                    pause(beforeEnd);
                    if (!committed) {
                        status.setRollbackOnly();
                    }
                }),
                _ -> answer.set(question.test(image)));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        return answer.get();
    }

    private static void pause(Race.Pause pause) {
        try {
            pause.pause();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private NewImage fresh() {
        return fixture.wanted("image-" + UUID.randomUUID());
    }

    @Test
    void anImageIsThereOnceItsTransactionCommits() throws Exception {
        NewImage image = fresh();
        assertThat(answer(c -> c.addBase(image, LAYOUT, SOMEONE), true, settlement()::settle, image.id()))
                .isTrue();
        assertThat(fixture.images().find(ImageRef.of(image.id())).state()).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void anImageIsNotThereOnceItsTransactionIsRolledBack() throws Exception {
        NewImage image = fresh();
        assertThat(answer(c -> c.addBase(image, LAYOUT, SOMEONE), false, settlement()::settle, image.id()))
                .isFalse();
        assertThat(fixture.images().exists(image.id())).isFalse();
    }

    @Test
    void aNameWhoseReservationCommitsIsGivenBack() throws Exception {
        NewImage image = fresh();
        assertThat(answer(c -> c.reserve(image, SOMEONE), true, settlement()::settle, image.id()))
                .isFalse();
        assertThat(fixture.images().exists(image.id())).isFalse();
    }

    @Test
    void aReservedImageThatIsCompletedStays() throws Exception {
        NewImage image = fresh();
        fixture.catalog().reserve(image, SOMEONE);
        assertThat(answer(c -> c.complete(image.id(), LAYOUT, null), true, settlement()::settle, image.id()))
                .isTrue();
    }

    @Test
    void anImageIsGoneOnceItsRemovalCommits() throws Exception {
        UUID image = fixture.base("image-" + UUID.randomUUID()).id();
        assertThat(answer(c -> c.remove(ImageRef.of(image), null), true, settlement()::settle, image))
                .isFalse();
    }

    @Test
    void anImageStaysWhoseRemovalIsRolledBack() throws Exception {
        UUID image = fixture.base("image-" + UUID.randomUUID()).id();
        assertThat(answer(c -> c.remove(ImageRef.of(image), null), false, settlement()::settle, image))
                .isTrue();
    }

    @Test
    void anImageIsSealedOnceItsTransactionCommits() throws Exception {
        ImageRef image = ImageRef.of(fixture.base("image-" + UUID.randomUUID()).id());
        UUID id = fixture.images().find(image).id();
        Consumer<Catalog> seal = c -> c.seal(image, CatalogFixture.digest(1), 4096);
        assertThat(answer(seal, false, settlement()::isSealed, id)).isFalse();
        assertThat(answer(seal, true, settlement()::isSealed, id)).isTrue();
    }

    @Test
    void anImageThatNobodyKnowsIsNotThere() {
        UUID unknown = fixture.newId();
        assertThat(settlement().settle(unknown)).isFalse();
        assertThat(fixture.images().exists(unknown)).isFalse();
    }
}
