package io.cowshed.attachment;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An attachment that is wanted; null stands for the default, or, where the holder has the image already, for what it has.
 *
 * @param holder who is to have the image: 1 to 255 characters
 * @param access rw by default, ro of a sealed image
 * @param ttl how long it is to last after each sign of life, 1 second to 30 days; 15 minutes by default
 * @param mount where the holder sees the volume
 * @param onDetach keep by default
 */
public record NewAttachment(
        String holder,
        @Nullable Access access,
        @Nullable Duration ttl,
        @Nullable String mount,
        @Nullable OnDetach onDetach) {

    /** How long an attachment lasts that nobody says anything else of. */
    public static final Duration DEFAULT_TTL = Duration.ofMinutes(15);

    private static final Duration LONGEST = Duration.ofDays(30);
    private static final int MAX_HOLDER = 255;
    private static final int MAX_MOUNT = 1024;

    /** @throws CowshedException of type INVALID_REQUEST if a value cannot be */
    public NewAttachment {
        if (holder.isBlank() || holder.length() > MAX_HOLDER || !isReadable(holder)) {
            throw refuse(
                    "A holder's name has 1 to " + MAX_HOLDER + " characters, and no control characters.",
                    "For example \"vm-17@host-3\".");
        }
        if (ttl != null) {
            requireTtl(ttl);
        }
        if (mount != null) {
            requireDirectory(mount);
        }
    }

    /**
     * The duration in whole seconds.
     *
     * @throws CowshedException of type INVALID_REQUEST if no attachment lasts so long, or so short
     */
    static Duration requireTtl(Duration ttl) {
        if (ttl.compareTo(Duration.ofSeconds(1)) < 0 || ttl.compareTo(LONGEST) > 0) {
            throw refuse(
                    "An attachment does not last " + ttl + ".",
                    "Use an ISO 8601 duration from PT1S to P30D, such as PT15M, and renew it with heartbeats.");
        }
        return ttl;
    }

    /**
     * That somebody can read why an attachment is broken.
     *
     * @throws CowshedException of type INVALID_REQUEST if nobody can
     */
    static void requireReason(String reason) {
        if (!isReadable(reason)) {
            throw refuse("The reason has characters in it that are no text.", "Say why in whole characters.");
        }
    }

    private static void requireDirectory(String mount) {
        if (!mount.startsWith("/") || mount.length() > MAX_MOUNT || !isReadable(mount)) {
            throw refuse(
                    "mount is not the absolute path of a directory.",
                    "Say where the holder sees the volume, for example \"/mnt/cowshed\", in at most " + MAX_MOUNT
                            + " characters.");
        }
    }

    /** What XML has no way of saying is in no path that anybody uses: control characters, lone surrogates, U+FFFE, U+FFFF. */
    private static boolean isReadable(String value) {
        return value.codePoints()
                .noneMatch(c -> Character.isISOControl(c)
                        || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)
                        || c == 0xFFFE
                        || c == 0xFFFF);
    }

    private static CowshedException refuse(String detail, String action) {
        return new CowshedException(ProblemType.INVALID_REQUEST, detail, action);
    }
}
