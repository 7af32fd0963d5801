package io.cowshed.catalog;

import jakarta.persistence.Column;
import jakarta.persistence.Embeddable;
import java.util.regex.Pattern;

/**
 * The digest of an image's content, and the state of the file that it was computed from.
 *
 * @param digest {@code blkhash-sha256:} and 64 hex digits in lower case
 * @param stamp of the file that was read
 */
@Embeddable
public record KnownDigest(@Column(name = "known_digest") String digest, FileStamp stamp) {

    private static final Pattern FORM = Pattern.compile("blkhash-sha256:[0-9a-f]{64}");

    public KnownDigest {
        if (!FORM.matcher(digest).matches()) {
            throw new IllegalArgumentException("Not a digest: " + digest);
        }
    }
}
