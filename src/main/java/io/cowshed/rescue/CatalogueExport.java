package io.cowshed.rescue;

import io.cowshed.database.Installation;
import io.cowshed.event.EventSequence;
import io.cowshed.rescue.ExportHeader.Kind;
import io.cowshed.rescue.ExportHeader.Place;
import io.cowshed.volume.CatalogueFiles;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keeps on the volume what the catalogue knows, a minute old at most while it changes: now and then all of it, and in between
 * what has changed since the export before, by the log of events. By one replica at a time; two that both think it is their
 * turn do no harm, because each export is right by itself and none overwrites another.
 */
@Component
class CatalogueExport {

    private static final Logger LOG = LoggerFactory.getLogger(CatalogueExport.class);

    /** Of full exports, each with the changes that follow it. */
    private static final int KEPT = 3;

    /** Fewer changes than this are not worth a full export. */
    private static final long FEW = 1000;

    /** More changes at once than this are not held in memory: all are exported then. */
    private static final int MANY = 50_000;

    /** How many exports of changes may follow a full one: as many have to be read. */
    private static final long LONGEST_CHAIN = 1000;

    private final ExportSource source;
    private final EventSequence events;
    private final CatalogueFiles files;
    private final Installation installation;
    private final JsonMapper json;
    private final Clock clock;

    CatalogueExport(
            ExportSource source,
            EventSequence events,
            Volume volume,
            Installation installation,
            JsonMapper json,
            Clock clock) {
        this.source = source;
        this.events = events;
        this.files = volume.catalogue();
        this.installation = installation;
        this.json = json;
        this.clock = clock;
    }

    /** The first one comes soon after a start: a rescued catalogue is not on the volume yet. */
    @Scheduled(initialDelay = 5_000, fixedDelay = 60_000)
    void run() {
        try {
            export();
        } catch (IOException | RuntimeException e) {
            LOG.warn("The catalogue could not be exported to the volume; it will be tried again", e);
        }
    }

    /** Exports what has changed; false when another replica is at it. */
    boolean export() throws IOException {
        Optional<CatalogueFiles.Turn> taken = files.tryTurn();
        if (taken.isEmpty()) {
            return false;
        }
        try (CatalogueFiles.Turn turn = taken.get()) {
            turn.deleteDrafts();
            events.advance();
            ExportHeader last = newest();
            if (source.inSnapshot(rows -> export(rows, last, turn)) == Kind.FULL) {
                deleteOld(turn);
            }
            return true;
        }
    }

    /** What was exported; null for nothing, because nothing has changed. */
    private @Nullable Kind export(ExportSource rows, @Nullable ExportHeader last, CatalogueFiles.Turn turn)
            throws IOException {
        Place upTo = rows.place();
        List<UUID> changed =
                last == null || !isContinued(rows, last, upTo) ? null : rows.changedSince(last.upTo(), MANY + 1);
        if (last == null || changed == null || isWorthAll(last, changed.size())) {
            ExportHeader header = header(rows, Kind.FULL, last, upTo, rows.countImages(), 0);
            write(turn, header, out -> rows.eachImage(image -> out.write(ExportLine.of(image))), rows);
            return Kind.FULL;
        }
        if (upTo.equals(last.upTo()) && changed.isEmpty() && rows.families().equals(last.families())) {
            return null;
        }
        ExportHeader header = header(rows, Kind.CHANGES, last, upTo, last.images(), last.changed() + changed.size());
        write(
                turn,
                header,
                out -> rows.eachOf(
                        changed, image -> out.write(ExportLine.of(image)), gone -> out.write(ExportLine.gone(gone))),
                rows);
        return Kind.CHANGES;
    }

    /** Not when the database was restored to an earlier state, or rescued, or the export is too old for the log. */
    private boolean isContinued(ExportSource rows, ExportHeader last, Place upTo) {
        return last.installation().equals(installation.id()) && rows.goesOnFrom(last.upTo(), upTo);
    }

    /** So that, over time, a change costs no more than a few lines, however many images there are. */
    private static boolean isWorthAll(ExportHeader last, int changed) {
        return changed > MANY
                || last.changed() + changed > Math.max(FEW, last.images())
                || (last.kind() == Kind.CHANGES && last.chain() >= LONGEST_CHAIN);
    }

    private ExportHeader header(
            ExportSource rows, Kind kind, @Nullable ExportHeader last, Place upTo, long images, long changed)
            throws IOException {
        return new ExportHeader(
                ExportHeader.FORMAT,
                kind,
                nextNumber(),
                kind == Kind.FULL || last == null ? 0 : last.chain() + 1,
                installation.id(),
                clock.instant(),
                kind == Kind.FULL || last == null ? null : last.upTo(),
                upTo,
                images,
                changed,
                rows.families());
    }

    @FunctionalInterface
    private interface Images {
        void writeTo(ExportWriter out) throws IOException;
    }

    private void write(CatalogueFiles.Turn turn, ExportHeader header, Images images, ExportSource rows)
            throws IOException {
        String name = new ExportName(header.number(), header.kind()).toString();
        boolean written = turn.write(name, stream -> {
            try (ExportWriter out = new ExportWriter(stream, json)) {
                out.write(ExportLine.of(header));
                rows.eachFamily(
                        family -> out.write(ExportLine.of(family)), version -> out.write(ExportLine.of(version)));
                images.writeTo(out);
                out.end();
            }
        });
        LOG.debug(written ? "Exported the catalogue: {}" : "Another replica has exported the catalogue: {}", name);
    }

    /** Of the newest file, if that is one of ours: whatever cannot be read is followed by a full export. */
    private @Nullable ExportHeader newest() throws IOException {
        List<String> names = names();
        if (names.isEmpty()) {
            return null;
        }
        try (ExportReader reader = new ExportReader(files.open(names.getLast()), json)) {
            return reader.header();
        } catch (IOException e) {
            LOG.warn("{} cannot be read; the whole catalogue is exported anew", names.getLast(), e);
            return null;
        }
    }

    private long nextNumber() throws IOException {
        List<String> names = names();
        return names.isEmpty()
                ? 1
                : ExportName.parse(names.getLast()).orElseThrow().number() + 1;
    }

    private List<String> names() throws IOException {
        return files.names().stream()
                .filter(name -> ExportName.parse(name).isPresent())
                .toList();
    }

    private void deleteOld(CatalogueFiles.Turn turn) throws IOException {
        List<ExportName> all = names().stream()
                .flatMap(name -> ExportName.parse(name).stream())
                .toList();
        List<ExportName> full =
                all.stream().filter(name -> name.kind() == Kind.FULL).toList();
        if (full.size() > KEPT) {
            long oldest = full.get(full.size() - KEPT).number();
            for (ExportName name : all) {
                if (name.number() < oldest) {
                    turn.delete(name.toString());
                }
            }
        }
    }
}
