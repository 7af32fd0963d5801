package io.cowshed.audit;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A finding as an audit has written it down.
 *
 * @param number its place in the audit, from 1 on
 * @param kind the word of a {@link FindingKind}, or one that only a newer build knows
 * @param image as {@link Finding} has it, and what follows
 * @param outcome null where nothing was to be done about it, or has been yet
 * @param reason why it is as it was; null where it is not
 */
public record ListedFinding(
        long number,
        String kind,
        @Nullable UUID image,
        @Nullable String imageName,
        String file,
        String detail,
        @Nullable Outcome outcome,
        @Nullable String reason) {}
