package io.cowshed.ci;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import java.util.Locale;

/** Whose deliveries a hook takes. Written in lower case, in the API and in the database. */
public enum Provider {
    /** GitHub: events {@code workflow_job}, signed with HMAC-SHA256. */
    GITHUB,
    /** GitLab: job and pipeline events, with a token. */
    GITLAB,
    /** Any other, whose bodies a {@link GenericMapping} explains; signed with HMAC-SHA256 over time and body. */
    GENERIC;

    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The provider of that word.
     *
     * @throws CowshedException of type INVALID_REQUEST if there is none
     */
    @JsonCreator
    public static Provider parse(String word) {
        for (Provider provider : values()) {
            if (provider.word().equals(word)) {
                return provider;
            }
        }
        throw Words.refuse(Words.quote(word) + " is not a provider of hooks.", "Use github, gitlab or generic.");
    }
}
