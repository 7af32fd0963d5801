package io.cowshed.audit;

import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** What can be wrong between the catalogue and the volume. Words are part of the API: once released they are never renamed. */
public enum FindingKind {
    /** The catalogue has a file, and the volume does not. */
    FILE_MISSING("file-missing", true, false),
    /** The file is damaged where it says what it is, or is no QCOW2 image at all. */
    NOT_AN_IMAGE("not-an-image", true, false),
    /** The file says that it is another image. */
    WRONG_IMAGE("wrong-image", true, false),
    /** The file does not say which image it is. */
    NO_IDENTITY("no-identity", false, false),
    /** The file cannot be read. */
    UNREADABLE("unreadable", false, false),
    /** What the file lies on is not named as the bare name of a file beside it, of the format qcow2. */
    BACKING_NAME("backing-name", true, true),
    /** The file lies on another image than the catalogue has, on none, or on one where it should on none. */
    PARENT("parent", true, true),
    /** The file has a disk of another length. */
    VIRTUAL_SIZE("virtual-size", true, true),
    /** The content of a sealed image is not what was sealed. */
    DIGEST("digest", true, false),
    /** The catalogue calls the file damaged, and nothing is wrong with it. */
    RECOVERED("recovered", false, false),
    /** The file has other permissions than it should. */
    MODE("mode", false, false),
    /** The file belongs to another group than its directory gives. */
    GROUP("group", false, false),
    /** The image is marked as corrupt. */
    CORRUPT("corrupt", false, false),
    /** The image was not closed in good order: what its refcounts say may be too much. */
    DIRTY("dirty", false, true),
    /** A file that nobody knows. */
    STRANGER("stranger", false, false),
    /** What a crash has left behind and no sweep has cleared away. */
    LEFTOVER("leftover", false, false);

    private final String word;
    private final boolean damage;
    private final boolean writersWork;

    FindingKind(String word, boolean damage, boolean writersWork) {
        this.word = word;
        this.damage = damage;
        this.writersWork = writersWork;
    }

    /** The kind as the API and the database spell it. */
    @JsonValue
    public String word() {
        return word;
    }

    /**
     * The kind that a word says.
     *
     * @throws CowshedException of type INVALID_REQUEST if there is no such word
     */
    public static FindingKind parse(String word) {
        return find(word)
                .orElseThrow(() -> new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "That is no kind of finding.",
                        "Use one of "
                                + Arrays.stream(values()).map(FindingKind::word).collect(Collectors.joining(", "))
                                + "."));
    }

    /** The kind of that word; empty where only a newer build knows it. */
    static Optional<FindingKind> find(String word) {
        return Arrays.stream(values()).filter(kind -> kind.word.equals(word)).findFirst();
    }

    /** Whether the image cannot be what the catalogue says it is. */
    boolean isDamage() {
        return damage;
    }

    /** Whether who has the image to write to it may bring that about, and it is looked after when he gives it back. */
    boolean isWritersWork() {
        return writersWork;
    }

    /** Whether it is about a name on the volume rather than about an image. */
    boolean isOfName() {
        return switch (this) {
            case STRANGER, LEFTOVER -> true;
            case FILE_MISSING,
                    NOT_AN_IMAGE,
                    WRONG_IMAGE,
                    NO_IDENTITY,
                    UNREADABLE,
                    BACKING_NAME,
                    PARENT,
                    VIRTUAL_SIZE,
                    DIGEST,
                    RECOVERED,
                    MODE,
                    GROUP,
                    CORRUPT,
                    DIRTY -> false;
        };
    }
}
