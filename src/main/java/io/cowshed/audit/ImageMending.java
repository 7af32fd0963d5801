package io.cowshed.audit;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Inventory;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.Reworking;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.operation.Claims;
import io.cowshed.operation.OperationRun;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.InspectedFile;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Mends what is wrong with an image: its file's permissions; its row, where the file has become another in somebody's hands and
 * can be used all the same; or the row says that the file is damaged, or that it is no more. No file loses or gets content.
 */
@Component
class ImageMending {

    private static final int MAX_FAULT = 1000;
    private static final String QCOW2 = "qcow2";

    private final Inventory inventory;
    private final Images images;
    private final ImageFiles files;
    private final Lineages lineages;
    private final ImageUse use;
    private final Reworking reworking;
    private final Claims claims;
    private final AuditStore store;
    private final Volume volume;

    ImageMending(
            Inventory inventory,
            Images images,
            ImageFiles files,
            Lineages lineages,
            ImageUse use,
            Reworking reworking,
            Claims claims,
            AuditStore store,
            Volume volume) {
        this.inventory = inventory;
        this.images = images;
        this.files = files;
        this.lineages = lineages;
        this.use = use;
        this.reworking = reworking;
        this.claims = claims;
        this.store = store;
        this.volume = volume;
    }

    /**
     * Mends it, and writes that down; or answers {@link Outcome#PASSED} where there is nothing to mend any more.
     *
     * @throws CowshedException when that cannot be, and why
     */
    Outcome mend(OperationRun run, FindingKind kind, ListedFinding finding, Judge judge) throws InterruptedException {
        Inventory.Entry row =
                inventory.find(Objects.requireNonNull(finding.image())).orElse(null);
        if (row == null) {
            return Outcome.PASSED;
        }
        Task task = new Task(run, kind, finding, judge, row);
        if (row.seed() != null && row.seed().relativePath().equals(finding.file())) {
            return task.mendSeed(row.seed());
        }
        if (!finding.file().equals(Volume.relativePath(row.id()))) {
            return Outcome.PASSED;
        }
        if (volume.status(row.id()).isEmpty()) {
            return kind == FindingKind.FILE_MISSING || kind == FindingKind.NOT_AN_IMAGE
                    ? task.fail(null)
                    : Outcome.PASSED;
        }
        if (kind == FindingKind.BACKING_NAME
                && task.isParentByAnotherName(volume.headers().of(row.id()))) {
            try (HeldImage held = volume.holdForWriting(row.id())) {
                return task.rename(held);
            }
        }
        // What is sealed may be read for hours, to be told from what was sealed, and by guests all the while.
        try (HeldImage held = row.sealed() ? volume.share(row.id()) : volume.hold(row.id())) {
            return task.mend(held);
        }
    }

    /** One finding, and the row as it is now. */
    private final class Task {

        private final OperationRun run;
        private final FindingKind kind;
        private final ListedFinding finding;
        private final Judge judge;
        private final Inventory.Entry row;

        Task(OperationRun run, FindingKind kind, ListedFinding finding, Judge judge, Inventory.Entry row) {
            this.run = run;
            this.kind = kind;
            this.finding = finding;
            this.judge = judge;
            this.row = row;
        }

        Outcome mendSeed(CataloguedFile.Seed seed) {
            if (kind != FindingKind.MODE) {
                throw new CowshedException(
                        ProblemType.INVALID_IMAGE,
                        "What it was made from is still there.",
                        "Have it made again: GET /api/v1/images/" + row.id() + "/seed and PUT the same.");
            }
            try (HeldImage held = volume.hold(seed)) {
                return commit(() -> {
                    if (judge.seed(row, seed, held.inspect()).stream().noneMatch(this::isThis)) {
                        return Outcome.PASSED;
                    }
                    held.unseal();
                    return Outcome.MENDED;
                });
            }
        }

        Outcome setMode(HeldImage held) {
            return commit(() -> {
                if (isNot(held.inspect())) {
                    return Outcome.PASSED;
                }
                if (row.sealed()) {
                    held.seal();
                } else {
                    held.unseal();
                }
                return Outcome.MENDED;
            });
        }

        Outcome mend(HeldImage held) throws InterruptedException {
            return switch (kind) {
                case FILE_MISSING, NOT_AN_IMAGE, WRONG_IMAGE -> fail(held);
                case DIGEST -> digest(held).equals(row.digest()) ? Outcome.PASSED : fail(held);
                case RECOVERED -> recover(held);
                case MODE -> setMode(held);
                case PARENT, VIRTUAL_SIZE, BACKING_NAME -> canBeAdopted(held.inspect()) ? adopt(held) : fail(held);
                case NO_IDENTITY, UNREADABLE, GROUP, CORRUPT, DIRTY, STRANGER, LEFTOVER ->
                    throw new IllegalStateException(kind.word());
            };
        }

        /** Whether it lies on what it should lie on, by a path, or without saying of which format that is. */
        boolean isParentByAnotherName(Qcow2Header header) {
            String name = header.backingName();
            return !row.sealed()
                    && row.fault() == null
                    && row.parent() != null
                    && name != null
                    && name.substring(name.lastIndexOf('/') + 1).equals(Volume.backingName(row.parent()))
                    && (header.backingFormat() == null || header.backingFormat().equals(QCOW2));
        }

