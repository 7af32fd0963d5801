package io.cowshed.http;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The entity tag of a resource, {@code "<version>-<checksum>"} (RFC 9110, section 8.8.3). The checksum covers all that is
 * shown, so that {@code If-None-Match} never calls a changed answer unchanged. The version counts the changes of the
 * resource's own state: {@code If-Match} compares only that, because a clone made elsewhere is no reason to refuse a new
 * description.
 */
public final class EntityTag {

    private static final Pattern FORM = Pattern.compile("\"(\\d{1,18})(?:-[0-9a-f]{8})?\"");

    private EntityTag() {}

    /** The tag of a resource at this version, whose representation is these bytes. */
    public static String of(long version, byte[] representation) {
        CRC32C checksum = new CRC32C();
        checksum.update(representation);
        return "\"%d-%08x\"".formatted(version, checksum.getValue());
    }

    /**
     * The version that an {@code If-Match} header demands, or null where it demands none (no header, {@code *}).
     *
     * @throws CowshedException {@link ProblemType#PRECONDITION_FAILED} when no version of ours can match the header
     */
    public static @Nullable Long demandedVersion(@Nullable String ifMatch) {
        if (ifMatch == null || ifMatch.strip().equals("*")) {
            return null;
        }
        Matcher tag = FORM.matcher(ifMatch.strip());
        if (!tag.matches()) {
            throw new CowshedException(
                    ProblemType.PRECONDITION_FAILED,
                    "The If-Match header is not an entity tag that this resource ever had.",
                    "Send the ETag of a GET as it was answered, in its quotes.");
        }
        return Long.valueOf(tag.group(1));
    }
}
