package io.cowshed.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.operation.Claim;
import io.cowshed.operation.Claim.Need;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operations;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.dao.DataIntegrityViolationException;

/** Claims of operations against each other and against changes of the image, in two racing transactions, in both orders. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ClaimRaceTests {

    private final CatalogFixture fixture;
    private final Race race;
    private Image image;
    private ImageRef ref;

    @SuppressWarnings("NullAway.Init")
    ClaimRaceTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
        race = new Race(fixture.database());
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @BeforeEach
    void addImage() {
        image = fixture.sealedBase("claimed-" + UUID.randomUUID());
        ref = ImageRef.of(image.id());
    }

    @ParameterizedTest
    @EnumSource
    void onlySharedClaimsGoTogether(Need first) throws Exception {
        for (Need second : Need.values()) {
            addImage();
            Race.Outcome outcome = race(claim(first), claim(second));
            assertThat(outcome.secondWaited()).isTrue();
            if (isExclusive(first) || isExclusive(second)) {
                outcome.requireSecondRefused(ProblemType.IMAGE_BUSY);
                assertThat(claims()).isEqualTo(1);
            } else {
                assertThat(outcome.bothCommitted()).as("%s, %s", first, second).isTrue();
                assertThat(claims()).isEqualTo(2);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClaimedImageIsNotRemoved(Need need) throws Exception {
        race(claim(need), catalog -> catalog.remove(ref, null)).requireSecondRefused(ProblemType.IMAGE_BUSY);
    }

    @ParameterizedTest
    @EnumSource
    void aRemovedImageIsNotClaimed(Need need) throws Exception {
        race(catalog -> catalog.remove(ref, null), claim(need)).requireSecondRefused(ProblemType.NOT_FOUND);
    }

    @ParameterizedTest
    @EnumSource
    void aClaimedImageIsNotUnsealed(Need need) throws Exception {
        race(claim(need), catalog -> catalog.unseal(ref)).requireSecondRefused(ProblemType.IMAGE_BUSY);
    }

    @Test
    void anUnsealedImageIsNoParentToBe() throws Exception {
        race(catalog -> catalog.unseal(ref), claim(Need.STAYS_PARENT))
                .requireSecondRefused(ProblemType.IMAGE_NOT_SEALED);
    }

    @ParameterizedTest
    @EnumSource(names = {"CHANGES", "READS"})
    void anUnsealedImageIsClaimedInOtherWays(Need need) throws Exception {
        Race.Outcome outcome = race(catalog -> catalog.unseal(ref), claim(need));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"CHANGES", "READS"})
    void aClaimedImageIsNotSealed(Need need) throws Exception {
        thaw();
        race(claim(need), this::seal).requireSecondRefused(ProblemType.IMAGE_BUSY);
    }

    @ParameterizedTest
    @EnumSource
    void aSealedImageIsClaimed(Need need) throws Exception {
        thaw();
        Race.Outcome outcome = race(this::seal, claim(need));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).isTrue();
    }

    /** The rows themselves forbid it: nobody has asked for claims here. */
    @Test
    void theParentOfAnOperationDoesNotGoToTheTrash() throws Exception {
        Race.Outcome outcome = race(claim(Need.STAYS_PARENT), _ -> fixture.trashRow(image.id()));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.first()).isNull();
        assertThat(outcome.second()).isInstanceOf(DataIntegrityViolationException.class);
    }

    @Test
    void anImageInTheTrashIsNoParentToBe() throws Exception {
        Race.Outcome outcome = race(_ -> fixture.trashRow(image.id()), claim(Need.STAYS_PARENT));
        outcome.requireSecondRefused(ProblemType.IMAGE_NOT_AVAILABLE);
    }

    /** As above, also against an operation that forgot to look. */
    @Test
    void theRowsRefuseAClaimOnAParentThatIsNone() throws Exception {
        Race.Outcome outcome = race(_ -> fixture.trashRow(image.id()), _ -> {
            fixture.images().lock(ref);
            submit(Need.STAYS_PARENT);
        });
        assertThat(outcome.first()).isNull();
        assertThat(outcome.second()).isInstanceOf(DataIntegrityViolationException.class);
        assertThat(claims()).isZero();
    }

    @Test
    void theRowsKeepAClaimedImage() throws Exception {
        Race.Outcome outcome = race(
                claim(Need.READS),
                _ -> fixture.sql()
                        .sql("delete from image where id = :id")
                        .param("id", image.id())
                        .update());
        assertThat(outcome.first()).isNull();
        assertThat(outcome.second()).isInstanceOf(DataIntegrityViolationException.class);
    }

    @ParameterizedTest
    @EnumSource
    void aClaimedImageIsDescribedAllTheSame(Need need) throws Exception {
        ImageChange change = new ImageChange(null, "in work", Map.of(), null, null, null, null);
        assertThat(race(claim(need), catalog -> catalog.change(ref, null, change))
                        .bothCommitted())
                .isTrue();
    }

    private void thaw() {
        fixture.transactions().executeWithoutResult(_ -> fixture.catalog().unseal(ref));
    }

    private void seal(Catalog catalog) {
        catalog.seal(ref, CatalogFixture.digest(1), 4096);
    }

    /** As verbs do it: the row is locked, and a parent to be is looked at. */
    private Consumer<Catalog> claim(Need need) {
        return _ -> {
            Image locked = fixture.images().lock(ref);
            if (need == Need.STAYS_PARENT) {
                locked.requireClonable();
            }
            submit(need);
        };
    }

    /** Of a kind that no replica knows, so that it stays. */
    private void submit(Need need) {
        fixture.bean(Operations.class)
                .submit(new NewOperation(
                        "unknown",
                        image.id(),
                        image.name(),
                        Map.of(),
                        List.of(new Claim(image.id(), need)),
                        CatalogFixture.SOMEONE));
    }

    private static boolean isExclusive(Need need) {
        return need == Need.CHANGES || need == Need.REMOVES;
    }

    private long claims() {
        return fixture.sql()
                .sql("select count(*) from operation_claim where image_id = :id")
                .param("id", image.id())
                .query(Long.class)
                .single();
    }

    private Race.Outcome race(Consumer<Catalog> first, Consumer<Catalog> second) throws Exception {
        return race.run(
                fixture.contender(() -> first.accept(fixture.catalog())),
                fixture.contender(() -> second.accept(fixture.catalog())));
    }
}

class ClaimRaceOnH2Tests extends ClaimRaceTests {
    ClaimRaceOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}

class ClaimRaceOnPostgresqlTests extends ClaimRaceTests {
    ClaimRaceOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
