package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.LAYOUT;
import static io.cowshed.catalog.CatalogFixture.MIB;
import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static io.cowshed.catalog.CatalogFixture.digest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.dao.DataIntegrityViolationException;

/** Each rule of the catalogue, one transaction after the other. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CatalogTests {

    private static final ImageChange PROTECT = new ImageChange(null, null, Map.of(), true, null, null, null);

    private final CatalogFixture fixture;
    private final Catalog catalog;

    CatalogTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind, "cowshed.max-depth=3");
        catalog = fixture.catalog();
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @Test
    void clonesAnImageOnceItIsSealed() {
        Image base = fixture.base(name());
        assertRefused(() -> fixture.cloneOf(base, name()), ProblemType.IMAGE_NOT_SEALED);
        fixture.seal(base);
        Image clone = fixture.cloneOf(base, name());

        ImageEntry entry = fixture.listing().entry(ImageRef.parse(clone.name()));
        assertThat(entry.image().id()).isEqualTo(clone.id());
        assertThat(entry.image().isSealed()).isFalse();
        assertThat(entry.depth()).isEqualTo(1);
        assertThat(entry.parent()).isEqualTo(new ImageLink(base.id(), base.name(), ImageState.AVAILABLE));
        assertThat(fixture.listing().entry(ref(base)).children()).isOne();
    }

    @Test
    void readsBackWhatWasWritten() {
        Instant now = Instant.parse("2030-01-02T03:04:05.123456789Z");
        NewImage wanted = new NewImage(
                fixture.newId(),
                new ImageName(name()),
                "Zeile eins\nline two ✓",
                new Labels(Map.of("team", "net", "empty", "")),
                fixture.bean(LeaseTerms.class).begin(now, Duration.ofHours(8), OnExpire.DELETE, new ImageName("copy")));
        Image written = catalog.addBase(wanted, LAYOUT, SOMEONE);
        Image read = fixture.listing().entry(ImageRef.of(wanted.id())).image();

        assertThat(read).usingRecursiveComparison().ignoringFields("labels").isEqualTo(written);
        assertThat(read.labels()).isEqualTo(wanted.labels());
        assertThat(read.lease()).isEqualTo(wanted.lease());
        assertThat(read.requireDisposable().expiresAt()).isEqualTo("2030-01-02T11:04:05.123456Z");
        assertThat(read.virtualSize()).isEqualTo(10 * MIB);
        assertThat(read.version()).isZero();
    }

    @Test
    void reservesANameUntilTheImageIsCompleteOrGivenUp() {
        NewImage wanted = fixture.wanted(name());
        catalog.reserve(wanted, SOMEONE);
        assertThat(fixture.images().creating()).contains(wanted.id());
        assertRefused(() -> fixture.base(wanted.name().value()), ProblemType.NAME_TAKEN);
        assertRefused(() -> catalog.remove(ImageRef.of(wanted.id()), null), ProblemType.IMAGE_NOT_AVAILABLE);

        catalog.abandon(wanted.id());
        catalog.abandon(wanted.id());
        assertThat(fixture.images().exists(wanted.id())).isFalse();
        Image second = catalog.reserve(fixture.wanted(wanted.name().value()), SOMEONE);
        Image complete = catalog.complete(second.id(), LAYOUT, digest(2));
        assertThat(complete.state()).isEqualTo(ImageState.AVAILABLE);
        assertThat(complete.digestKnownFor(digest(2).stamp()))
                .contains(digest(2).digest());
        assertThat(complete.digestKnownFor(new FileStamp(4096, 18))).isEmpty();

        catalog.abandon(second.id());
        assertThat(fixture.images().exists(second.id())).isTrue();
        assertRefused(() -> catalog.complete(second.id(), LAYOUT, null), ProblemType.IMAGE_NOT_AVAILABLE);
    }

    @Test
    void addsAllClonesOrNone() {
        Image base = fixture.sealedBase(name());
        String taken = fixture.base(name()).name();
        String free = name();
        assertRefused(
                () -> catalog.addClones(base, List.of(fixture.wantedClone(free), fixture.wantedClone(taken)), SOMEONE),
                ProblemType.NAME_TAKEN);
        assertRefused(
                () -> catalog.addClones(base, List.of(fixture.wantedClone(free), fixture.wantedClone(free)), SOMEONE),
                ProblemType.INVALID_REQUEST);
        assertRefused(() -> fixture.images().find(ImageRef.parse(free)), ProblemType.NOT_FOUND);

        assertThat(fixture.clonesOf(base, name(), 100)).hasSize(100);
        assertThat(fixture.listing().entry(ref(base)).children()).isEqualTo(100);
    }

    @Test
    void countsChildrenAsTheyComeAndGo() {
        Image base = fixture.sealedBase(name());
        List<Image> clones = fixture.clonesOf(base, name(), 10);
        assertThat(fixture.childCounts(base.id())).containsExactly(10L, 10L);

        fixture.trash().put(ImageRef.of(clones.get(0).id()), null);
        assertThat(fixture.childCounts(base.id())).containsExactly(10L, 10L);
        catalog.remove(ref(clones.get(0)), null);
        catalog.remove(ref(clones.get(1)), null);
        assertThat(fixture.childCounts(base.id())).containsExactly(8L, 8L);

        catalog.change(ref(clones.get(2)), null, PROTECT);
        assertRefused(() -> catalog.remove(ref(clones.get(2)), null), ProblemType.IMAGE_PROTECTED);
        assertRefused(() -> fixture.cloneOf(base, clones.get(2).name()), ProblemType.NAME_TAKEN);
        fixture.transactions().executeWithoutResult(status -> {
            fixture.clonesOf(base, name(), 2);
            catalog.remove(ref(clones.get(3)), null);
            status.setRollbackOnly();
        });
        assertThat(fixture.childCounts(base.id())).containsExactly(8L, 8L);
        assertThat(fixture.images().find(ref(base)).version()).isEqualTo(base.version());
    }

    @Test
    void keepsTheCounterWhenTheParentItselfIsChanged() {
        Image base = fixture.sealedBase(name());
        fixture.clonesOf(base, name(), 3);
        catalog.change(ref(base), Set.of(base.version()), labels(Map.of("a", "1")));
        assertThat(fixture.childCounts(base.id())).containsExactly(3L, 3L);
    }

    @Test
    void rulesAskTheRowsAndNotTheCounter() {
        Image base = fixture.sealedBase(name());
        fixture.cloneOf(base, name());
        fixture.sql()
                .sql("update image set child_count = 0 where id = :id")
                .param("id", base.id())
                .update();
        assertRefused(() -> catalog.unseal(ref(base)), ProblemType.IMAGE_HAS_CHILDREN);
        assertRefused(() -> catalog.remove(ref(base), null), ProblemType.IMAGE_HAS_CHILDREN);
    }

    @Test
    void namesTheHolderOfATakenName() {
        Image holder = fixture.base(name());
        assertThatThrownBy(() -> fixture.base(holder.name()))
                .isInstanceOfSatisfying(
                        NameTaken.class, e -> assertThat(e.members()).containsEntry("holder", holder.id()));
    }

    @Test
    void nameInTheTrashIsFree() {
        Image trashed = fixture.base(name());
        fixture.trash().put(ImageRef.of(trashed.id()), null);
        Image second = fixture.base(trashed.name());
        assertThat(fixture.images().find(ImageRef.parse(trashed.name())).id()).isEqualTo(second.id());
        assertThat(fixture.images().find(ref(trashed)).state()).isEqualTo(ImageState.TRASHED);
    }

    @Test
    void refusesAClonePastTheDepthLimit() {
        Image image = fixture.sealedBase(name());
        for (int depth = 1; depth <= 3; depth++) {
            image = fixture.seal(fixture.cloneOf(image, name()));
            assertThat(fixture.listing().entry(ref(image)).depth()).isEqualTo(depth);
        }
        Image deepest = image;
        assertRefused(() -> fixture.cloneOf(deepest, name()), ProblemType.DEPTH_LIMIT);
    }

    @Test
    void refusesACloneThatCutsItsParentsDiskOff() {
        Image base = fixture.sealedBase(name());
        NewClone smaller = new NewClone(fixture.wanted(name()), new Layout(10 * MIB - 512, 0, 65536));
        assertRefused(() -> catalog.addClones(base, List.of(smaller), SOMEONE), ProblemType.INVALID_REQUEST);
        NewClone larger = new NewClone(fixture.wanted(name()), new Layout(20 * MIB, 0, 65536));
        assertThat(catalog.addClones(base, List.of(larger), SOMEONE)).hasSize(1);
    }

    @Test
    void childrenInTheTrashKeepTheirParent() {
        Image base = fixture.sealedBase(name());
        Image child = fixture.cloneOf(base, name());
        fixture.trash().put(ImageRef.of(child.id()), null);

        for (ThrowingCallable call :
                List.<ThrowingCallable>of(() -> catalog.unseal(ref(base)), () -> catalog.remove(ref(base), null))) {
            assertThatThrownBy(call)
                    .isInstanceOfSatisfying(
                            ImageHasChildren.class,
                            e -> assertThat(e.members())
                                    .containsEntry("childrenCount", 1L)
                                    .containsEntry(
                                            "children", List.of(Map.of("id", child.id(), "name", child.name()))));
        }
        catalog.remove(ref(child), null);
        assertThat(catalog.unseal(ref(base)).isSealed()).isFalse();
        assertThat(catalog.remove(ref(base), null).id()).isEqualTo(base.id());
        assertRefused(() -> fixture.images().find(ref(base)), ProblemType.NOT_FOUND);
    }

    @Test
    void namesSomeChildrenAndCountsAll() {
        Image base = fixture.sealedBase(name());
        fixture.clonesOf(base, name(), 25);
        assertThatThrownBy(() -> catalog.unseal(ref(base))).isInstanceOfSatisfying(ImageHasChildren.class, e -> {
            assertThat(e.members()).containsEntry("childrenCount", 25L);
            assertThat((List<?>) e.members().get("children")).hasSize(10);
        });
    }

    @Test
    void sealingAndUnsealingTwiceChangesNothingMore() {
        Image base = fixture.sealedBase(name());
        assertThat(base.digest()).isEqualTo(digest(1).digest());
        assertThat(catalog.seal(ref(base), digest(9), 1).digest())
                .isEqualTo(digest(1).digest());
        Image thawed = catalog.unseal(ref(base));
        assertThat(thawed.digest()).isNull();
        assertThat(thawed.digestKnownFor(digest(1).stamp())).contains(digest(1).digest());
        assertThat(catalog.unseal(ref(base)).version()).isEqualTo(thawed.version());
    }

    @Test
    void protectedImageIsNotRemoved() {
        Image base = fixture.base(name());
        catalog.change(ref(base), null, PROTECT);
        assertRefused(() -> catalog.remove(ref(base), null), ProblemType.IMAGE_PROTECTED);
    }

    @Test
    void mergesLabelsAndKeepsWhatIsNotNamed() {
        Image base = fixture.base(name());
        catalog.change(ref(base), null, labels(Map.of("a", "1", "b", "2")));
        Map<String, @Nullable String> second = new HashMap<>();
        second.put("a", null);
        second.put("c", "3");
        Image changed = catalog.change(ref(base), null, labels(second));

        assertThat(changed.labels().values()).isEqualTo(Map.of("b", "2", "c", "3"));
        assertThat(fixture.listing().entry(ref(base)).image().labels()).isEqualTo(changed.labels());
        assertThat(changed.version()).isEqualTo(2);
    }

    @Test
    void refusesAChangeOfAnotherVersion() {
        Image base = fixture.base(name());
        catalog.change(ref(base), Set.of(base.version()), labels(Map.of("a", "1")));
        assertRefused(
                () -> catalog.change(ref(base), Set.of(base.version()), labels(Map.of())),
                ProblemType.PRECONDITION_FAILED);
        assertRefused(() -> catalog.remove(ref(base), Set.of(base.version())), ProblemType.PRECONDITION_FAILED);
    }

    @Test
    void renames() {
        Image base = fixture.base(name());
        String other = fixture.base(name()).name();
        assertRefused(() -> catalog.change(ref(base), null, rename(other)), ProblemType.NAME_TAKEN);
        String free = name();
        catalog.change(ref(base), null, rename(free));
        catalog.change(ref(base), null, rename(free));
        assertThat(fixture.images().find(ImageRef.parse(free)).id()).isEqualTo(base.id());
        assertRefused(() -> fixture.images().find(ImageRef.parse(base.name())), ProblemType.NOT_FOUND);
    }

    @Test
    void expiryBelongsToDisposableImages() {
        Instant expiry = Instant.parse("2030-01-01T00:00:00Z");
        Image base = fixture.base(name());
        assertRefused(
                () -> catalog.change(ref(base), null, new ImageChange(null, null, Map.of(), null, expiry, null, null)),
                ProblemType.INVALID_REQUEST);
    }

    @Test
    void findsNothingByAnUnknownName() {
        assertRefused(() -> fixture.images().find(ImageRef.parse("no-such-image")), ProblemType.NOT_FOUND);
        assertRefused(() -> catalog.unseal(ImageRef.of(UUID.randomUUID())), ProblemType.NOT_FOUND);
    }

    @Test
    void schemaRefusesRowsThatCannotBe() {
        for (String wrong : List.of(
                "clonable = true",
                "state = 'gone'",
                "sealed = true",
                "live_name = 'another'",
                "live_name = null",
                "name = 'a b', live_name = 'a b'",
                "parent_id = id, parent_clonable = true",
                "parent_clonable = true",
                "virtual_size = -1",
                "child_count = -1",
                "cluster_size = 100",
                "digest = 'x'",
                "lifetime = 'disposable'",
                "known_digest_size = 1",
                "trashed_at = created_at",
                "remove_when_childless = true",
                "state = 'trashed', live_name = null",
                "state = 'trashed', live_name = null, trashed_at = created_at, protected = true")) {
            Image base = fixture.base(name());
            assertThatThrownBy(() -> fixture.sql()
                            .sql("update image set " + wrong + " where id = ?")
                            .param(base.id())
                            .update())
                    .as(wrong)
                    .isInstanceOf(DataIntegrityViolationException.class);
        }
    }

    private static ImageChange labels(Map<String, @Nullable String> labels) {
        return new ImageChange(null, null, labels, null, null, null, null);
    }

    private static ImageChange rename(String name) {
        return new ImageChange(new ImageName(name), null, Map.of(), null, null, null, null);
    }

    private static ImageRef ref(Image image) {
        return ImageRef.of(image.id());
    }

    private static String name() {
        return "image-" + UUID.randomUUID();
    }

    private static void assertRefused(ThrowingCallable call, ProblemType type) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        CowshedException.class, e -> assertThat(e.type()).isEqualTo(type));
    }
}
