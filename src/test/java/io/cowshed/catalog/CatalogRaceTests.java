package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.LAYOUT;
import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.springframework.transaction.TransactionStatus;

/** Each rule against two racing transactions, in both orders. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CatalogRaceTests {

    private final CatalogFixture fixture;
    private final Race race;
    private Image parent;
    private ImageRef ref;
    private String name = "";

    @SuppressWarnings("NullAway.Init")
    CatalogRaceTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
        race = new Race(fixture.database());
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @BeforeEach
    void addParent() {
        parent = fixture.sealedBase("parent-" + UUID.randomUUID());
        ref = ImageRef.of(parent.id());
        name = "child-" + UUID.randomUUID();
    }

    @Test
    void parentIsNotRemovedWhileItIsCloned() throws Exception {
        Race.Outcome outcome = race(this::cloneParent, catalog -> catalog.remove(ref, null));
        outcome.requireSecondRefused(ProblemType.IMAGE_HAS_CHILDREN);
    }

    @Test
    void parentIsNotClonedWhileItIsRemoved() throws Exception {
        Race.Outcome outcome = race(catalog -> catalog.remove(ref, null), this::cloneParent);
        outcome.requireSecondRefused(ProblemType.NOT_FOUND);
    }

    @Test
    void parentIsNotUnsealedWhileItIsCloned() throws Exception {
        Race.Outcome outcome = race(this::cloneParent, catalog -> catalog.unseal(ref));
        outcome.requireSecondRefused(ProblemType.IMAGE_HAS_CHILDREN);
    }

    @Test
    void parentIsNotClonedWhileItIsUnsealed() throws Exception {
        Race.Outcome outcome = race(catalog -> catalog.unseal(ref), this::cloneParent);
        outcome.requireSecondRefused(ProblemType.IMAGE_NOT_SEALED);
    }

    @Test
    void parentIsNotTrashedWhileItIsCloned() throws Exception {
        Race.Outcome outcome = race(this::cloneParent, _ -> trashParent());
        outcome.requireSecondRefused(ProblemType.IMAGE_HAS_CHILDREN);
        assertThat(fixture.images().find(ref).state()).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void parentIsNotClonedWhileItIsTrashed() throws Exception {
        Race.Outcome outcome = race(_ -> trashParent(), this::cloneParent);
        outcome.requireSecondRefused(ProblemType.IMAGE_NOT_AVAILABLE);
    }

    @Test
    void oneOfTwoClonesOfDifferentParentsGetsTheName() throws Exception {
        Image other = fixture.sealedBase("other-" + UUID.randomUUID());
        Race.Outcome outcome = race(this::cloneParent, catalog -> clone(catalog, other));
        outcome.requireSecondRefused(ProblemType.NAME_TAKEN);
        UUID holder = fixture.images().find(named()).id();
        assertThat(outcome.second())
                .isInstanceOfSatisfying(
                        NameTaken.class, e -> assertThat(e.members()).containsEntry("holder", holder));
    }

    @Test
    void cloneGetsTheNameThatItsRivalDidNotKeep() throws Exception {
        Image other = fixture.sealedBase("other-" + UUID.randomUUID());
        Race.Outcome outcome = race.run(
                fixture.contender(() -> clone(fixture.catalog(), parent), TransactionStatus::setRollbackOnly),
                fixture.contender(() -> clone(fixture.catalog(), other)));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).isTrue();
        assertThat(fixture.images().find(named()).parentId()).isEqualTo(other.id());
    }

    @Test
    void nameIsNotGivenToACloneWhileAnotherImageTakesIt() throws Exception {
        Image other = fixture.base("other-" + UUID.randomUUID());
        Race.Outcome outcome = race(rename(other), this::cloneParent);
        outcome.requireSecondRefused(ProblemType.NAME_TAKEN);
    }

    @Test
    void imageIsNotRenamedToTheNameOfACloneBeingMade() throws Exception {
        Image other = fixture.base("other-" + UUID.randomUUID());
        Race.Outcome outcome = race(this::cloneParent, rename(other));
        outcome.requireSecondRefused(ProblemType.NAME_TAKEN);
    }

    @Test
    void reservedNameIsNotReservedTwice() throws Exception {
        Consumer<Catalog> reserve = catalog -> catalog.reserve(fixture.wanted(name), SOMEONE);
        race(reserve, reserve).requireSecondRefused(ProblemType.NAME_TAKEN);
    }

    @Test
    void secondOfTwoChangesOfTheSameVersionIsRefused() throws Exception {
        Race.Outcome outcome = race(describe("one", parent.version()), describe("two", parent.version()));
        outcome.requireSecondRefused(ProblemType.PRECONDITION_FAILED);
        assertThat(fixture.images().find(ref).description()).isEqualTo("one");
    }

    @Test
    void changesOfDifferentThingsAreBothKept() throws Exception {
        Race.Outcome outcome = race(
                describe("one", null),
                catalog -> catalog.change(
                        ref, null, new ImageChange(null, null, Map.of("team", "net"), true, null, null, null)));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).isTrue();
        Image changed = fixture.listing().entry(ref).image();
        assertThat(changed.description()).isEqualTo("one");
        assertThat(changed.labels().values()).containsEntry("team", "net");
        assertThat(changed.isProtected()).isTrue();
    }

    @Test
    void imageIsNotRemovedWhileItIsBeingProtected() throws Exception {
        Race.Outcome outcome = race(
                catalog -> catalog.change(ref, null, new ImageChange(null, null, Map.of(), true, null, null, null)),
                catalog -> catalog.remove(ref, null));
        outcome.requireSecondRefused(ProblemType.IMAGE_PROTECTED);
    }

    @Test
    void nameThatPassedToAnotherImageIsNotFollowedToTheOldOne() throws Exception {
        ImageRef byName = ImageRef.parse(parent.name());
        Race.Outcome outcome = race(rename(parent), catalog -> catalog.unseal(byName));
        outcome.requireSecondRefused(ProblemType.NOT_FOUND);
    }

    @Test
    void countsClonesOfTwoTransactions() throws Exception {
        assertCounted(race(this::cloneParent, _ -> fixture.cloneOf(parent, "other-" + name)), 2);
    }

    @Test
    void countsACloneWhileAnotherIsRemoved() throws Exception {
        Image child = fixture.cloneOf(parent, "other-" + name);
        assertCounted(race(this::cloneParent, removal(child)), 1);
    }

    @Test
    void countsARemovalWhileAnotherCloneIsMade() throws Exception {
        Image child = fixture.cloneOf(parent, "other-" + name);
        assertCounted(race(removal(child), this::cloneParent), 1);
    }

    @Test
    void countsRemovalsOfTwoTransactions() throws Exception {
        List<Image> children = fixture.clonesOf(parent, name, 3);
        assertCounted(race(removal(children.get(0)), removal(children.get(1))), 1);
    }

    @Test
    void cloneGetsTheNameOfTheOneThatIsBeingRemoved() throws Exception {
        Image child = fixture.cloneOf(parent, name);
        assertCounted(race(removal(child), this::cloneParent), 1);
    }

    private void assertCounted(Race.Outcome outcome, long children) {
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).isTrue();
        assertThat(fixture.childCounts(parent.id())).containsExactly(children, children);
    }

    private static Consumer<Catalog> removal(Image image) {
        return catalog -> catalog.remove(ImageRef.of(image.id()), null);
    }

    private Race.Outcome race(Consumer<Catalog> first, Consumer<Catalog> second) throws Exception {
        return race.run(
                fixture.contender(() -> first.accept(fixture.catalog())),
                fixture.contender(() -> second.accept(fixture.catalog())));
    }

    private void trashParent() {
        fixture.trash().put(ref, null);
    }

    private ImageRef named() {
        return ImageRef.parse(name);
    }

    private void cloneParent(Catalog catalog) {
        clone(catalog, parent);
    }

    private void clone(Catalog catalog, Image of) {
        NewImage wanted = fixture.wanted(name);
        catalog.addClones(of, List.of(new NewClone(wanted, LAYOUT)), SOMEONE);
    }

    private Consumer<Catalog> rename(Image image) {
        return catalog -> catalog.change(
                ImageRef.of(image.id()),
                null,
                new ImageChange(new ImageName(name), null, Map.of(), null, null, null, null));
    }

    private Consumer<Catalog> describe(String description, @Nullable Long version) {
        return catalog -> catalog.change(
                ref,
                version == null ? null : Set.of(version),
                new ImageChange(null, description, Map.of(), null, null, null, null));
    }
}
