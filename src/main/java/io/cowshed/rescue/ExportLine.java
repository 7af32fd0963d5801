package io.cowshed.rescue;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A line of an export, in JSON: just one of these. The header is the first, the end the last; families come before their
 * versions.
 *
 * @param gone an image that is there no more: in an export of changes
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ExportLine(
        @Nullable ExportHeader header,
        @Nullable FamilyRecord family,
        @Nullable VersionRecord version,
        @Nullable ImageRecord image,
        @Nullable UUID gone,
        @Nullable End end) {

    /**
     * By which an export is known to be whole.
     *
     * @param lines before this one
     * @param sha256 of all bytes before this line, 64 hexadecimal digits
     */
    record End(long lines, String sha256) {}

    static ExportLine of(ExportHeader header) {
        return new ExportLine(header, null, null, null, null, null);
    }

    static ExportLine of(FamilyRecord family) {
        return new ExportLine(null, family, null, null, null, null);
    }

    static ExportLine of(VersionRecord version) {
        return new ExportLine(null, null, version, null, null, null);
    }

    static ExportLine of(ImageRecord image) {
        return new ExportLine(null, null, null, image, null, null);
    }

    static ExportLine gone(UUID image) {
        return new ExportLine(null, null, null, null, image, null);
    }

    static ExportLine of(End end) {
        return new ExportLine(null, null, null, null, null, end);
    }
}
