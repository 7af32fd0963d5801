package io.cowshed.audit;

import io.cowshed.catalog.Images;
import io.cowshed.catalog.Settlement;
import io.cowshed.operation.OperationRun;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.Quarantine;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeEntry;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Mends what an audit has written down, one finding after the other. Each is looked at once more, under the locks that keep
 * everybody else away, and what is done about it is committed with what is written down about that. So an attempt that dies on
 * the way leaves each of them undone or done, and the next goes on with those that are not written down as done.
 */
@Component
class Mending {

    private static final int PAGE = 100;

    private final AuditStore store;
    private final ImageMending images;
    private final NameAudit names;
    private final Images catalogued;
    private final Settlement settlement;
    private final AuditProperties properties;
    private final Volume volume;
    private final Clock clock;

    Mending(
            AuditStore store,
            ImageMending images,
            NameAudit names,
            Images catalogued,
            Settlement settlement,
            AuditProperties properties,
            Volume volume,
            Clock clock) {
        this.store = store;
        this.images = images;
        this.names = names;
        this.catalogued = catalogued;
        this.settlement = settlement;
        this.properties = properties;
        this.volume = volume;
        this.clock = clock;
    }

    /** Mends what there is to mend. */
    void run(OperationRun run, AuditOptions options) throws InterruptedException {
        Round round = new Round(run, options);
        List<ListedFinding> page = store.undecided(run.id(), 0, PAGE);
        while (!page.isEmpty()) {
            volume.requireMounted();
            for (ListedFinding finding : page) {
                run.advance(0);
                round.take(finding);
            }
            page = store.undecided(run.id(), page.getLast().number(), PAGE);
        }
    }

    /** What one attempt does. */
    private final class Round {

        private final OperationRun run;
        private final AuditOptions options;
        private final Judge judge = new Judge(volume);
        private final Quarantine quarantine = volume.quarantine(catalogued::exists);
        private boolean swept;

        /** The last image that was mended: what else was wrong with it may have been mended by the same. */
        private @Nullable UUID mended;

        Round(OperationRun run, AuditOptions options) {
            this.run = run;
            this.options = options;
        }

        void take(ListedFinding finding) throws InterruptedException {
            FindingKind kind = FindingKind.find(finding.kind()).orElse(null);
            if (kind == null) {
                return;
            }
            boolean wanted =
                    kind == FindingKind.STRANGER ? options.quarantine() : options.mend() == AuditOptions.Mend.SAFE;
            if (!wanted) {
                return;
            }
            try {
                mend(kind, finding);
            } catch (CowshedException e) {
                if (e.type() == ProblemType.DATABASE_UNAVAILABLE) {
                    throw e;
                }
                volume.requireMounted();
                decide(finding, Outcome.KEPT, e.detail() + (e.action() == null ? "" : " " + e.action()));
            }
        }

        private void mend(FindingKind kind, ListedFinding finding) throws InterruptedException {
            switch (kind) {
                case STRANGER -> putAside(finding);
                case LEFTOVER -> sweep(finding);
                case FILE_MISSING,
                        NOT_AN_IMAGE,
                        WRONG_IMAGE,
                        BACKING_NAME,
                        PARENT,
                        VIRTUAL_SIZE,
                        DIGEST,
                        RECOVERED,
                        MODE -> {
                    Outcome outcome = images.mend(run, kind, finding, judge);
                    if (outcome == Outcome.MENDED) {
                        mended = finding.image();
                    } else if (outcome == Outcome.PASSED) {
                        boolean byTheSame =
                                finding.image() != null && finding.image().equals(mended);
                        decide(finding, byTheSame ? Outcome.MENDED : Outcome.PASSED, null);
                    }
                }
                case NO_IDENTITY ->
                    decide(
                            finding,
                            Outcome.KEPT,
                            "Whether it is the image's is for people to tell: look at what it holds, and import it as another"
                                    + " image, or bring the file of this one back from a backup.");
                case UNREADABLE ->
                    decide(finding, Outcome.KEPT, "Make it readable for the service: see its owner, and the storage.");
                case GROUP -> decide(finding, Outcome.KEPT, "Only who owns it may give it to another group: chgrp.");
                case CORRUPT, DIRTY ->
                    decide(
                            finding,
                            Outcome.KEPT,
                            "Have it checked: POST /api/v1/images/" + finding.image()
                                    + "/check, with {\"repair\": \"all\"} to mend what it finds.");
            }
        }

        private void putAside(ListedFinding finding) {
            VolumeEntry entry = volume.files().entry(finding.file());
            Instant before = clock.instant().minus(properties.spare());
            switch (quarantine.put(entry, before, () -> names.isUnknown(entry.file()))) {
                case MOVED -> decide(finding, Outcome.MENDED, null);
                case GONE -> decide(finding, Outcome.PASSED, null);
                case IN_USE -> decide(finding, Outcome.KEPT, "Somebody has it open.");
                case BACKING ->
                    decide(finding, Outcome.KEPT, "A catalogued image lies on it, or on what cannot be read.");
                case YOUNG ->
                    decide(
                            finding,
                            Outcome.KEPT,
                            "It was changed within the last " + properties.spare() + " (cowshed.audits.spare).");
                case IRREGULAR -> decide(finding, Outcome.KEPT, "It is no regular file.");
            }
        }

        /** One sweep decides on all of them. */
        private void sweep(ListedFinding finding) {
            if (!swept) {
                volume.sweep(settlement::isThere, catalogued::exists, settlement::isAwaited);
                swept = true;
            }
            boolean there = volume.files().isThere(volume.files().entry(finding.file()));
            decide(
                    finding,
                    there ? Outcome.KEPT : Outcome.MENDED,
                    there ? "A sweep has spared it: somebody has it, or may need it. The log says more." : null);
        }

        private void decide(ListedFinding finding, Outcome outcome, @Nullable String reason) {
            run.commit(() -> {
                store.decide(run.id(), finding, outcome, reason);
                return outcome;
            });
        }
    }
}
