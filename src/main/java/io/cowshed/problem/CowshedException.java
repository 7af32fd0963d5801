package io.cowshed.problem;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A refusal that the caller is told about. Subclasses name one kind of refusal each; where a kind needs no type of its
 * own, it is thrown as it is.
 */
public class CowshedException extends RuntimeException {

    private final ProblemType type;
    private final String detail;
    private final @Nullable String action;
    private final Map<String, Object> members = new LinkedHashMap<>();
    private final Map<String, String> headers = new LinkedHashMap<>();

    /**
     * @param detail what was refused and why, a sentence for a person
     * @param action the call that would work instead, or null where there is none
     */
    public CowshedException(ProblemType type, String detail, @Nullable String action) {
        this(type, detail, action, null);
    }

    /** As above, with what led to the refusal. */
    public CowshedException(ProblemType type, String detail, @Nullable String action, @Nullable Throwable cause) {
        super(type.slug() + ": " + detail, cause);
        this.type = type;
        this.detail = detail;
        this.action = action;
    }

    /** Adds an extension member (RFC 9457, section 3.2), for programs; the detail says the same to people. */
    protected final void member(String name, Object value) {
        members.put(name, value);
    }

    /** Adds a response header that belongs to the refusal, such as {@code Content-Range} to a 416. */
    protected final void header(String name, String value) {
        headers.put(name, value);
    }

    public final ProblemType type() {
        return type;
    }

    /** What was refused and why. */
    public final String detail() {
        return detail;
    }

    /** The call that would work instead, if there is one. */
    public final @Nullable String action() {
        return action;
    }

    /** The extension members. */
    public final Map<String, Object> members() {
        return Collections.unmodifiableMap(members);
    }

    /** The response headers that belong to the refusal. */
    public final Map<String, String> headers() {
        return Collections.unmodifiableMap(headers);
    }
}
