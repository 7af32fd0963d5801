package io.cowshed.http;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

    /** Of a list, with what ends it; it may be empty, which section 5.6.1.2 has a recipient accept. */
    private static final Pattern ELEMENT =
            Pattern.compile("\\G[ \\t]*+(?:(W/)?(\"[^\"\\x00-\\x20\\x7f]*+\"))?+[ \\t]*+(?:,|$)");

    /** Groups of {@link #ELEMENT}. */
    private static final int WEAK = 1;

    private static final int TAG = 2;

    private EntityTag() {}

    /** The tag of a resource at this version, whose representation is these bytes. */
    public static String of(long version, byte[] representation) {
        CRC32C checksum = new CRC32C();
        checksum.update(representation);
        return String.format(Locale.ROOT, "\"%d-%08x\"", version, checksum.getValue());
    }

    /**
     * The versions of which an {@code If-Match} header demands one, or null where it demands none (no header, {@code *}).
     *
     * @throws CowshedException {@link ProblemType#PRECONDITION_FAILED} when no version of ours can match the header
     */
    public static @Nullable Set<Long> demandedVersions(@Nullable String ifMatch) {
        if (ifMatch == null || isAny(ifMatch)) {
            return null;
        }
        Set<Long> versions = strongTags(ifMatch)
                .map(FORM::matcher)
                .filter(Matcher::matches)
                .map(tag -> Long.valueOf(tag.group(1)))
                .collect(Collectors.toSet());
        if (versions.isEmpty()) {
            throw new CowshedException(
                    ProblemType.PRECONDITION_FAILED,
                    "The If-Match header has no entity tag that this resource ever had.",
                    "Send the ETag of a GET as it was answered, in its quotes.");
        }
        return versions;
    }

    /** Whether an {@code If-Match} header allows what is asked of a resource with this strong tag (section 13.1.1). */
    public static boolean isAllowed(@Nullable String ifMatch, String tag) {
        return ifMatch == null || isAny(ifMatch) || strongTags(ifMatch).anyMatch(tag::equals);
    }

    /** Whether an {@code If-None-Match} header says that the resource with this strong tag is known (section 13.1.2). */
    public static boolean isKnown(@Nullable String ifNoneMatch, String tag) {
        return ifNoneMatch != null
                && (isAny(ifNoneMatch) || elements(ifNoneMatch).anyMatch(element -> tag.equals(element.group(TAG))));
    }

    /** Whether the header speaks of whatever there is. */
    static boolean isAny(String header) {
        return header.strip().equals("*");
    }

    private static Stream<String> strongTags(String header) {
        return elements(header)
                .filter(element -> element.group(WEAK) == null)
                .map(element -> element.group(TAG))
                .filter(Objects::nonNull);
    }

    /** Of a list that is not well formed, there are none: nothing matches it. */
    private static Stream<MatchResult> elements(String header) {
        List<MatchResult> elements = ELEMENT.matcher(header).results().toList();
        boolean wellFormed = !elements.isEmpty() && elements.getLast().end() == header.length();
        return wellFormed ? elements.stream() : Stream.empty();
    }
}
