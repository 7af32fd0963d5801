package io.cowshed.transfer.web;

import io.cowshed.transfer.SentCoding;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The content coding that a client wants (RFC 9110, section 12.5.3). */
final class AcceptEncoding {

    private static final Pattern CODING =
            Pattern.compile("([a-z0-9!#$%&'*+.^_`|~-]+)(?:[ \t]*;[ \t]*q=(0(?:\\.[0-9]{0,3})?|1(?:\\.0{0,3})?))?");

    private AcceptEncoding() {}

    /**
     * The coding to answer with: zstd where the header gives it more weight than identity, which has none by itself.
     * {@code *} weighs both alike, so that it alone does not ask for a coding that the client may not know. Where neither is
     * acceptable identity is sent all the same, as section 12.4.1 allows. Entries that cannot be read do not count.
     */
    static SentCoding preferred(@Nullable String header) {
        if (header == null) {
            return SentCoding.IDENTITY;
        }
        Map<String, Double> weights = new HashMap<>();
        for (String entry : header.toLowerCase(Locale.ROOT).split(",", -1)) {
            Matcher coding = CODING.matcher(entry.strip());
            if (coding.matches()) {
                weights.put(coding.group(1), coding.group(2) == null ? 1.0 : Double.valueOf(coding.group(2)));
            }
        }
        double others = weights.getOrDefault("*", 0.0);
        return weights.getOrDefault("zstd", others) > weights.getOrDefault("identity", others)
                ? SentCoding.ZSTD
                : SentCoding.IDENTITY;
    }
}
