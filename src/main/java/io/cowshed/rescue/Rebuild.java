package io.cowshed.rescue;

import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.RestoredImage;
import io.cowshed.catalog.RestoredImages;
import io.cowshed.problem.CowshedException;
import io.cowshed.rescue.RescueNotes.Noted;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Decides what becomes of every image that was noted down, and writes its row: each after the one that it lies on. */
final class Rebuild {

    private final Volume volume;
    private final RescueNotes notes;
    private final RestoredImages images;
    private final Report report;
    private final RescueDigests digests;
    private final RescueRows rows;
    private long available;
    private long sealed;
    private long trashed;
    private long faulty;
    private long families;
    private long versions;
    private long seeds;

    Rebuild(Volume volume, RescueNotes notes, RestoredImages images, Instant now, Report report) {
        this.volume = volume;
        this.notes = notes;
        this.images = images;
        this.report = report;
        this.digests = new RescueDigests(volume, notes, report);
        this.rows = new RescueRows(now);
    }

    /** @param tables null to write nothing */
    void run(int levels, @Nullable RescueTables tables) {
        for (int level = 0; level <= levels; level++) {
            addLevel(level, tables);
        }
        addLevel(RescueNotes.LAST, tables);
        RescuePages.each(notes::families, FamilyRecord::id, family -> {
            families++;
            if (tables != null) {
                tables.add(family);
            }
        });
        RescuePages.each(notes::versions, VersionRecord::id, version -> addVersion(version, tables));
        RescuePages.each(
                notes::lost,
                ImageRecord::id,
                lost -> report.problem("Image " + lost.id() + " (" + lost.name()
                        + ") has no file: it was removed since the export, or is lost."));
        notes.seedsLeft(Scratch.PAGE)
                .forEach(
                        name -> report.problem("seeds/" + name + ".qcow2 is left alone: the export does not know it."));
    }

    private void addLevel(int level, @Nullable RescueTables tables) {
        RescuePages.eachPage(
                last -> notes.page(level, last), noted -> noted.file().id(), page -> {
                    List<RestoredImage> added = new ArrayList<>();
                    page.forEach(noted -> added.add(decide(noted, tables == null)));
                    if (tables != null) {
                        images.add(added);
                    }
                    page.forEach(noted -> addSeed(noted, tables));
                });
    }

    private RestoredImage decide(Noted noted, boolean dryRun) {
        String fault = fault(noted);
        KnownDigest digest = null;
        boolean seals = fault == null && (noted.file().frozen() || noted.parented());
        if (seals) {
            digest = RescueDigests.recorded(noted);
            if (digest == null && dryRun) {
                digests.count(noted);
            } else if (digest == null) {
                try {
                    digest = digests.compute(noted);
                } catch (IOException | CowshedException e) {
                    fault = "Its content cannot be read, so it has no digest: " + e.getMessage();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException(e);
                }
            }
            if (fault == null && !noted.file().frozen() && !dryRun) {
                volume.freeze(noted.file().id());
            }
        }
        RestoredImage row = rows.row(noted, digest, fault);
        if (fault == null && seals && row.state() == ImageState.AVAILABLE) {
            notes.clonable(row.id());
        }
        count(row, seals && fault == null);
        return row;
    }

    private @Nullable String fault(Noted noted) {
        UUID parent = noted.file().parent();
        return switch (noted.parentState()) {
            case NONE ->
                noted.file().fault() != null || noted.file().backing() == null
                        ? noted.file().fault()
                        : "It names the backing file \"" + noted.file().backing()
                                + "\", which is none of this volume's images in qcow2";
            case MISSING ->
                noted.file().fault() != null
                        ? noted.file().fault()
                        : "The volume has no file of image " + parent + ", which it lies on";
            case UNUSABLE ->
                noted.file().fault() != null
                        ? noted.file().fault()
                        : noted.level() == RescueNotes.LAST
                                ? "It lies on image " + parent + ", which cannot be used or lies on it in turn"
                                : "It lies on image " + parent + ", which cannot be used";
            case CLONABLE -> noted.file().fault();
        };
    }

    private void count(RestoredImage row, boolean isSealed) {
        switch (row.state()) {
            case AVAILABLE -> available++;
            case TRASHED -> trashed++;
            case ERROR, CREATING -> faulty++;
        }
        if (isSealed) {
            sealed++;
        }
        if (row.fault() != null) {
            report.problem("Image " + row.id() + " (" + row.name() + ") is in state "
                    + row.state().word() + ": " + row.fault() + ".");
        }
    }

    private void addSeed(Noted noted, @Nullable RescueTables tables) {
        ImageRecord.SeedRecord seed =
                noted.record() == null ? null : noted.record().seed();
        if (seed == null) {
            return;
        }
        UUID image = noted.file().id();
        if (notes.takeSeed(image, seed.number())) {
            seeds++;
            if (tables != null) {
                tables.addSeed(image, seed);
            }
        } else {
            report.problem("Image " + image + " (" + noted.name() + ") has lost its seed disk.");
        }
    }

    private void addVersion(VersionRecord version, @Nullable RescueTables tables) {
        if (!notes.isClonable(version.image())) {
            report.problem("Version " + version.word() + " of family " + version.family() + " is left out: its image "
                    + version.image() + " is not there, or not sealed.");
            return;
        }
        versions++;
        if (tables != null) {
            tables.add(version);
        }
    }

    void tell(boolean dryRun) {
        report.say((dryRun ? "Would come back: " : "Came back: ") + (available + trashed + faulty) + " images ("
                + available + " available, " + trashed + " in the trash, " + faulty + " in error; " + sealed
                + " sealed), " + families + " families with " + versions + " versions, " + seeds + " seed disks.");
        if (digests.read() > 0) {
            report.say((dryRun ? "To be read for their digests: " : "Read for their digests: ") + digests.read()
                    + " sealed images, " + digests.readBytes() + " bytes on the volume.");
        }
        report.say(report.problems() == 0 ? "Nothing to look at." : report.problems() + " things to look at: !");
        report.say(
                dryRun
                        ? "Nothing was changed."
                        : "Start the service: it writes a new administrator's token. Tokens, hooks, subscriptions,"
                                + " pools, attachments and operations did not come back, nor did the user data of"
                                + " seed disks.");
    }
}
