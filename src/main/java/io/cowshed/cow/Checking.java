package io.cowshed.cow;

import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.Reworking;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.qcow2.Qcow2Check;
import io.cowshed.engine.qcow2.Qcow2Repair;
import io.cowshed.operation.Claim;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operation;
import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Checks the structure of images' files, and mends it. */
@Component
public class Checking implements OperationHandler {

    private final Reworking reworking;
    private final Images images;
    private final ImageFiles files;
    private final Volume volume;
    private final Operations operations;
    private final ImageUse use;

    Checking(Reworking reworking, Images images, ImageFiles files, Volume volume, Operations operations, ImageUse use) {
        this.reworking = reworking;
        this.images = images;
        this.files = files;
        this.volume = volume;
        this.operations = operations;
        this.use = use;
    }

    /** What to mend. */
    public enum Repair {
        /** Nothing. */
        NONE,
        /** Space that is counted as used and is not. */
        LEAKS,
        /** Whatever can be. */
        ALL;

        /** The word for it. */
        @JsonValue
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What is asked for. */
    private record Request(Repair repair) {}

    /**
     * What was found.
     *
     * @param clean whether nothing is wrong now
     * @param report on the image as it was
     * @param after on the image as it is now; null where nothing was to be mended
     */
    private record Result(
            UUID image,
            boolean clean,
            CheckReport report,
            @Nullable CheckReport after) {}

    /**
     * Asks for a check, in the caller's transaction.
     *
     * @throws CowshedException where a rule forbids it: a sealed image is not mended
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Operation submit(ImageRef ref, Repair repair, @Nullable Set<Long> expectedVersions, String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        if (repair == Repair.NONE) {
            image.requireAvailable("checked");
            use.requireNoWriter(image, "checked");
        } else {
            image.requireUnsealed("repaired");
            use.requireNone(image, "repaired");
        }
        Claim claim = repair == Repair.NONE ? Claim.reads(image.id()) : Claim.changes(image.id());
        return operations.submit(
                new NewOperation(kind(), image.id(), image.name(), new Request(repair), List.of(claim), createdBy));
    }

    @Override
    public String kind() {
        return "check";
    }

    @Override
    public void run(OperationRun run) throws IOException {
        UUID id = run.subject();
        Repair repair = run.request(Request.class).repair();
        try {
            switch (repair) {
                case NONE -> check(run);
                case LEAKS -> mend(run, Qcow2Repair.Scope.LEAKS);
                case ALL -> mend(run, Qcow2Repair.Scope.ALL);
            }
        } catch (IOException e) {
            throw FileFailures.of(id, e);
        }
    }

    private void check(OperationRun run) throws IOException {
        UUID id = run.subject();
        CheckReport report;
        try (BlockFile file = files.use(id, volume.disks()::openFile)) {
            report = Qcow2Check.check(file, () -> run.advance(0));
        }
        run.advance(0);
        run.finish(() -> new Result(id, report.clean(), report, null));
    }

    private void mend(OperationRun run, Qcow2Repair.Scope scope) throws IOException {
        UUID id = run.subject();
        Image image = images.find(ImageRef.of(id));
        Qcow2Repair.Outcome outcome;
        Layout layout;
        try (HeldImage held = files.use(id, volume::holdForWriting)) {
            outcome = Qcow2Repair.repair(held.file(), scope, () -> run.advance(0));
            held.backdate();
            layout = new Layout(image.virtualSize(), held.status().allocatedSize(), image.clusterSize());
        }
        run.finish(() -> {
            reworking.replaceFile(id, image.parentId(), layout, null);
            return new Result(id, outcome.after().clean(), outcome.before(), outcome.after());
        });
    }
}
