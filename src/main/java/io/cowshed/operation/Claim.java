package io.cowshed.operation;

import java.util.UUID;

/**
 * What an operation needs of an image until it is over.
 *
 * @param image whose row the claimer has locked
 */
public record Claim(UUID image, Need need) {

    /** In what way. */
    public enum Need {
        /** It changes the image; nobody else may have any claim on it. */
        CHANGES,
        /** It removes the image; nobody else may have any claim on it, and it gets no clones meanwhile. */
        REMOVES,
        /** It reads the image, whose content must stay. */
        READS,
        /** It reads the image, or points to it, as to a parent: it must stay sealed and available. */
        STAYS_PARENT
    }

    /** That of an operation on the image that it changes. */
    public static Claim changes(UUID image) {
        return new Claim(image, Need.CHANGES);
    }

    /** That of an operation on the image that it removes. */
    public static Claim removes(UUID image) {
        return new Claim(image, Need.REMOVES);
    }

    /** That of an operation on an image that it only reads. */
    public static Claim reads(UUID image) {
        return new Claim(image, Need.READS);
    }

    /** That of an operation on a parent, present or future. */
    public static Claim staysParent(UUID image) {
        return new Claim(image, Need.STAYS_PARENT);
    }

    boolean isExclusive() {
        return switch (need) {
            case CHANGES, REMOVES -> true;
            case READS, STAYS_PARENT -> false;
        };
    }
}
