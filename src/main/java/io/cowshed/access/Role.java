package io.cowshed.access;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a token allows. Each role allows all that the one before it allows. */
public enum Role {
    /** Sees everything but tokens, hooks and subscriptions, and reads the contents of images. */
    READER,
    /** Also makes, changes and removes images. */
    OPERATOR,
    /** Also makes and revokes tokens, sees and changes hooks, and says who is told of what happens. */
    ADMIN;

    /** The role as the API and the database spell it. */
    @JsonValue
    public String value() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The name that Spring Security knows the role by. */
    String authority() {
        return "ROLE_" + name();
    }
}
