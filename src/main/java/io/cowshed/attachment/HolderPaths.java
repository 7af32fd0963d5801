package io.cowshed.attachment;

import io.cowshed.volume.Volume;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/** Where holders see the files of images. */
@Component
public class HolderPaths {

    private final String here;

    HolderPaths(Volume volume) {
        this.here = volume.realRoot().toString();
    }

    /** Where the holder of an attachment sees an image's file: an absolute path. */
    public String path(Attachment attachment, UUID image) {
        String root = attachment.mount() == null ? here : attachment.mount();
        return withoutSlash(root) + "/" + Volume.relativePath(image);
    }

    /**
     * The image that a file names as its backing, as a bare name or as the path that its holder, or this service, has for it;
     * empty for any other name.
     */
    Optional<UUID> imageOf(Attachment attachment, String backingFile) {
        String name = backingFile.substring(backingFile.lastIndexOf('/') + 1);
        Set<String> known = Stream.concat(Stream.ofNullable(attachment.mount()), Stream.of(here))
                .map(root -> withoutSlash(root) + "/")
                .collect(Collectors.toSet());
        return Volume.imageOf(name)
                .filter(image -> name.equals(backingFile)
                        || known.stream().anyMatch(root -> backingFile.equals(root + Volume.relativePath(image))));
    }

    private static String withoutSlash(String root) {
        return root.endsWith("/") ? root.substring(0, root.length() - 1) : root;
    }
}
