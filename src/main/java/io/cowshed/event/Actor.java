package io.cowshed.event;

import io.cowshed.http.RequestId;
import jakarta.servlet.http.HttpServletRequest;
import java.security.Principal;
import org.jspecify.annotations.Nullable;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * Who does something, and from where.
 *
 * @param principal the name of an access token, {@code hook:} and that of a hook, or {@value #ITSELF}
 * @param requestId the {@code X-Request-Id} of the call; null where there is no call
 * @param remoteAddress of the connection that the call came by, or what a proxy that is believed says instead, at most 64
 *     characters of it; null where there is no call
 */
public record Actor(
        String principal,
        @Nullable String requestId,
        @Nullable String remoteAddress) {

    private static final String ITSELF = "cowshed";

    /** A proxy that is believed may say anything, addresses or not. */
    private static final int LONGEST_ADDRESS = 64;

    private static final ScopedValue<Actor> ON_BEHALF = ScopedValue.newInstance();

    /** For work that somebody asked for earlier, or in a call that carries no token: what this thread does in it is theirs. */
    public static ScopedValue.Carrier onBehalfOf(String principal) {
        Actor caller = current();
        return ScopedValue.where(ON_BEHALF, new Actor(principal, caller.requestId(), caller.remoteAddress()));
    }

    /** Who does what this thread does: the caller that it serves, or on whose behalf it works; or else the service itself. */
    static Actor current() {
        if (ON_BEHALF.isBound()) {
            return ON_BEHALF.get();
        }
        if (RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes) {
            return of(attributes.getRequest());
        }
        return new Actor(ITSELF, null, null);
    }

    private static Actor of(HttpServletRequest request) {
        Principal caller = request.getUserPrincipal();
        String address = request.getRemoteAddr();
        return new Actor(
                caller == null ? ITSELF : caller.getName(),
                RequestId.of(request),
                address.substring(0, Math.min(address.length(), LONGEST_ADDRESS)));
    }
}
