package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.database.SqlFailures;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each rule of families against two racing transactions, in both orders; and what the schema does about them alone. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class FamilyRaceTests {

    /** What takes the image of a version away from it. */
    enum Taking {
        UNSEAL("update image set sealed = false, digest = null, clonable = false where id = :id"),
        TRASH("update image set state = 'trashed', live_name = null, clonable = false, trashed_at = created_at"
                + " where id = :id"),
        DELETE("delete from image where id = :id");

        private final String sql;

        Taking(String sql) {
            this.sql = sql;
        }
    }

    private final CatalogFixture fixture;
    private final Race race;
    private FamilyName family;
    private Image image;
    private ImageRef ref;

    @SuppressWarnings("NullAway.Init")
    FamilyRaceTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
        race = new Race(fixture.database());
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @BeforeEach
    void addFamily() {
        family = new FamilyName("family-" + UUID.randomUUID());
        fixture.bean(Families.class).add(family, "", Labels.none(), SOMEONE);
        image = fixture.sealedBase("image-" + UUID.randomUUID());
        ref = ImageRef.of(image.id());
    }

    @Test
    void imageThatIsBeingPublishedIsNotTrashed() throws Exception {
        race(() -> publish("1", image), () -> fixture.trash().put(ref, null))
                .requireSecondRefused(ProblemType.IMAGE_PUBLISHED);
    }

    @Test
    void imageThatIsBeingTrashedIsNotPublished() throws Exception {
        race(() -> fixture.trash().put(ref, null), () -> publish("1", image))
                .requireSecondRefused(ProblemType.IMAGE_NOT_AVAILABLE);
    }

    @Test
    void imageThatIsBeingPublishedIsNotPurged() throws Exception {
        race(() -> publish("1", image), () -> fixture.catalog().remove(ref, null))
                .requireSecondRefused(ProblemType.IMAGE_PUBLISHED);
    }

    @Test
    void imageThatIsBeingPurgedIsNotPublished() throws Exception {
        race(() -> fixture.catalog().remove(ref, null), () -> publish("1", image))
                .requireSecondRefused(ProblemType.NOT_FOUND);
    }

    @Test
    void imageThatIsBeingPublishedIsNotUnsealed() throws Exception {
        race(() -> publish("1", image), () -> fixture.catalog().unseal(ref))
                .requireSecondRefused(ProblemType.IMAGE_PUBLISHED);
    }

    @Test
    void imageThatIsBeingUnsealedIsNotPublished() throws Exception {
        race(() -> fixture.catalog().unseal(ref), () -> publish("1", image))
                .requireSecondRefused(ProblemType.IMAGE_NOT_SEALED);
    }

    @Test
    void imageThatIsBeingPublishedIsNotToLeaveWithItsChildren() throws Exception {
        fixture.cloneOf(image, "clone-" + UUID.randomUUID());
        race(() -> publish("1", image), () -> fixture.trash().putWhenChildless(ref, null))
                .requireSecondRefused(ProblemType.IMAGE_PUBLISHED);
    }

    @Test
    void imageThatIsToLeaveWithItsChildrenIsNotPublished() throws Exception {
        fixture.cloneOf(image, "clone-" + UUID.randomUUID());
        race(() -> fixture.trash().putWhenChildless(ref, null), () -> publish("1", image))
                .requireSecondRefused(ProblemType.IMAGE_LEAVES);
    }

    @Test
    void imageIsPublishedOnce() throws Exception {
        FamilyName other = new FamilyName("other-" + UUID.randomUUID());
        fixture.bean(Families.class).add(other, "", Labels.none(), SOMEONE);
        race(() -> publish("1", image), () -> publish(new ImageRef.ByVersion(other, new VersionName("1")), image))
                .requireSecondRefused(ProblemType.IMAGE_PUBLISHED);
    }

    @Test
    void wordStandsForOneVersion() throws Exception {
        Image other = fixture.sealedBase("other-" + UUID.randomUUID());
        race(() -> publish("1", image), () -> publish("1", other)).requireSecondRefused(ProblemType.NAME_TAKEN);
    }

    @Test
    void wordThatIsBeingReservedIsNotPublished() throws Exception {
        race(this::reserve, () -> publish("1", image)).requireSecondRefused(ProblemType.NAME_TAKEN);
    }

    @Test
    void wordThatIsBeingPublishedIsNotReserved() throws Exception {
        race(() -> publish("1", image), this::reserve).requireSecondRefused(ProblemType.NAME_TAKEN);
    }

    @Test
    void familyInWhichAWordIsBeingReservedIsNotRemoved() throws Exception {
        race(this::reserve, () -> fixture.bean(Families.class).remove(family, null))
                .requireSecondRefused(ProblemType.FAMILY_HAS_VERSIONS);
    }

    @Test
    void oneOfTwoNewFamiliesGetsTheName() throws Exception {
        FamilyName name = new FamilyName("new-" + UUID.randomUUID());
        Runnable add = () -> fixture.bean(Families.class).add(name, "", Labels.none(), SOMEONE);
        race(add, add).requireSecondRefused(ProblemType.NAME_TAKEN);
    }

    @Test
    void familyInWhichAnImageIsBeingPublishedIsNotRemoved() throws Exception {
        race(() -> publish("1", image), () -> fixture.bean(Families.class).remove(family, null))
                .requireSecondRefused(ProblemType.FAMILY_HAS_VERSIONS);
    }

    @Test
    void nothingIsPublishedInAFamilyThatIsBeingRemoved() throws Exception {
        race(() -> fixture.bean(Families.class).remove(family, null), () -> publish("1", image))
                .requireSecondRefused(ProblemType.NOT_FOUND);
    }

    @Test
    void latestThatIsBeingDeprecatedIsNotClonedAsTheLatest() throws Exception {
        publish("1", image);
        Image newest = publishNewest();
        ImageRef latest = new ImageRef.ByLatest(family);
        Race.Outcome outcome = race(() -> change("2", VersionState.DEPRECATED), () -> cloneAs(latest, newest));
        outcome.requireSecondRefused(ProblemType.IMAGE_NOT_AVAILABLE);
        assertThat(outcome.second()).isInstanceOf(VersionMoved.class);
        assertThat(fixture.images().find(latest).id()).isEqualTo(image.id());
    }

    @Test
    void latestThatIsBeingClonedIsDeprecatedAfterwards() throws Exception {
        publish("1", image);
        Image newest = publishNewest();
        Race.Outcome outcome =
                race(() -> cloneAs(new ImageRef.ByLatest(family), newest), () -> change("2", VersionState.DEPRECATED));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
    }

    @Test
    void versionThatIsBecomingObsoleteIsNotCloned() throws Exception {
        publish("1", image);
        race(() -> change("1", VersionState.OBSOLETE), () -> cloneAs(ref, image))
                .requireSecondRefused(ProblemType.VERSION_OBSOLETE);
    }

    @Test
    void latestThatIsBeingDeprecatedIsNotUpgradedTo() throws Exception {
        publish("1", image);
        publishNewest();
        Image clone = fixture.cloneOf(image, "clone-" + UUID.randomUUID());
        AtomicReference<UUID> onto = new AtomicReference<>();
        Race.Outcome outcome = race(
                () -> change("2", VersionState.DEPRECATED),
                () -> onto.set(upgrade(clone, new ImageRef.ByLatest(family))));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(onto.get()).isEqualTo(image.id());
    }

    @Test
    void latestThatIsBeingUpgradedToIsDeprecatedAfterwards() throws Exception {
        publish("1", image);
        Image newest = publishNewest();
        Image clone = fixture.cloneOf(image, "clone-" + UUID.randomUUID());
        AtomicReference<UUID> onto = new AtomicReference<>();
        Race.Outcome outcome = race(
                () -> onto.set(upgrade(clone, new ImageRef.ByLatest(family))),
                () -> change("2", VersionState.DEPRECATED));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(onto.get()).isEqualTo(newest.id());
    }

    @Test
    void versionThatIsBecomingObsoleteIsNotUpgradedTo() throws Exception {
        publish("1", image);
        publishNewest();
        Image clone = fixture.cloneOf(image, "clone-" + UUID.randomUUID());
        race(() -> change("2", VersionState.OBSOLETE), () -> upgrade(clone, version("2")))
                .requireSecondRefused(ProblemType.VERSION_OBSOLETE);
    }

    @Test
    void versionThatIsBeingUpgradedToIsObsoleteAfterwards() throws Exception {
        publish("1", image);
        publishNewest();
        Image clone = fixture.cloneOf(image, "clone-" + UUID.randomUUID());
        Race.Outcome outcome = race(() -> upgrade(clone, version("2")), () -> change("2", VersionState.OBSOLETE));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
    }

    @Test
    void versionThatIsBeingTakenOutIsNotClonedAsThatVersion() throws Exception {
        publish("1", image);
        Race.Outcome outcome = race(
                () -> fixture.bean(Publishing.class).takeOut(version("1"), null), () -> cloneAs(version("1"), image));
        outcome.requireSecondRefused(ProblemType.IMAGE_NOT_AVAILABLE);
        assertThat(outcome.second()).isInstanceOf(VersionMoved.class);
    }

    @Test
    void versionsOfTwoFamiliesMayComeToReplaceEachOther() throws Exception {
        publish("1", image);
        FamilyName name = new FamilyName("a-" + UUID.randomUUID());
        fixture.bean(Families.class).add(name, "", Labels.none(), SOMEONE);
        ImageRef.ByVersion other = new ImageRef.ByVersion(name, new VersionName("1"));
        publish(other, fixture.sealedBase("other-" + UUID.randomUUID()));
        Race.Outcome outcome = race(() -> replace(version("1"), other), () -> replace(other, version("1")));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
    }

    @Test
    void versionThatIsBeingTakenOutReplacesNothing() throws Exception {
        publish("1", image);
        publishNewest();
        Race.Outcome outcome = race(
                () -> fixture.bean(Publishing.class).takeOut(version("2"), null),
                () -> replace(version("1"), version("2")));
        outcome.requireSecondRefused(ProblemType.NOT_FOUND);
    }

    @ParameterizedTest
    @EnumSource
    void schemaKeepsTheImageOfAVersion(Taking taking) {
        publish("1", image);
        assertThat(refusedBy(taking)).isEqualTo(Constraint.VERSION_IMAGE);
    }

    @ParameterizedTest
    @EnumSource
    void schemaPublishesNoImageThatIsBeingTakenAway(Taking taking) throws Exception {
        Race.Outcome outcome = race(
                () -> {
                    fixture.images().lock(ref);
                    fixture.sql().sql(taking.sql).param("id", image.id()).update();
                },
                () -> {
                    fixture.sql()
                            .sql("select id from image where id = :id for update")
                            .param("id", image.id())
                            .query(Images.ID)
                            .list();
                    insert();
                });
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.first()).isNull();
        assertThat(outcome.second())
                .isNotNull()
                .satisfies(failure ->
                        assertThat(SqlFailures.violatedConstraint(failure)).contains(Constraint.VERSION_IMAGE));
    }

    private String refusedBy(Taking taking) {
        try {
            fixture.transactions()
                    .executeWithoutResult(_ -> fixture.sql()
                            .sql(taking.sql)
                            .param("id", image.id())
                            .update());
            return "nothing";
        } catch (RuntimeException e) {
            return SqlFailures.violatedConstraint(e).orElse("another");
        }
    }

    /** As it is published, with no rule asked. */
    private void insert() {
        fixture.sql()
                .sql("insert into family_version (id, family_id, word, ordinal, image_id, image_clonable, notes,"
                        + " published_at, published_by, updated_at, version) values (:id, :family, 'x', 1, :image,"
                        + " true, '', current_timestamp, '', current_timestamp, 0)")
                .param("id", UUID.randomUUID())
                .param("family", fixture.bean(Families.class).find(family))
                .param("image", image.id())
                .update();
    }

    /** What is asked in the transaction that takes a commit on. */
    private void reserve() {
        Publishing publishing = fixture.bean(Publishing.class);
        publishing.lock(family);
        Image wanted = fixture.catalog().reserve(fixture.wanted("wanted-" + UUID.randomUUID()), SOMEONE);
        publishing.reserve(version("1"), wanted.id(), SOMEONE);
    }

    private Image publishNewest() {
        Image newest = fixture.sealedBase("newest-" + UUID.randomUUID());
        publish("2", newest);
        return newest;
    }

    private void publish(String word, Image published) {
        publish(version(word), published);
    }

    private void publish(ImageRef.ByVersion as, Image published) {
        fixture.bean(Publishing.class).publish(as, ImageRef.of(published.id()), VersionState.ACTIVE, "", SOMEONE);
    }

    private void change(String word, VersionState state) {
        fixture.bean(Publishing.class).change(version(word), null, VersionChange.to(state));
    }

    private void replace(ImageRef.ByVersion old, ImageRef.ByVersion by) {
        fixture.bean(Publishing.class)
                .change(old, null, new VersionChange(null, null, null, null, new VersionChange.Setting<>(by)));
    }

    /** What is asked in the transaction that records a clone, for which a parent was found before by this reference. */
    private void cloneAs(ImageRef as, Image parent) {
        fixture.catalog().addClones(parent, List.of(fixture.wantedClone("clone-" + UUID.randomUUID())), SOMEONE);
        fixture.images().requireStill(as, parent.id());
    }

    /** What is asked in the transaction that takes an upgrade, or a rebase, on. */
    private UUID upgrade(Image clone, ImageRef to) {
        Reworking reworking = fixture.bean(Reworking.class);
        reworking.lock(ImageRef.of(clone.id()), null);
        Image parent = reworking.lockParent(to);
        fixture.bean(FamilyVersions.class).requireClonable(parent);
        return parent.id();
    }

    private ImageRef.ByVersion version(String word) {
        return new ImageRef.ByVersion(family, new VersionName(word));
    }

    private Race.Outcome race(Runnable first, Runnable second) throws Exception {
        return race.run(fixture.contender(first), fixture.contender(second));
    }
}

class FamilyRaceOnH2Tests extends FamilyRaceTests {
    FamilyRaceOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}

class FamilyRaceOnPostgresqlTests extends FamilyRaceTests {
    FamilyRaceOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
