package io.cowshed.volume;

import io.cowshed.volume.CataloguedFile.Disk;
import io.cowshed.volume.CataloguedFile.Seed;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names on a volume.
 *
 * <pre>
 * cowshed-volume.json                    which installation it belongs to
 * images/&lt;id&gt;.qcow2                      the files of images; backing names are names in here
 * incoming/&lt;id&gt;.&lt;attempt&gt;.qcow2           another name of a file that has no row yet
 * retired/&lt;id&gt;.&lt;attempt&gt;.qcow2            another name of a file that is to lose its row
 * seeds/&lt;id&gt;.&lt;number&gt;.qcow2              the seed disks of images
 * quarantine/&lt;name&gt;                   files that nobody knew, put aside by an audit
 * catalogue/                             what the files do not say of themselves: see CatalogueFiles
 * incoming/seed-&lt;id&gt;.&lt;number&gt;.&lt;attempt&gt;.qcow2, retired/…   another name of one, as above
 * </pre>
 *
 * <p>A name in {@code incoming} or {@code retired}, a <em>side name</em>, says that its file lives only if the catalogue has
 * the image, and so makes it safe to remove a file that has no row.
 */
record VolumeLayout(Path root) {

    /** The name of the file that says whose volume it is. */
    static final String MARKER = "cowshed-volume.json";

    /** What is read in place of bytes that are none. */
    private static final char NO_CHARACTER = '\uFFFD';

    private static final String UUID_FORM = "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})";
    private static final Pattern IMAGE_NAME = Pattern.compile(UUID_FORM + "\\.qcow2");
    private static final Pattern SIDE_NAME = Pattern.compile(UUID_FORM + "\\.[0-9a-f]+\\.qcow2");
    private static final Pattern SEED_NAME = Pattern.compile(UUID_FORM + "\\.([1-9a-f][0-9a-f]{0,13})\\.qcow2");
    private static final Pattern SEED_SIDE_NAME =
            Pattern.compile("seed-" + UUID_FORM + "\\.([1-9a-f][0-9a-f]{0,13})\\.[0-9a-f]+\\.qcow2");

    Path marker() {
        return root.resolve(MARKER);
    }

    Path images() {
        return root.resolve("images");
    }

    Path incoming() {
        return root.resolve("incoming");
    }

    Path retired() {
        return root.resolve("retired");
    }

    Path seeds() {
        return root.resolve("seeds");
    }

    Path catalogue() {
        return root.resolve("catalogue");
    }

    Path quarantine() {
        return root.resolve("quarantine");
    }

    Path directory(VolumeArea area) {
        return switch (area) {
            case IMAGES -> images();
            case SEEDS -> seeds();
            case INCOMING -> incoming();
            case RETIRED -> retired();
            case QUARANTINE -> quarantine();
        };
    }

    /**
     * Where a name is that was read from a directory.
     *
     * @throws FileSystemException when its bytes are no text in the characters that this process has for names (by LANG): then
     *     what was read is not what it is
     */
    Path named(VolumeArea area, String name) throws FileSystemException {
        try {
            Path path = directory(area).resolve(name);
            if (name.indexOf(NO_CHARACTER) < 0) {
                return path;
            }
        } catch (InvalidPathException _) {
            // Read by a process that has more characters.
        }
        throw new FileSystemException(
                area.word() + "/" + name, null, "its name is no text in the characters that the service knows (LANG)");
    }

    /** Where files of this kind have their own names. */
    Path directory(CataloguedFile file) {
        return switch (file) {
            case Disk _ -> images();
            case Seed _ -> seeds();
        };
    }

    /** A file's own name. */
    Path own(CataloguedFile file) {
        return switch (file) {
            case Disk(UUID image) -> image(image);
            case Seed seed -> seeds().resolve(seedName(seed));
        };
    }

    Path image(UUID id) {
        return images().resolve(imageName(id));
    }

    static String imageName(UUID id) {
        return id + ".qcow2";
    }

    static String sideName(UUID id, long attempt) {
        return id + "." + Long.toHexString(attempt) + ".qcow2";
    }

    static String seedName(Seed seed) {
        return seed.image() + "." + Long.toHexString(seed.number()) + ".qcow2";
    }

    /** A side name that the file has never had. */
    static String newSideName(CataloguedFile file) {
        long attempt = ThreadLocalRandom.current().nextLong();
        return switch (file) {
            case Disk(UUID image) -> sideName(image, attempt);
            case Seed(UUID image, long number) ->
                "seed-" + image + "." + Long.toHexString(number) + "." + Long.toHexString(attempt) + ".qcow2";
        };
    }

    /** The image whose file's name this is, exactly; empty for every other name. */
    static Optional<UUID> imageOf(String name) {
        return id(IMAGE_NAME, name);
    }

    /** The file whose side name this is. */
    static Optional<CataloguedFile> sideNameOf(String name) {
        return seed(SEED_SIDE_NAME, name)
                .<CataloguedFile>map(seed -> seed)
                .or(() -> id(SIDE_NAME, name).map(Disk::new));
    }

    /** The seed disk whose file's name this is, exactly; empty for every other name. */
    static Optional<Seed> seedOf(String name) {
        return seed(SEED_NAME, name);
    }

    private static Optional<Seed> seed(Pattern form, String name) {
        Matcher matcher = form.matcher(name);
        return matcher.matches()
                ? Optional.of(new Seed(UUID.fromString(matcher.group(1)), Long.parseLong(matcher.group(2), 16)))
                : Optional.empty();
    }

    private static Optional<UUID> id(Pattern form, String name) {
        Matcher matcher = form.matcher(name);
        return matcher.matches() ? Optional.of(UUID.fromString(matcher.group(1))) : Optional.empty();
    }
}
