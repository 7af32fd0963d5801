package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.LAYOUT;
import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.attachment.Attachments;
import io.cowshed.attachment.NewAttachment;
import io.cowshed.operation.Claim;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operations;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Whoever lets many images go together, and whoever does something to one of them, or their parent, in both orders. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class BulkRemovalRaceTests {

    private final CatalogFixture fixture;
    private final Race race;
    private Image parent;
    private Image one;
    private Image other;

    @SuppressWarnings("NullAway.Init") // before each test
    BulkRemovalRaceTests(TestDatabase.Kind kind) {
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
        one = disposable(name("one"));
        other = disposable(name("other"));
    }

    @Test
    void allGoThatNothingKeeps() {
        Image kept = fixture.catalog()
                .change(
                        ImageRef.of(fixture.cloneOf(parent, name("protected")).id()),
                        null,
                        new ImageChange(null, null, Map.of(), true, null, null, null));
        Image changed = fixture.cloneOf(parent, name("changed"));
        rename(changed);
        Image grandparent = fixture.seal(fixture.cloneOf(parent, name("grandparent")));
        fixture.cloneOf(grandparent, name("child"));
        Image published = fixture.seal(fixture.cloneOf(parent, name("published")));
        publish(published);
        List<Image> all = List.of(one, kept, changed, fixture.images().find(ImageRef.of(grandparent.id())), published);

        assertThat(fixture.bean(BulkRemoval.class).unneeded(all)).contains(one).doesNotContain(kept, published);
        assertThat(remove(all)).containsExactly(one.id());
        assertThat(trash(all)).isEmpty();
        assertThat(fixture.images().exists(one.id())).isFalse();
        assertThat(fixture.images().exists(other.id())).isTrue();
        assertThat(fixture.childCounts(parent.id())).containsExactly(5L, 5L);
        assertThat(told(one.id())).containsExactlyInAnyOrder("image.created", "image.removed");
        assertThat(told(kept.id())).doesNotContain("image.removed");
    }

    @Test
    void anImageWithASeedDiskIsLeftToOneWhoRemovesItsFileToo() {
        fixture.sql()
                .sql("insert into image_seed (image_id, file_number, instance_id, created_at, created_by)"
                        + " values (:id, 1, 'i', current_timestamp, 'x')")
                .param("id", one.id())
                .update();
        assertThat(remove(List.of(one, other))).containsExactly(other.id());
        assertThat(trash(List.of(one))).containsExactly(one.id());
        assertThat(told(one.id())).containsExactlyInAnyOrder("image.created", "image.trashed");
    }

    @Test
    void twoTakeDifferentOnesAndNeitherWaits() throws Exception {
        Race.Outcome outcome = race(
                () -> assertThat(trash(List.of(one))).containsExactly(one.id()),
                () -> assertThat(trash(List.of(one, other))).containsExactly(other.id()));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(outcome.secondWaited()).isFalse();
    }

    @Test
    void eachGoesOnce() throws Exception {
        Race.Outcome outcome = race(
                () -> assertThat(remove(List.of(one, other))).hasSize(2),
                () -> assertThat(remove(List.of(other, one))).isEmpty());
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(fixture.childCounts(parent.id())).containsExactly(0L, 0L);
        assertThat(told(one.id())).containsExactlyInAnyOrder("image.created", "image.removed");
    }

    @Test
    void whatIsBeingRenewedStays() throws Exception {
        Race.Outcome outcome = race(
                () -> fixture.bean(Leases.class).renew(ImageRef.of(one.id()), null, Duration.ofHours(10), false),
                () -> assertThat(remove(List.of(one, other))).containsExactly(other.id()));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(remove(List.of(one))).isEmpty();
    }

    @Test
    void whatIsGoingIsNotRenewed() throws Exception {
        race(
                        () -> remove(List.of(one, other)),
                        () -> fixture.bean(Leases.class)
                                .renew(ImageRef.of(one.id()), null, Duration.ofHours(10), false))
                .requireSecondRefused(ProblemType.NOT_FOUND);
    }

    @Test
    void whatIsGoingGetsNoChildren() throws Exception {
        Image sealed = fixture.seal(fixture.images().find(ImageRef.of(one.id())));
        race(() -> remove(List.of(sealed, other)), () -> fixture.cloneOf(sealed, name("late")))
                .requireSecondRefused(ProblemType.NOT_FOUND);
    }

    @Test
    void whatIsGettingAChildStays() throws Exception {
        Image sealed = fixture.seal(fixture.images().find(ImageRef.of(one.id())));
        Race.Outcome outcome = race(
                () -> fixture.cloneOf(sealed, name("early")),
                () -> assertThat(remove(List.of(sealed, other))).containsExactly(other.id()));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(remove(List.of(sealed))).isEmpty();
    }

    @Test
    void whatIsBeingAttachedOrNeededStays() throws Exception {
        List<Runnable> holds = List.of(() -> attach(one), () -> need(one));
        for (Runnable hold : holds) {
            one = disposable(name("held"));
            other = disposable(name("free"));
            Race.Outcome outcome =
                    race(hold, () -> assertThat(trash(List.of(one, other))).containsExactly(other.id()));
            assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
            Image held = fixture.images().find(ImageRef.of(one.id()));
            assertThat(trash(List.of(held))).isEmpty();
            assertThat(remove(List.of(held))).isEmpty();
        }
    }

    @Test
    void whatIsGoingIsNeitherAttachedNorNeeded() throws Exception {
        race(() -> remove(List.of(one, other)), () -> attach(one)).requireSecondRefused(ProblemType.NOT_FOUND);
        Image third = disposable(name("third"));
        race(() -> trash(List.of(third)), () -> attach(third)).requireSecondRefused(ProblemType.IMAGE_NOT_AVAILABLE);
    }

    /** Whoever clones has the parent's row and wants the name; whoever removes has the name and wants the parent's row. */
    @Test
    void aNameThatIsBecomingFreeIsGivenToAClone() throws Exception {
        Race.Outcome outcome = race(() -> remove(List.of(one, other)), () -> fixture.cloneOf(parent, other.name()));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(fixture.childCounts(parent.id())).containsExactly(1L, 1L);
    }

    @Test
    void clonesAndRemovalsAreBothCounted() throws Exception {
        Race.Outcome outcome = race(() -> fixture.cloneOf(parent, name("new")), () -> remove(List.of(one, other)));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(fixture.childCounts(parent.id())).containsExactly(1L, 1L);
    }

    @Test
    void aParentThatIsToLeaveGoesWithTheLast() {
        fixture.trash().putWhenChildless(ImageRef.of(parent.id()), null);
        assertThat(remove(List.of(one, other))).hasSize(2);
        assertThat(fixture.images().find(ImageRef.of(parent.id())).state()).isEqualTo(ImageState.TRASHED);
    }

    @Test
    void eachEndIsAnnouncedOnce() throws Exception {
        Leases leases = fixture.bean(Leases.class);
        Race.Outcome outcome = race(
                () -> assertThat(leases.announce(List.of(one))).hasSize(1),
                () -> assertThat(leases.announce(List.of(one, other)))
                        .extracting(Image::id)
                        .containsExactly(other.id()));
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(leases.announce(List.of(one, other))).isEmpty();
        assertThat(fixture.images()
                        .find(ImageRef.of(one.id()))
                        .requireDisposable()
                        .warnedAt())
                .isNotNull();
        assertThat(told(one.id())).containsExactlyInAnyOrder("image.created", "image.expiring");
    }

    private Set<UUID> remove(List<Image> images) {
        return fixture.bean(BulkRemoval.class).remove(parent.id(), versions(images));
    }

    private Set<UUID> trash(List<Image> images) {
        return fixture.bean(BulkRemoval.class).trash(versions(images));
    }

    private static Map<UUID, Long> versions(List<Image> images) {
        return images.stream().collect(Collectors.toMap(Image::id, Image::version));
    }

    private List<String> told(UUID image) {
        return fixture.sql()
                .sql("select type from event_inbox where subject_id = :id")
                .param("id", image)
                .query((row, _) -> row.getString("type"))
                .list();
    }

    private Image disposable(String name) {
        Lease lease = fixture.bean(LeaseTerms.class).begin(Instant.now(), Duration.ofHours(8), OnExpire.DELETE, null);
        NewImage plain = fixture.wanted(name);
        NewImage wanted = new NewImage(plain.id(), plain.name(), plain.description(), plain.labels(), lease);
        return fixture.catalog()
                .addClones(parent, List.of(new NewClone(wanted, LAYOUT)), SOMEONE)
                .getFirst()
                .image();
    }

    private void attach(Image image) {
        fixture.bean(Attachments.class)
                .attach(ImageRef.of(image.id()), new NewAttachment("vm", null, null, null, null), SOMEONE);
    }

    /** By an operation of a kind that no replica knows, so that it stays. */
    private void need(Image image) {
        fixture.images().lock(ImageRef.of(image.id()));
        fixture.bean(Operations.class)
                .submit(new NewOperation(
                        "unknown", image.id(), image.name(), Map.of(), List.of(Claim.changes(image.id())), SOMEONE));
    }

    private void publish(Image image) {
        FamilyName family = new FamilyName(name("family"));
        fixture.bean(Families.class).add(family, "", Labels.none(), SOMEONE);
        fixture.bean(Publishing.class)
                .publish(
                        new ImageRef.ByVersion(family, new VersionName("1")),
                        ImageRef.of(image.id()),
                        VersionState.ACTIVE,
                        "",
                        SOMEONE);
    }

    private void rename(Image image) {
        fixture.catalog()
                .change(
                        ImageRef.of(image.id()),
                        null,
                        new ImageChange(new ImageName(name("renamed")), null, Map.of(), null, null, null, null));
    }

    private static String name(String prefix) {
        return prefix + "-" + UUID.randomUUID();
    }

    private Race.Outcome race(Runnable first, Runnable second) throws Exception {
        return race.run(fixture.contender(first), fixture.contender(second));
    }
}

class BulkRemovalRaceOnH2Tests extends BulkRemovalRaceTests {
    BulkRemovalRaceOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}

class BulkRemovalRaceOnPostgresqlTests extends BulkRemovalRaceTests {
    BulkRemovalRaceOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
