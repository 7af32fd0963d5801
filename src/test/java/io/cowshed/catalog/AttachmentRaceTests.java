package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static io.cowshed.catalog.CatalogFixture.digest;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.attachment.Access;
import io.cowshed.attachment.Attachments;
import io.cowshed.attachment.Lapses;
import io.cowshed.attachment.NewAttachment;
import io.cowshed.operation.Claim;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operations;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Each rule of attachments against two racing transactions, in both orders. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class AttachmentRaceTests {

    private final CatalogFixture fixture;
    private final Race race;
    private ImageRef plain;
    private ImageRef sealed;

    @SuppressWarnings("NullAway.Init")
    AttachmentRaceTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
        race = new Race(fixture.database());
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @BeforeEach
    void addImages() {
        plain = ImageRef.of(fixture.base("plain-" + UUID.randomUUID()).id());
        sealed = ImageRef.of(fixture.sealedBase("sealed-" + UUID.randomUUID()).id());
    }

    @Test
    void imageThatIsBeingAttachedIsNotTrashed() throws Exception {
        race(() -> attach(plain, "a"), () -> fixture.trash().put(plain, null))
                .requireSecondRefused(ProblemType.IMAGE_ATTACHED);
    }

    @Test
    void imageThatIsBeingTrashedIsNotAttached() throws Exception {
        race(() -> fixture.trash().put(plain, null), () -> attach(plain, "a"))
                .requireSecondRefused(ProblemType.IMAGE_NOT_AVAILABLE);
    }

    @Test
    void imageThatIsBeingAttachedIsNotPurged() throws Exception {
        race(() -> attach(sealed, "a"), () -> fixture.catalog().remove(sealed, null))
                .requireSecondRefused(ProblemType.IMAGE_ATTACHED);
    }

    @Test
    void imageThatIsBeingPurgedIsNotAttached() throws Exception {
        race(() -> fixture.catalog().remove(sealed, null), () -> attach(sealed, "a"))
                .requireSecondRefused(ProblemType.NOT_FOUND);
    }

    @Test
    void imageThatIsBeingAttachedIsNotSealed() throws Exception {
        race(() -> attach(plain, "a"), () -> fixture.catalog().seal(plain, digest(1), 4096))
                .requireSecondRefused(ProblemType.IMAGE_ATTACHED);
    }

    @Test
    void imageThatIsBeingSealedIsNotAttachedToBeWrittenTo() throws Exception {
        race(() -> fixture.catalog().seal(plain, digest(1), 4096), () -> attach(plain, "a", Access.RW))
                .requireSecondRefused(ProblemType.IMAGE_SEALED);
    }

    @Test
    void imageThatIsBeingAttachedIsNotUnsealed() throws Exception {
        race(() -> attach(sealed, "a"), () -> fixture.catalog().unseal(sealed))
                .requireSecondRefused(ProblemType.IMAGE_ATTACHED);
    }

    @Test
    void imageThatIsBeingUnsealedIsReadByThoseWhoComeAfter() throws Exception {
        Race.Outcome outcome = race(() -> fixture.catalog().unseal(sealed), () -> attach(sealed, "a", Access.RO));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
    }

    @Test
    void oneOfTwoWritersHasTheImage() throws Exception {
        race(() -> attach(plain, "a"), () -> attach(plain, "b")).requireSecondRefused(ProblemType.IMAGE_ATTACHED);
    }

    @Test
    void oneWhoReadsKeepsAWriterAway() throws Exception {
        race(() -> attach(plain, "a", Access.RO), () -> attach(plain, "b"))
                .requireSecondRefused(ProblemType.IMAGE_ATTACHED);
    }

    @Test
    void oneWhoWritesKeepsAReaderAway() throws Exception {
        race(() -> attach(plain, "a"), () -> attach(plain, "b", Access.RO))
                .requireSecondRefused(ProblemType.IMAGE_ATTACHED);
    }

    @Test
    void holderWhoAsksTwiceAtOnceHasTheImageOnce() throws Exception {
        Race.Outcome outcome = race(() -> attach(plain, "a"), () -> attach(plain, "a"));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(fixture.images().find(plain).attachments()).isEqualTo(1);
    }

    @Test
    void imageThatIsBeingAttachedIsNotRewritten() throws Exception {
        race(() -> attach(plain, "a"), () -> redirect(plain)).requireSecondRefused(ProblemType.IMAGE_ATTACHED);
    }

    @Test
    void imageThatIsToBeRewrittenIsNotAttached() throws Exception {
        race(() -> redirect(plain), () -> attach(plain, "a")).requireSecondRefused(ProblemType.IMAGE_BUSY);
    }

    @Test
    void sealedImageThatIsBeingAttachedIsRewritten() throws Exception {
        Race.Outcome outcome = race(() -> attach(sealed, "a"), () -> redirect(sealed));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
    }

    @Test
    void sealedImageThatIsToBeRewrittenIsNotAttached() throws Exception {
        race(() -> redirect(sealed), () -> attach(sealed, "a")).requireSecondRefused(ProblemType.IMAGE_BUSY);
    }

    @Test
    void holderWhoIsHeardOfInTimeKeepsTheImage() throws Exception {
        UUID id = stale();
        Race.Outcome outcome = race(() -> attachments().heartbeat(id, null), () -> Lapses.lapse(attachments(), id));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
        assertThat(attachments().find(id).lasting()).isTrue();
        assertThat(fixture.images().find(plain).attachments()).isEqualTo(1);
    }

    @Test
    void holderWhoIsHeardOfTooLateIsTold() throws Exception {
        UUID id = stale();
        race(() -> Lapses.lapse(attachments(), id), () -> attachments().heartbeat(id, null))
                .requireSecondRefused(ProblemType.ATTACHMENT_ENDED);
        assertThat(fixture.images().find(plain).attachments()).isZero();
    }

    /** An attachment whose time is over. */
    private UUID stale() {
        UUID id = attachments()
                .attach(plain, new NewAttachment("a", null, null, null, null), SOMEONE)
                .attachment()
                .id();
        fixture.sql()
                .sql("update attachment set expires_at = created_at where id = :id")
                .param("id", id)
                .update();
        return id;
    }

    private Attachments attachments() {
        return fixture.bean(Attachments.class);
    }

    private void attach(ImageRef image, String holder) {
        attach(image, holder, null);
    }

    private void attach(ImageRef image, String holder, @Nullable Access access) {
        attachments().attach(image, new NewAttachment(holder, access, null, null, null), SOMEONE);
    }

    /** What is asked in the transaction that takes a redirect on. */
    private void redirect(ImageRef ref) {
        Image image = fixture.bean(Reworking.class).lock(ref, null);
        image.requireAvailable("redirected");
        fixture.bean(ImageUse.class).requireReplaceable(image, "redirected");
        fixture.bean(Operations.class)
                .submit(new NewOperation(
                        "test", image.id(), image.name(), Map.of(), List.of(Claim.changes(image.id())), SOMEONE));
    }

    private Race.Outcome race(Runnable first, Runnable second) throws Exception {
        return race.run(fixture.contender(first), fixture.contender(second));
    }
}

class AttachmentRaceOnH2Tests extends AttachmentRaceTests {
    AttachmentRaceOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}

class AttachmentRaceOnPostgresqlTests extends AttachmentRaceTests {
    AttachmentRaceOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
