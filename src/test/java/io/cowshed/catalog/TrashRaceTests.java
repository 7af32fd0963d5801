package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.LAYOUT;
import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.operation.Claim;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operations;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Each rule of the trash against two racing transactions, in both orders. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class TrashRaceTests {

    private final CatalogFixture fixture;
    private final Race race;
    private Image parent;
    private ImageRef ref;
    private String name = "";

    @SuppressWarnings("NullAway.Init")
    TrashRaceTests(TestDatabase.Kind kind) {
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
    void imageIsNotTrashedWhileAnOperationClaimsIt() throws Exception {
        Race.Outcome outcome = race(() -> claim(Claim.changes(parent.id())), this::trash);
        outcome.requireSecondRefused(ProblemType.IMAGE_BUSY);
    }

    @Test
    void imageIsNotClaimedWhileItIsTrashed() throws Exception {
        Race.Outcome outcome = race(this::trash, () -> {
            fixture.images().lock(ref).requireAvailable("worked on");
            claim(Claim.changes(parent.id()));
        });
        outcome.requireSecondRefused(ProblemType.IMAGE_NOT_AVAILABLE);
    }

    @Test
    void imageIsNotClonedWhileAnOperationIsToRemoveIt() throws Exception {
        Race.Outcome outcome = race(() -> claim(Claim.removes(parent.id())), () -> cloneParent(name));
        outcome.requireSecondRefused(ProblemType.IMAGE_BUSY);
    }

    @Test
    void imageIsClonedWhileAnOperationChangesWhereItLies() throws Exception {
        Race.Outcome outcome = race(() -> claim(Claim.changes(parent.id())), () -> cloneParent(name));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).isTrue();
    }

    @Test
    void aCloneThatIsBeingMadeIsSeenByWhoLocksTheChildrenFirst() throws Exception {
        Race.Outcome outcome = race(() -> cloneParent(name), () -> {
            Reworking reworking = fixture.bean(Reworking.class);
            assertThat(reworking.lockChildren(parent.id())).isEmpty();
            reworking.lock(ref, null);
            assertThat(fixture.lineages().children(parent.id())).hasSize(1);
        });
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
    }

    @Test
    void imageIsNotRestoredToANameThatIsBeingTaken() throws Exception {
        Image trashed = trashed();
        Race.Outcome outcome = race(
                () -> fixture.base(name),
                () -> fixture.trash().restore(ImageRef.of(trashed.id()), new ImageName(name), null, null));
        outcome.requireSecondRefused(ProblemType.NAME_TAKEN);
        UUID holder = fixture.images().find(ImageRef.parse(name)).id();
        assertThat(outcome.second())
                .isInstanceOfSatisfying(
                        NameTaken.class, e -> assertThat(e.members()).containsEntry("holder", holder));
    }

    @Test
    void nameIsNotTakenFromAnImageThatIsBeingRestored() throws Exception {
        Image trashed = trashed();
        Race.Outcome outcome = race(
                () -> fixture.trash().restore(ImageRef.of(trashed.id()), new ImageName(name), null, null),
                () -> fixture.base(name));
        outcome.requireSecondRefused(ProblemType.NAME_TAKEN);
    }

    @Test
    void nameOfAnImageIsTakenUntilItIsInTheTrash() throws Exception {
        Race.Outcome outcome = race(this::trash, () -> fixture.base(parent.name()));
        assertThat(outcome.first()).isNull();
        assertThat(outcome.second()).isInstanceOf(NameTaken.class);
        assertThat(fixture.base(parent.name()).name()).isEqualTo(parent.name());
    }

    @Test
    void imageThatIsToLeaveIsNotClonedMeanwhile() throws Exception {
        fixture.cloneOf(parent, "other-" + name);
        Race.Outcome outcome = race(this::mark, () -> cloneParent(name));
        outcome.requireSecondRefused(ProblemType.IMAGE_LEAVES);
    }

    @Test
    void imageThatIsBeingClonedKeepsTheCloneWhenItIsToLeave() throws Exception {
        Race.Outcome outcome = race(() -> cloneParent(name), this::mark);
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).isTrue();
        Image marked = fixture.images().find(ref);
        assertThat(marked.isRemovedWhenChildless()).isTrue();
        assertThat(marked.state()).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void lastOfTwoChildrenThatGoTakesTheParentWithIt() throws Exception {
        List<Image> children = fixture.clonesOf(parent, name, 2);
        fixture.transactions().executeWithoutResult(_ -> mark());
        Race.Outcome outcome = race(() -> remove(children.get(0)), () -> remove(children.get(1)));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(fixture.images().find(ref).state()).isEqualTo(ImageState.TRASHED);
    }

    @Test
    void parentStaysThatIsKeptWhileItsLastChildGoes() throws Exception {
        Image child = fixture.cloneOf(parent, name);
        fixture.transactions().executeWithoutResult(_ -> mark());
        Race.Outcome outcome = race(() -> fixture.trash().restore(ref, null, null, null), () -> remove(child));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(fixture.images().find(ref).state()).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void parentThatHasLeftIsRestored() throws Exception {
        Image child = fixture.cloneOf(parent, name);
        fixture.transactions().executeWithoutResult(_ -> mark());
        Race.Outcome outcome = race(() -> remove(child), () -> fixture.trash().restore(ref, null, null, null));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        Image back = fixture.images().find(ref);
        assertThat(back.state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(back.isRemovedWhenChildless()).isFalse();
    }

    @Test
    void imageIsNotMarkedWhileItIsBeingProtected() throws Exception {
        fixture.cloneOf(parent, name);
        Race.Outcome outcome = race(
                () -> fixture.catalog()
                        .change(ref, null, new ImageChange(null, null, Map.of(), true, null, null, null)),
                this::mark);
        outcome.requireSecondRefused(ProblemType.IMAGE_PROTECTED);
    }

    @Test
    void protectionKeepsAnImageThatIsBeingMarked() throws Exception {
        fixture.cloneOf(parent, name);
        Race.Outcome outcome = race(
                this::mark,
                () -> fixture.catalog()
                        .change(ref, null, new ImageChange(null, null, Map.of(), true, null, null, null)));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(fixture.images().find(ref).isRemovedWhenChildless()).isFalse();
    }

    @Test
    void imageThatIsBeingRestoredIsNotPurged() throws Exception {
        Image trashed = trashed();
        Race.Outcome outcome = race(
                () -> fixture.trash().restore(ImageRef.of(trashed.id()), null, null, null),
                () -> fixture.catalog().remove(ImageRef.of(trashed.id()), Set.of(trashed.version())));
        outcome.requireSecondRefused(ProblemType.PRECONDITION_FAILED);
        assertThat(fixture.images().find(ImageRef.of(trashed.id())).state()).isEqualTo(ImageState.AVAILABLE);
    }

    @Test
    void imageThatIsBeingPurgedIsNotRestored() throws Exception {
        Image trashed = trashed();
        Race.Outcome outcome = race(
                () -> fixture.catalog().remove(ImageRef.of(trashed.id()), Set.of(trashed.version())),
                () -> fixture.trash().restore(ImageRef.of(trashed.id()), null, null, null));
        outcome.requireSecondRefused(ProblemType.NOT_FOUND);
    }

    private Image trashed() {
        return fixture.trash().put(ImageRef.of(fixture.base("gone-" + name).id()), null);
    }

    private void trash() {
        fixture.trash().put(ref, null);
    }

    private void mark() {
        fixture.trash().putWhenChildless(ref, null);
    }

    private void remove(Image image) {
        fixture.catalog().remove(ImageRef.of(image.id()), null);
    }

    private void cloneParent(String name) {
        fixture.catalog().addClones(parent, List.of(new NewClone(fixture.wanted(name), LAYOUT)), SOMEONE);
    }

    private void claim(Claim claim) {
        fixture.images().lock(ImageRef.of(claim.image()));
        fixture.bean(Operations.class)
                .submit(new NewOperation("test", claim.image(), "test", Map.of(), List.of(claim), SOMEONE));
    }

    private Race.Outcome race(Runnable first, Runnable second) throws Exception {
        return race.run(fixture.contender(first), fixture.contender(second));
    }
}

class TrashRaceOnH2Tests extends TrashRaceTests {
    TrashRaceOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}

class TrashRaceOnPostgresqlTests extends TrashRaceTests {
    TrashRaceOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
