package io.cowshed.volume;

import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
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
 * </pre>
 *
 * <p>A name in {@code incoming} or {@code retired}, a <em>side name</em>, says that its file lives only if the catalogue has
 * the image, and so makes it safe to remove a file that has no row.
 */
record VolumeLayout(Path root) {

    private static final String UUID_FORM = "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})";
    private static final Pattern IMAGE_NAME = Pattern.compile(UUID_FORM + "\\.qcow2");
    private static final Pattern SIDE_NAME = Pattern.compile(UUID_FORM + "\\.[0-9a-f]+\\.qcow2");

    Path marker() {
        return root.resolve("cowshed-volume.json");
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

    Path image(UUID id) {
        return images().resolve(imageName(id));
    }

    static String imageName(UUID id) {
        return id + ".qcow2";
    }

    static String sideName(UUID id, long attempt) {
        return id + "." + Long.toHexString(attempt) + ".qcow2";
    }

    /** The image whose file's name this is, exactly; empty for every other name. */
    static Optional<UUID> imageOf(String name) {
        return id(IMAGE_NAME, name);
    }

    /** The image whose side name this is. */
    static Optional<UUID> sideNameOf(String name) {
        return id(SIDE_NAME, name);
    }

    private static Optional<UUID> id(Pattern form, String name) {
        Matcher matcher = form.matcher(name);
        return matcher.matches() ? Optional.of(UUID.fromString(matcher.group(1))) : Optional.empty();
    }
}
