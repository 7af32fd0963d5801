package io.cowshed.cow.web;

import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.OnExpire;
import io.cowshed.catalog.web.BeforeDelete;
import io.cowshed.catalog.web.NewImageFields;
import io.cowshed.http.ByteSize;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One clone under a name, or many under numbered names. */
record CloneRequest(
        @Schema(description = "The name of the one clone to make.") @Nullable
        String name,

        @Schema(
                description =
                        "What the names of several clones begin with; a number follows, from 1 to count, with leading zeros so that all names are equally long.")
        @Nullable
        String namePrefix,

        @Schema(description = "How many clones to make; all of them come to be, or none.") @Min(1) @Max(1000) @Nullable
        Integer count,

        @Schema(description = "At most 2000 characters.") @Nullable
        String description,

        @Nullable Map<String, String> labels,

        @Schema(description = "disposable by default where there is a ttl, else persistent.") @Nullable
        Lifetime lifetime,

        @Schema(
                description = "How long a disposable clone lives, as an ISO 8601 duration.",
                types = "string",
                format = "duration",
                example = "PT8H")
        @Nullable
        Duration ttl,

        @Schema(description = "What becomes of a disposable clone then.", defaultValue = "trash") @Nullable
        OnExpire onExpire,

        @Schema(description = "For one clone.") @Valid @Nullable
        BeforeDelete beforeDelete,

        @Schema(
                types = {"integer", "string"},
                description =
                        "The length of the disk, in bytes or with a unit (\"20GiB\"), if it shall be longer than the parent's.")
        @Nullable
        ByteSize virtualSize,

        @Schema(description = "What each clone is given a seed disk from; none by default.") @Valid @Nullable
        SeedRequest seed) {

    boolean isForMany() {
        return namePrefix != null;
    }

    List<ImageName> names() {
        if ((name == null) == (namePrefix == null) || (namePrefix == null) != (count == null)) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "The request does not say how to name the clones.",
                    "Give a name for one clone, or namePrefix and count for several.");
        }
        if (name != null) {
            return List.of(new ImageName(name));
        }
        if (beforeDelete != null) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "Several clones cannot be copied to one name before they go.",
                    "Leave beforeDelete out, and say it of each: PATCH /api/v1/images/{ref}.");
        }
        int many = count == null ? 0 : count;
        int digits = String.valueOf(many).length();
        return IntStream.rangeClosed(1, many)
                .mapToObj(number -> new ImageName(namePrefix + String.format(Locale.ROOT, "%0" + digits + "d", number)))
                .toList();
    }

    NewImageFields fields() {
        return new NewImageFields(description, labels, lifetime, ttl, onExpire, beforeDelete);
    }
}
