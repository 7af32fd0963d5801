package io.cowshed.cow.web;

import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.OnExpire;
import io.cowshed.catalog.web.BeforeDelete;
import io.cowshed.catalog.web.NewImageFields;
import io.cowshed.cow.Copies;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a copy is to be called, and what it is to hold. */
record CopyRequest(
        @NotNull String name,

        @Schema(
                description =
                        "flat: all that the guest reads; delta: only the image's own changes, on the same parent.",
                allowableValues = {"flat", "delta"},
                defaultValue = "flat")
        Copies.@Nullable Scope scope,

        @Schema(
                description = "How clusters are compressed; QEMU older than 5.1 knows zlib only.",
                allowableValues = {"none", "zlib", "zstd"},
                defaultValue = "none")
        @Nullable
        String compression,

        @Schema(description = "At most 2000 characters.") @Nullable
        String description,

        @Nullable Map<String, String> labels,

        @Schema(description = "disposable by default where there is a ttl, else persistent.") @Nullable
        Lifetime lifetime,

        @Schema(
                description = "How long a disposable copy lives, as an ISO 8601 duration.",
                types = "string",
                format = "duration",
                example = "PT8H")
        @Nullable
        Duration ttl,

        @Schema(description = "What becomes of a disposable copy then.", defaultValue = "trash") @Nullable
        OnExpire onExpire,

        @Valid @Nullable BeforeDelete beforeDelete) {

    NewImageFields fields() {
        return new NewImageFields(description, labels, lifetime, ttl, onExpire, beforeDelete);
    }

    Copies.Scope scopeOrDefault() {
        return scope == null ? Copies.Scope.FLAT : scope;
    }

    @Nullable
    CompressionType compressionOrNone() {
        return switch (compression) {
            case null -> null;
            case "none" -> null;
            case "zlib" -> CompressionType.ZLIB;
            case "zstd" -> CompressionType.ZSTD;
            default ->
                throw new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "There is no such compression of images.",
                        "Use none, zlib or zstd.");
        };
    }
}