        /** Gives the parent the only name that holds wherever the volume is mounted. */
        Outcome rename(HeldImage held) {
            UUID parent = Objects.requireNonNull(row.parent());
            Outcome outcome = commit(() -> {
                claims.requireNone(row.id());
                return Outcome.KEPT;
            });
            if (outcome == Outcome.PASSED || isNot(held.inspect())) {
                return Outcome.PASSED;
            }
            BackingResolver siblings = volume.disks().backings(lineages.chain(parent));
            BackingResolver named = (file, _, _) -> siblings.resolve(file, Volume.backingName(parent), QCOW2);
            try (WritableQcow2Image image = WritableQcow2Image.open(held.file(), named)) {
                image.changeBacking(Volume.backingName(parent));
            } catch (IOException e) {
                throw new CowshedException(
                        ProblemType.INVALID_IMAGE,
                        "The name of its parent cannot be mended: " + e.getMessage() + ".",
                        "Mend it with qemu-img rebase -u, while nobody has it open.",
                        e);
            }
            held.backdate();
            return commit(() -> Outcome.MENDED);
        }

        /** Whether the file can be used as it has become. What is sealed never becomes another. */
        private boolean canBeAdopted(InspectedFile file) {
            return !row.sealed()
                    && row.fault() == null
                    && file.header() != null
                    && file.identity()
                            .filter(self -> self.id().equals(row.id()))
                            .isPresent()
                    && (file.backingName().isEmpty()
                            || file.parent().filter(this::canBeParent).isPresent());
        }

        private boolean canBeParent(UUID parent) {
            return !parent.equals(row.id())
                    && inventory
                            .find(parent)
                            .filter(found -> found.sealed() && found.state() == ImageState.AVAILABLE)
                            .isPresent();
        }

        private Outcome adopt(HeldImage held) {
            InspectedFile file = held.inspect();
            return commit(() -> {
                if (isNot(file)) {
                    return Outcome.PASSED;
                }
                UUID parent = file.parent().orElse(null);
                reworking.adoptFile(row.id(), parent, layout(held), known(held));
                if (parent != null) {
                    claims.requireStaying(parent);
                }
                return Outcome.MENDED;
            });
        }

        private Layout layout(HeldImage held) {
            InspectedFile file = held.inspect();
            return new Layout(
                    Objects.requireNonNull(file.header()).virtualSize(),
                    held.status().allocatedSize(),
                    file.header().geometry().clusterSize());
        }

        private @Nullable KnownDigest known(HeldImage held) {
            FileStamp stamp = FileStamp.of(held.status());
            return images.find(ImageRef.of(row.id()))
                    .digestKnownFor(stamp)
                    .map(digest -> new KnownDigest(digest, stamp))
                    .orElse(null);
        }

        private Outcome recover(HeldImage held) throws InterruptedException {
            if (row.sealed() && !digest(held).equals(row.digest())) {
                return Outcome.PASSED;
            }
            return commit(() -> {
                if (isNot(held.inspect())) {
                    return Outcome.PASSED;
                }
                reworking.recover(row.id());
                return Outcome.MENDED;
            });
        }

        /** The catalogue vouches for the file no more. */
        Outcome fail(@Nullable HeldImage held) {
            String fault = "Its file is not what it should be. " + finding.detail();
            return commit(() -> {
                boolean still = kind == FindingKind.DIGEST
                        || judge.disk(row, held == null ? unheld() : held.inspect()).stream()
                                .anyMatch(this::isThis);
                if (!still || row.fault() != null) {
                    return Outcome.PASSED;
                }
                // One that is about to lie on it needs it as a parent.
                claims.requireNone(row.id());
                reworking.fail(row.id(), fault.length() <= MAX_FAULT ? fault : fault.substring(0, MAX_FAULT - 1) + "…");
                return Outcome.MENDED;
            });
        }

        /** What there is no file to hold of; or there is again. */
        private @Nullable InspectedFile unheld() {
            try {
                InspectedFile file = InspectedFile.of(volume.files().path(new CataloguedFile.Disk(row.id())))
                        .orElse(null);
                volume.requireMounted();
                return file;
            } catch (IOException e) {
                throw new CowshedException(
                        ProblemType.VOLUME_UNAVAILABLE, "It cannot be read: " + e.getMessage() + ".", null, e);
            }
        }

        private String digest(HeldImage held) throws InterruptedException {
            try (DiskImage disk = files.open(held)) {
                return ContentDigest.of(disk, run::advance);
            } catch (IOException e) {
                throw new CowshedException(
                        ProblemType.INVALID_IMAGE, "Its content cannot be read: " + e.getMessage() + ".", null, e);
            }
        }

        private boolean isThis(Finding found) {
            return found.kind() == kind;
        }

        private boolean isNot(InspectedFile file) {
            return judge.disk(row, file).stream().noneMatch(this::isThis);
        }

        @FunctionalInterface
        private interface Step {
            Outcome take();
        }

        /** Takes a step while the row is locked and is what it was, and nobody else has an interest in the image. */
        private Outcome commit(Step step) {
            return run.commit(() -> {
                Image image = images.lock(ImageRef.of(row.id()));
                if (!inventory.find(row.id()).equals(Optional.of(row))) {
                    return Outcome.PASSED;
                }
                claims.requireUnchanging(image.id());
                use.requireNoWriter(image, "mended");
                Outcome outcome = step.take();
                if (outcome == Outcome.MENDED) {
                    store.decide(run.id(), finding, outcome, null);
                }
                return outcome;
            });
        }
    }
}
