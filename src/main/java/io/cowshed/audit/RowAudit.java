package io.cowshed.audit;

import io.cowshed.audit.AuditStore.Progress;
import io.cowshed.audit.AuditStore.Step;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Inventory;
import io.cowshed.operation.OperationRun;
import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.InspectedFile;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Goes through the rows, by their ids, and looks at the files of each. */
@Component
class RowAudit {

    private static final int PAGE = 200;

    /** What is read of a file to look at it, in bytes: its first cluster, as a rule. */
    static final long LOOK = 65_536;

    private final Inventory inventory;
    private final SecondLook second;
    private final Digests digests;
    private final AuditStore store;
    private final Volume volume;

    RowAudit(Inventory inventory, SecondLook second, Digests digests, AuditStore store, Volume volume) {
        this.inventory = inventory;
        this.second = second;
        this.digests = digests;
        this.store = store;
        this.volume = volume;
    }

    /** Goes on from where an earlier attempt was. */
    void run(OperationRun run, AuditOptions options) throws InterruptedException {
        Judge judge = new Judge(volume);
        Progress progress = store.find(run.id());
        List<Inventory.Entry> page = inventory.after(progress.afterImage(), PAGE);
        while (!page.isEmpty()) {
            volume.requireMounted();
            Page done = new Page(progress);
            for (Inventory.Entry row : page) {
                run.advance(LOOK);
                boolean read = new Look(run, options, judge, done).at(row);
                if (read) {
                    progress = done.commit(run, Step.IMAGES);
                    done = new Page(progress);
                }
            }
            progress = done.commit(run, Step.IMAGES);
            page = inventory.after(progress.afterImage(), PAGE);
        }
        new Page(progress).commit(run, Step.FILES);
    }

    /** What there is to say of a few images, until it is written down. */
    private final class Page {

        private final Progress before;
        private final List<Finding> found = new ArrayList<>();
        private @Nullable UUID last;
        private long images;
        private long verified;
        private long skipped;

        Page(Progress before) {
            this.before = before;
            this.last = before.afterImage();
        }

        Progress commit(OperationRun run, Step step) {
            Progress progress = new Progress(
                    before.audit(),
                    step,
                    last,
                    before.images() + images,
                    before.verified() + verified,
                    before.skipped() + skipped,
                    before.files());
            run.commit(() -> {
                store.record(progress, found);
                return progress;
            });
            return progress;
        }
    }

    /** A look at one image. */
    private final class Look {

        private final OperationRun run;
        private final AuditOptions options;
        private final Judge judge;
        private final Page page;

        Look(OperationRun run, AuditOptions options, Judge judge, Page page) {
            this.run = run;
            this.options = options;
            this.judge = judge;
            this.page = page;
        }

        /** Whether its content was read, too: that is not to be done again. */
        boolean at(Inventory.Entry row) throws InterruptedException {
            page.last = row.id();
            page.images++;
            if (row.state() == ImageState.CREATING) {
                return false;
            }
            List<Finding> found = isFine(row) ? List.of() : second.at(row.id(), judge);
            if (found == null) {
                page.skipped++;
                return false;
            }
            boolean damaged = found.stream()
                    .anyMatch(finding -> finding.kind().isDamage() || finding.kind() == FindingKind.UNREADABLE);
            boolean recovered = found.stream().anyMatch(finding -> finding.kind() == FindingKind.RECOVERED);
            boolean toBeRead = row.sealed() && !damaged && (row.fault() == null ? options.verifyDigests() : recovered);
            if (!toBeRead) {
                page.found.addAll(found);
                return false;
            }
            read(row, found);
            return true;
        }

        private void read(Inventory.Entry row, List<Finding> found) throws InterruptedException {
            Optional<Digests.Verdict> verdict = digests.verify(row.id(), run::advance);
            List<Finding> all = new ArrayList<>(found);
            if (verdict.isEmpty()) {
                page.skipped++;
                all.removeIf(finding -> finding.kind() == FindingKind.RECOVERED);
            } else {
                page.verified++;
                Finding wrong = verdict.get().finding();
                if (wrong != null && row.fault() == null) {
                    all.add(wrong);
                } else if (wrong != null) {
                    // The catalogue calls it damaged, and is right.
                    all.removeIf(finding -> finding.kind() == FindingKind.RECOVERED);
                }
            }
            page.found.addAll(all);
        }

        private boolean isFine(Inventory.Entry row) {
            try {
                return judge.disk(row, inspect(new CataloguedFile.Disk(row.id())))
                                .isEmpty()
                        && (row.seed() == null
                                || judge.seed(row, row.seed(), inspect(row.seed()))
                                        .isEmpty());
            } catch (IOException _) {
                return false;
            }
        }

        private @Nullable InspectedFile inspect(CataloguedFile file) throws IOException {
            return InspectedFile.of(volume.files().path(file)).orElse(null);
        }
    }
}
