package io.cowshed.rescue;

import io.cowshed.catalog.RestoredImages;
import io.cowshed.database.Transactions;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumePresence;
import io.cowshed.volume.VolumeProperties;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes the catalogue of a volume anew in an empty database, from the files and the newest whole export. What a file says of
 * itself counts: its parent, its size, that it is sealed. The export adds what it does not say. All is one transaction: killed
 * at any moment it leaves the database empty, and is run again. Files are not changed, but that those which others lie on become
 * read-only.
 */
final class Rescue {

    private final VolumeProperties volumes;
    private final JdbcClient database;
    private final Transactions transactions;
    private final RestoredImages images;
    private final JsonMapper json;
    private final Clock clock;
    private final Report report;

    Rescue(
            VolumeProperties volumes,
            JdbcClient database,
            Transactions transactions,
            RestoredImages images,
            JsonMapper json,
            Clock clock,
            Report report) {
        this.volumes = volumes;
        this.database = database;
        this.transactions = transactions;
        this.images = images;
        this.json = json;
        this.clock = clock;
        this.report = report;
    }

    /**
     * Does it, or only tells what it would do.
     *
     * @throws CommandRefused when it cannot be done; nothing has changed then
     * @throws io.cowshed.volume.UnusableVolume when there is no volume, or it is in use
     */
    void run(boolean dryRun) throws IOException {
        Volume volume = Volume.existing(volumes);
        try (VolumePresence _ = volume.beAlone();
                RescueNotes notes = RescueNotes.open(json)) {
            requireEmpty();
            report.say("Volume " + volume.realRoot() + " of installation " + volume.installation() + ".");
            ExportChain chain = ExportChain.find(volume.catalogue(), volume.installation(), json);
            tell(chain);
            chain.read(volume.catalogue(), json, notes::add);
            new VolumeScan(volume.files(), notes, report).run();
            int levels = notes.order();
            new RescueNames(notes, report).give(levels);
            Rebuild rebuild = new Rebuild(volume, notes, images, clock.instant(), report);
            if (dryRun) {
                rebuild.run(levels, null);
            } else {
                transactions.write(() -> {
                    RescueTables tables = new RescueTables(database);
                    tables.belongTo(volume.installation());
                    rebuild.run(levels, tables);
                    images.countChildren();
                    return volume.installation();
                });
            }
            rebuild.tell(dryRun);
        }
    }

    private void requireEmpty() {
        String filled = new RescueTables(database).filled();
        if (filled != null) {
            throw new CommandRefused(
                    "The database is not empty: there is something in its table " + filled + ".",
                    "Set spring.datasource.url (or cowshed.data-dir) to an empty database; nothing was changed in this"
                            + " one.");
        }
    }

    private void tell(ExportChain chain) {
        chain.damaged().forEach(line -> report.problem(line + "."));
        if (chain.last() == null) {
            report.problem("There is no whole export of the catalogue: names are those that images were made with, and"
                    + " what else was said of them is lost.");
        } else {
            report.say("The catalogue as it was at " + chain.last().at() + ": catalogue/"
                    + String.join(", catalogue/", chain.names().size() > 4 ? ends(chain.names()) : chain.names())
                    + ".");
        }
    }

    private static List<String> ends(List<String> names) {
        return List.of(names.getFirst(), "…", names.getLast());
    }
}
