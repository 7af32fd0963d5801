package io.cowshed.attachment;

import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.Reworking;
import io.cowshed.database.Transactions;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.qcow2.Qcow2HeaderReader;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeUnavailable;
import java.io.IOException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Reads the files that holders leave. Where one names its parent by the path that its holder had for it, the name is mended. */
@Component
class LeftFiles {

    private static final String QCOW2 = "qcow2";

    private final HolderPaths paths;
    private final Lineages lineages;
    private final Reworking reworking;
    private final Volume volume;
    private final Transactions transactions;

    LeftFiles(HolderPaths paths, Lineages lineages, Reworking reworking, Volume volume, Transactions transactions) {
        this.paths = paths;
        this.lineages = lineages;
        this.reworking = reworking;
        this.volume = volume;
        this.transactions = transactions;
    }

    /**
     * Holds the file, for writing where its name for its parent is to be mended.
     *
     * @throws io.cowshed.volume.ImageInUse while somebody has it open
     */
    HeldImage hold(Attachment ended) {
        return isNamedByPath(ended) ? volume.holdForWriting(ended.image()) : volume.hold(ended.image());
    }

    private boolean isNamedByPath(Attachment ended) {
        try {
            String name = volume.headers().of(ended.image()).backingName();
            return name != null
                    && name.contains("/")
                    && paths.imageOf(ended, name).isPresent();
        } catch (VolumeUnavailable _) {
            // A header that cannot be read is found out about under the lock.
            return false;
        }
    }

    /** The file as it is. */
    LeftFile read(Attachment ended, HeldImage held) {
        try {
            Qcow2Header header = Qcow2HeaderReader.read(held.file());
            LeftFile left = judge(ended, header);
            if (left.fault() == null && left.parent() != null && isPath(header)) {
                mend(held, header, left.parent());
            }
            return left;
        } catch (ImageException e) {
            return LeftFile.faulty(null, "Its file is no image that can be used: " + e.getMessage() + ".");
        } catch (IOException e) {
            throw new CowshedException(
                    ProblemType.VOLUME_UNAVAILABLE,
                    "The file of image " + ended.image() + " cannot be read.",
                    "Try again once the volume works.",
                    e);
        }
    }

    private static boolean isPath(Qcow2Header header) {
        return header.backingName() != null && header.backingName().contains("/");
    }

    private LeftFile judge(Attachment ended, Qcow2Header header) {
        String name = header.backingName();
        UUID parent = name == null ? null : paths.imageOf(ended, name).orElse(null);
        String fault = name == null ? null : fault(ended, name, parent, header.backingFormat());
        return fault != null
                ? LeftFile.faulty(name, fault)
                : new LeftFile(header.virtualSize(), header.geometry().clusterSize(), parent, name, null);
    }

    private @Nullable String fault(Attachment ended, String name, @Nullable UUID parent, @Nullable String format) {
        if (parent == null) {
            return "Its file lies on \"" + name + "\", which is no image of this volume.";
        }
        if (parent.equals(ended.image())) {
            return "Its file lies on itself.";
        }
        if (!QCOW2.equals(format)) {
            return "Its file does not say that what it lies on, \"" + name + "\", is of the format qcow2.";
        }
        if (!transactions.write(() -> reworking.isClonable(parent))) {
            return "Its file lies on \"" + name + "\", which is not a sealed image that is available.";
        }
        return null;
    }

    /** Gives the parent the only name that holds wherever the volume is mounted. */
    private void mend(HeldImage held, Qcow2Header header, UUID parent) throws IOException {
        BackingResolver siblings = volume.disks().backings(lineages.chain(parent));
        BackingResolver named = (file, name, format) ->
                siblings.resolve(file, name.equals(header.backingName()) ? Volume.backingName(parent) : name, format);
        try (WritableQcow2Image image = WritableQcow2Image.open(held.file(), named)) {
            image.changeBacking(Volume.backingName(parent));
        }
        held.backdate();
    }
}
