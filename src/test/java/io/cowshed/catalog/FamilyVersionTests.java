package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Versions in the catalogue: what time does to them, which is the latest, and what descends from them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class FamilyVersionTests {

    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    private final CatalogFixture fixture;

    @SuppressWarnings("NullAway.Init")
    FamilyVersionTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @Test
    void datesTakeEffectByThemselves() {
        FamilyName family = family();
        Image first = publish(family, "1");
        Image second = publish(family, "2");
        change(family, "2", null, NOW.plusSeconds(10), NOW.plusSeconds(20));
        ImageRef.ByLatest latest = new ImageRef.ByLatest(family);
        ImageRef.ByVersion newest = new ImageRef.ByVersion(family, new VersionName("2"));

        FamilyVersions before = at(NOW.plusSeconds(9));
        assertThat(before.image(latest)).contains(second.id());
        assertThat(before.find(newest).state(NOW.plusSeconds(9))).isEqualTo(VersionState.ACTIVE);
        FamilyVersions after = at(NOW.plusSeconds(10));
        assertThat(after.image(latest)).contains(first.id());
        assertThat(after.latest(List.of(after.find(newest).familyId()))).containsValue("1");
        assertThat(after.find(newest).state(NOW.plusSeconds(10))).isEqualTo(VersionState.DEPRECATED);
        assertThat(after.requireClonable(second)).isNotNull();
        assertThatThrownBy(() -> at(NOW.plusSeconds(20)).requireClonable(second))
                .isInstanceOf(VersionObsolete.class);
    }

    @Test
    void latestGoesByTheOrderOfPublicationWhateverTheClocksSay() {
        FamilyName family = family();
        publish(family, "9");
        Image later = publish(family, "10");
        fixture.sql()
                .sql("update family_version set published_at = :long where image_id = :id")
                .param("long", NOW.minus(Duration.ofDays(900)).atOffset(ZoneOffset.UTC))
                .param("id", later.id())
                .update();

        assertThat(at(NOW).image(new ImageRef.ByLatest(family))).contains(later.id());
    }

    @Test
    void statesMoveNoMoreOfTheDatesThanTheyMust() {
        Instant past = NOW.minusSeconds(100);
        Instant future = NOW.plusSeconds(100);

        assertDates(changed(null, null, VersionState.DEPRECATED), NOW, null);
        assertDates(changed(null, null, VersionState.OBSOLETE), null, NOW);
        assertDates(changed(past, future, VersionState.DEPRECATED), past, future);
        assertDates(changed(past, future, VersionState.ACTIVE), null, future);
        assertDates(changed(past, past, VersionState.ACTIVE), null, null);
        assertDates(changed(past, past, VersionState.DEPRECATED), past, null);
        assertDates(changed(past, future, VersionState.OBSOLETE), past, NOW);
        assertDates(changed(future, null, VersionState.OBSOLETE), null, NOW);
        assertDates(changed(future, null, VersionState.ACTIVE), future, null);
    }

    @Test
    void datesThatContradictEachOtherOrTheStateAreRefused() {
        FamilyVersion version = version(null, null);
        for (VersionChange wrong : List.of(
                dates(null, NOW.plusSeconds(2), NOW.plusSeconds(1)),
                dates(VersionState.ACTIVE, NOW, null),
                dates(VersionState.DEPRECATED, NOW.plusSeconds(1), null),
                dates(VersionState.OBSOLETE, null, NOW.plusSeconds(1)),
                new VersionChange(
                        null,
                        null,
                        null,
                        null,
                        new VersionChange.Setting<>(
                                new ImageRef.ByVersion(new FamilyName("f"), new VersionName("1")))))) {
            assertThatThrownBy(() -> version.changed(wrong, NOW))
                    .isInstanceOfSatisfying(
                            CowshedException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.INVALID_REQUEST));
        }
    }

    @Test
    void allThatDescendsFromAVersionIsFoundPageByPage() {
        FamilyName family = family();
        Image root = publish(family, "1");
        List<Image> expected = new ArrayList<>(fixture.clonesOf(root, unique(), 7));
        Image middle = fixture.seal(fixture.cloneOf(root, unique()));
        expected.add(middle);
        List<Image> below = fixture.clonesOf(middle, unique(), 4);
        expected.addAll(below);
        for (Image one : below.subList(0, 3)) {
            expected.addAll(fixture.clonesOf(fixture.seal(one), unique(), 2));
        }
        Image second = below.getFirst();
        fixture.bean(Publishing.class).publish(ref(family, "2"), ImageRef.of(second.id()), VersionState.ACTIVE, "", "");
        fixture.trash().put(ImageRef.of(expected.getFirst().id()), null);
        fixture.cloneOf(fixture.sealedBase(unique()), unique());
        List<UUID> ids = expected.stream().map(Image::id).toList();

        Descent descent = fixture.bean(Descent.class);
        for (int limit : new int[] {1, 2, 3, 5, 8, 17, 18, 19, 1000}) {
            assertThat(pages(descent, root.id(), limit)).as("%d", limit).containsExactlyInAnyOrderElementsOf(ids);
        }
        assertThat(pages(descent, root.id(), 3)).isEqualTo(pages(descent, root.id(), 1000));
        assertThat(descent.counts(List.of(root.id(), second.id())))
                .isEqualTo(Map.of(root.id(), (long) ids.size(), second.id(), 2L));
        assertThatThrownBy(() -> descent.page(root.id(), "x!", 3))
                .isInstanceOfSatisfying(
                        CowshedException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.INVALID_REQUEST));
    }

    @Test
    void aWordIsReservedUntilItsImageComesOrGoes() {
        FamilyName family = family();
        ImageRef.ByVersion word = ref(family, "1");
        Publishing publishing = fixture.bean(Publishing.class);
        Image gone = fixture.catalog().reserve(fixture.wanted(unique()), SOMEONE);
        fixture.transactions().executeWithoutResult(_ -> publishing.reserve(word, gone.id(), SOMEONE));
        assertRefused(ProblemType.NAME_TAKEN, () -> publish(family, "1"));
        assertRefused(
                ProblemType.FAMILY_HAS_VERSIONS,
                () -> fixture.bean(Families.class).remove(family, null));
        fixture.catalog().abandon(gone.id());

        Image comes = fixture.catalog().reserve(fixture.wanted(unique()), SOMEONE);
        fixture.transactions().executeWithoutResult(_ -> publishing.reserve(word, comes.id(), "her"));
        fixture.transactions().executeWithoutResult(_ -> {
            publishing.lockReserved(comes.id());
            fixture.bean(Reworking.class)
                    .complete(comes.id(), null, CatalogFixture.LAYOUT, CatalogFixture.digest(1), true);
            publishing.publishReserved(comes.id());
        });
        assertThat(at(NOW).find(word).image()).isEqualTo(comes.id());
        assertThat(at(NOW).find(word).publishedBy()).isEqualTo("her");
        publishing.takeOut(word, null);
        fixture.bean(Families.class).remove(family, null);
    }

    private static void assertRefused(ProblemType type, Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        CowshedException.class, e -> assertThat(e.type()).isEqualTo(type));
    }

    private static List<UUID> pages(Descent descent, UUID root, int limit) {
        List<UUID> found = new ArrayList<>();
        String cursor = null;
        do {
            ImagePage page = descent.page(root, cursor, limit);
            assertThat(page.items()).hasSizeBetween(1, limit);
            page.items().forEach(entry -> found.add(entry.image().id()));
            cursor = page.nextCursor();
        } while (cursor != null);
        return Collections.unmodifiableList(found);
    }

    private static void assertDates(
            FamilyVersion version, @Nullable Instant deprecatedAt, @Nullable Instant obsoleteAt) {
        assertThat(version.deprecatedAt()).isEqualTo(deprecatedAt);
        assertThat(version.obsoleteAt()).isEqualTo(obsoleteAt);
    }

    private static FamilyVersion changed(
            @Nullable Instant deprecatedAt, @Nullable Instant obsoleteAt, VersionState state) {
        FamilyVersion changed = version(deprecatedAt, obsoleteAt).changed(VersionChange.to(state), NOW);
        assertThat(changed.state(NOW)).isEqualTo(state);
        return changed;
    }

    private static FamilyVersion version(@Nullable Instant deprecatedAt, @Nullable Instant obsoleteAt) {
        return new FamilyVersion(
                UUID.randomUUID(),
                UUID.randomUUID(),
                "f",
                "1",
                1,
                UUID.randomUUID(),
                "image",
                "",
                deprecatedAt,
                obsoleteAt,
                null,
                NOW,
                SOMEONE,
                NOW,
                0);
    }

    private static VersionChange dates(
            @Nullable VersionState state, @Nullable Instant deprecatedAt, @Nullable Instant obsoleteAt) {
        return new VersionChange(
                null, state, new VersionChange.Setting<>(deprecatedAt), new VersionChange.Setting<>(obsoleteAt), null);
    }

    private void change(
            FamilyName family,
            String word,
            @Nullable VersionState state,
            @Nullable Instant deprecatedAt,
            @Nullable Instant obsoleteAt) {
        fixture.bean(Publishing.class).change(ref(family, word), null, dates(state, deprecatedAt, obsoleteAt));
    }

    /** The versions, as a replica sees them whose clock shows that time. */
    private FamilyVersions at(Instant time) {
        return new FamilyVersions(fixture.sql(), Clock.fixed(time, ZoneOffset.UTC));
    }

    private FamilyName family() {
        FamilyName name = new FamilyName(unique());
        fixture.bean(Families.class).add(name, "", Labels.none(), SOMEONE);
        return name;
    }

    private Image publish(FamilyName family, String word) {
        Image image = fixture.sealedBase(unique());
        fixture.bean(Publishing.class)
                .publish(ref(family, word), ImageRef.of(image.id()), VersionState.ACTIVE, "", SOMEONE);
        return image;
    }

    private static ImageRef.ByVersion ref(FamilyName family, String word) {
        return new ImageRef.ByVersion(family, new VersionName(word));
    }

    private static String unique() {
        return "n-" + UUID.randomUUID();
    }
}

class FamilyVersionOnH2Tests extends FamilyVersionTests {
    FamilyVersionOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}

class FamilyVersionOnPostgresqlTests extends FamilyVersionTests {
    FamilyVersionOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
