package io.cowshed.audit;

import io.cowshed.audit.AuditStore.Progress;
import io.cowshed.audit.AuditStore.Step;
import io.cowshed.catalog.Inventory;
import io.cowshed.catalog.Settlement;
import io.cowshed.engine.posix.FileUse;
import io.cowshed.operation.Claims;
import io.cowshed.operation.OperationRun;
import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.InspectedFile;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeArea;
import io.cowshed.volume.VolumeEntry;
import io.cowshed.volume.VolumeFiles.Look;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Goes through the names on the volume and asks the catalogue for each. What has no row is not at once a stranger: whoever makes
 * or removes a file has it fenced, so the fence is looked at first, and the catalogue is asked again then. What a crash has left
 * behind has a side name, and is a sweep's to decide on; it is told of only when none has for a while.
 *
 * <p>Names come in no order, so this begins anew with each attempt. It reads no more than it has to.
 */
@Component
class NameAudit {

    private static final int PAGE = 500;

    private final Inventory inventory;
    private final Settlement settlement;
    private final Claims claims;
    private final AuditStore store;
    private final AuditProperties properties;
    private final Volume volume;
    private final Clock clock;

    NameAudit(
            Inventory inventory,
            Settlement settlement,
            Claims claims,
            AuditStore store,
            AuditProperties properties,
            Volume volume,
            Clock clock) {
        this.inventory = inventory;
        this.settlement = settlement;
        this.claims = claims;
        this.store = store;
        this.properties = properties;
        this.volume = volume;
        this.clock = clock;
    }

    /** Goes through all of them. */
    void run(OperationRun run) {
        run.commit(() -> {
            store.forgetNames(run.id());
            Progress progress = store.find(run.id());
            store.record(progress(progress, Step.FILES, 0), List.of());
            return progress;
        });
        for (VolumeArea area : List.of(VolumeArea.IMAGES, VolumeArea.SEEDS, VolumeArea.INCOMING, VolumeArea.RETIRED)) {
            List<VolumeEntry> page = new ArrayList<>(PAGE);
            volume.files().walk(area, entry -> {
                page.add(entry);
                if (page.size() == PAGE) {
                    look(run, page, Step.FILES);
                    page.clear();
                }
            });
            look(run, page, Step.FILES);
        }
        look(run, List.of(), Step.MENDING);
    }

    private void look(OperationRun run, List<VolumeEntry> page, Step step) {
        run.advance(0);
        List<Finding> found = new ArrayList<>();
        Set<CataloguedFile> known = inventory.known(page.stream()
                .filter(entry -> isOwnName(entry.area()))
                .map(VolumeEntry::file)
                .filter(Objects::nonNull)
                .toList());
        for (VolumeEntry entry : page) {
            if (entry.file() == null || !known.contains(entry.file())) {
                look(entry).ifPresent(found::add);
            }
        }
        run.commit(() -> {
            Progress progress = store.find(run.id());
            store.record(progress(progress, step, progress.files() + page.size()), found);
            return progress;
        });
    }

    private Optional<Finding> look(VolumeEntry entry) {
        try {
            Look look = volume.files().look(volume.files().path(entry)).orElse(null);
            if (look == null || look.fenced()) {
                return Optional.empty();
            }
            return isOwnName(entry.area()) ? stranger(entry, look.file()) : leftover(entry, look);
        } catch (IOException e) {
            volume.requireMounted();
            return Optional.of(finding(entry, FindingKind.STRANGER, "It cannot be read: " + e.getMessage() + "."));
        }
    }

    private Optional<Finding> stranger(VolumeEntry entry, InspectedFile file) throws IOException {
        if (!isUnknown(entry.file())
                || volume.files().look(volume.files().path(entry)).isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(finding(entry, FindingKind.STRANGER, "The catalogue does not have it. " + describe(file)));
    }

    private Optional<Finding> leftover(VolumeEntry entry, Look look) {
        boolean young = !look.file().status().changed().isBefore(clock.instant().minus(properties.spare()));
        if (young || look.use() != FileUse.NONE) {
            return Optional.empty();
        }
        if (entry.file() == null) {
            return Optional.of(finding(
                    entry, FindingKind.STRANGER, "Its name is none that is given here. " + describe(look.file())));
        }
        return isAwaited(entry.file().image())
                ? Optional.empty()
                : Optional.of(
                        finding(entry, FindingKind.LEFTOVER, "A crash has left it, and no sweep has cleared it away."));
    }

    /**
     * Whether nobody has or will have a file that nobody works on.
     *
     * @param file null for a name that is none of Cowshed's
     */
    boolean isUnknown(@Nullable CataloguedFile file) {
        return file == null
                || (!settlement.isThere(file)
                        && inventory.known(List.of(file)).isEmpty()
                        && !isAwaited(file.image())
                        && !volume.files().hasSideName(file));
    }

    private boolean isAwaited(UUID image) {
        return !claims.changing(List.of(image)).isEmpty();
    }

    /** In {@code images/} and {@code seeds/}; elsewhere are side names. */
    private static boolean isOwnName(VolumeArea area) {
        return switch (area) {
            case IMAGES, SEEDS -> true;
            case INCOMING, RETIRED, QUARANTINE -> false;
        };
    }

    private static String describe(InspectedFile file) {
        if (file.header() == null) {
            return "It is no QCOW2 image.";
        }
        String self = file.identity()
                .map(identity -> "It says that it is image " + identity.id() + ", made as \"" + identity.name() + "\"")
                .orElse("It does not say which image it is");
        return self
                + file.backingName()
                        .map(name -> ", and lies on \"" + name + "\".")
                        .orElse(".");
    }

    private static Finding finding(VolumeEntry entry, FindingKind kind, String detail) {
        CataloguedFile file = entry.file();
        return new Finding(kind, file == null ? null : file.image(), null, entry.path(), detail);
    }

    private static Progress progress(Progress progress, Step step, long files) {
        return new Progress(
                progress.audit(),
                step,
                progress.afterImage(),
                progress.images(),
                progress.verified(),
                progress.skipped(),
                files);
    }
}
