package io.cowshed.pool;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** When to try again what has failed, by what it is: after pauses that grow from five seconds to a minute. One thread uses it. */
final class Pauses {

    private static final Duration FIRST = Duration.ofSeconds(5);
    private static final Duration LONGEST = Duration.ofMinutes(1);

    private final Map<String, Pause> pauses = new HashMap<>();

    private record Pause(Instant until, Duration length) {}

    /** Whether it is to be tried. */
    boolean isOver(String what, Instant now) {
        Pause pause = pauses.get(what);
        // A clock that was set back would make a pause of hours.
        return pause == null
                || !now.isBefore(pause.until())
                || now.plus(LONGEST).isBefore(pause.until());
    }

    /** It has failed; answers whether that is new. */
    boolean begin(String what, Instant now) {
        Pause before = pauses.get(what);
        Duration doubled = before == null ? FIRST : before.length().multipliedBy(2);
        Duration length = doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
        pauses.put(what, new Pause(now.plus(length), length));
        return before == null;
    }

    /** It has succeeded; answers whether it had failed before. */
    boolean end(String what) {
        return pauses.remove(what) != null;
    }
}
