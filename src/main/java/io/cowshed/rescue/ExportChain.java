package io.cowshed.rescue;

import io.cowshed.rescue.ExportHeader.Kind;
import io.cowshed.volume.CatalogueFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The newest whole export of a volume, and the changes that follow it without a gap.
 *
 * @param names of the files, in the order in which they are to be read; empty where there is no whole export
 * @param last the header of the last of them; null for none
 * @param damaged of files that were passed over, what is wrong with them
 */
record ExportChain(List<String> names, @Nullable ExportHeader last, List<String> damaged) {

    /** Takes the lines of each export, its header first, without its end. */
    @FunctionalInterface
    interface Lines {

        /** Takes the next line. */
        void accept(ExportLine line) throws IOException;
    }

    /** Looks for it: what is used is read to its end first, because only then it is known to be whole. */
    static ExportChain find(CatalogueFiles files, UUID installation, JsonMapper json) throws IOException {
        List<ExportName> all = files.names().stream()
                .flatMap(name -> ExportName.parse(name).stream())
                .toList();
        List<String> damaged = new ArrayList<>();
        for (int i = all.size() - 1; i >= 0; i--) {
            if (all.get(i).kind() == Kind.FULL) {
                ExportHeader header = verified(files, all.get(i), installation, json, damaged);
                if (header != null) {
                    return follow(files, all.subList(i, all.size()), header, json, damaged);
                }
            }
        }
        return new ExportChain(List.of(), null, damaged);
    }

    private static ExportChain follow(
            CatalogueFiles files, List<ExportName> from, ExportHeader full, JsonMapper json, List<String> damaged)
            throws IOException {
        List<String> names = new ArrayList<>(List.of(from.getFirst().toString()));
        ExportHeader last = full;
        for (ExportName name : from.subList(1, from.size())) {
            // Full ones after it are damaged, or it would not have been chosen; what follows those does not belong to
            // it.
            ExportHeader next = name.kind() == Kind.FULL || name.number() != last.number() + 1
                    ? null
                    : verified(files, name, full.installation(), json, damaged);
            if (next == null || !last.upTo().equals(next.after())) {
                break;
            }
            names.add(name.toString());
            last = next;
        }
        return new ExportChain(List.copyOf(names), last, List.copyOf(damaged));
    }

    private static @Nullable ExportHeader verified(
            CatalogueFiles files, ExportName name, UUID installation, JsonMapper json, List<String> damaged) {
        try (ExportReader reader = new ExportReader(files.open(name.toString()), json)) {
            ExportHeader header = reader.header();
            reader.verify();
            if (!header.installation().equals(installation)) {
                throw new IOException("it belongs to installation " + header.installation());
            }
            return header;
        } catch (IOException e) {
            damaged.add("catalogue/" + name + ": " + e.getMessage());
            return null;
        }
    }

    /** Reads all of it; where it says something of an image twice, the later holds. */
    void read(CatalogueFiles files, JsonMapper json, Lines lines) throws IOException {
        for (String name : names) {
            try (ExportReader reader = new ExportReader(files.open(name), json)) {
                lines.accept(ExportLine.of(reader.header()));
                for (ExportLine line = reader.next(); line != null; line = reader.next()) {
                    lines.accept(line);
                }
            }
        }
    }
}
