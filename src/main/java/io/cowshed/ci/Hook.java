package io.cowshed.ci;

import io.cowshed.problem.CowshedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a CI system says what becomes of its jobs, as everybody but its secret's holders knows it.
 *
 * @param rules of which the first that matches a job decides
 * @param mapping for the provider generic; else null
 * @param oldSecretUntil until when the secret before this one is taken, too; null where there is none
 */
public record Hook(
        UUID id,
        String name,
        Provider provider,
        OnCompletion onCompletion,
        List<Rule> rules,
        @Nullable GenericMapping mapping,
        Instant secretChangedAt,
        @Nullable Instant oldSecretUntil,
        Instant createdAt,
        String createdBy,
        Instant updatedAt,
        long version) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,127}");
    private static final Pattern SECRET = Pattern.compile("[\\x21-\\x7e]{16,255}");

    /** @throws CowshedException of type INVALID_REQUEST if it cannot be */
    public Hook {
        if (!NAME.matcher(name).matches()) {
            throw Words.refuse(
                    Words.quote(name) + " cannot be the name of a hook.", "Use 1 to 128 letters, digits and ._@-.");
        }
        rules = Words.copy(new ArrayList<@Nullable Rule>(rules), Rule.MAX_RULES, "rules");
        if (provider == Provider.GENERIC && mapping == null) {
            throw Words.refuse(
                    "A hook of the provider generic needs a mapping.",
                    "Say where in a body the job and its status are.");
        }
        if (provider != Provider.GENERIC && mapping != null) {
            throw Words.refuse("What " + provider.word() + " sends is known: it takes no mapping.", "Leave it out.");
        }
    }

    /** @throws CowshedException of type INVALID_REQUEST if it cannot be a secret */
    static String requireSecret(String secret) {
        if (!SECRET.matcher(secret).matches()) {
            throw Words.refuse(
                    "A secret of " + secret.length() + " characters, or one of these, cannot be.",
                    "Use 16 to 255 visible ASCII characters, or leave it out and get one that nobody guesses.");
        }
        return secret;
    }

    Optional<Rule> ruleFor(JobNews job) {
        return rules.stream().filter(rule -> rule.matches(job)).findFirst();
    }
}
