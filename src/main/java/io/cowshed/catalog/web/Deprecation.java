package io.cowshed.catalog.web;

import io.cowshed.catalog.FamilyVersion;
import io.cowshed.catalog.VersionState;
import io.cowshed.http.Answers;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/** How an answer says that what it is about lies on a version that should not be used any more. */
@Schema(name = "Warning", description = "Why an image should not lie where it does.")
public record Deprecation(
        @Schema(
                description = "What kind of warning it is.",
                allowableValues = {"version-deprecated", "version-obsolete"})
        String type,

        @Schema(description = "The same for a person.") String detail,

        @Schema(
                types = {"string", "null"},
                description = "What to clone instead, as family:version.")
        @Nullable
        String replacement) {

    /** What there is to warn of about clones of this version, which may be none, at that time. */
    static List<Deprecation> warnings(@Nullable FamilyVersion version, Instant now) {
        if (version == null) {
            return List.of();
        }
        return switch (version.state(now)) {
            case ACTIVE -> List.of();
            case DEPRECATED -> List.of(of(version, "version-deprecated", "deprecated", version.deprecatedAt()));
            case OBSOLETE -> List.of(of(version, "version-obsolete", "obsolete", version.obsoleteAt()));
        };
    }

    /**
     * The headers that go with clones of this version: {@code Deprecation} (RFC 9745), {@code Sunset} (RFC 8594) where it is to
     * become obsolete, and {@code Link} to its successor (RFC 5829) where there is one. None where it is active.
     */
    public static HttpHeaders headers(@Nullable FamilyVersion version, Instant now) {
        HttpHeaders headers = new HttpHeaders();
        if (version == null || version.state(now) != VersionState.DEPRECATED || version.deprecatedAt() == null) {
            return headers;
        }
        headers.set(Answers.DEPRECATION, "@" + version.deprecatedAt().getEpochSecond());
        if (version.obsoleteAt() != null) {
            headers.setInstant(Answers.SUNSET, version.obsoleteAt());
        }
        String replacement = version.replacement();
        if (replacement != null) {
            int colon = replacement.indexOf(':');
            headers.set(
                    HttpHeaders.LINK,
                    "</api/v1/families/" + replacement.substring(0, colon) + "/versions/"
                            + replacement.substring(colon + 1) + ">; rel=\"successor-version\"");
        }
        return headers;
    }

    private static Deprecation of(FamilyVersion version, String type, String state, @Nullable Instant since) {
        return new Deprecation(
                type,
                "Its parent " + version.name() + " is " + state + " since " + since
                        + (version.replacement() == null ? "." : "; " + version.replacement() + " replaces it."),
                version.replacement());
    }
}
