package io.cowshed.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Gives every call a name by which it is found again in logs, events and problems: the one that its {@code X-Request-Id} asks
 * for, or a new one. The answer says which.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
public class RequestId extends OncePerRequestFilter {

    private static final String HEADER = "X-Request-Id";
    private static final String ATTRIBUTE = RequestId.class.getName();

    /** The name of the entry in what is logged meanwhile. */
    private static final String LOGGED = "requestId";

    private static final Pattern SANE = Pattern.compile("[\\x21-\\x7e]{1,128}");

    RequestId() {}

    /** The name of a call; null where it came by no filter. */
    public static @Nullable String of(HttpServletRequest request) {
        return request.getAttribute(ATTRIBUTE) instanceof String id ? id : null;
    }

    /** The container hands failures and late answers to other threads. */
    @Override
    protected boolean shouldNotFilterErrorDispatch() {
        return false;
    }

    @Override
    protected boolean shouldNotFilterAsyncDispatch() {
        return false;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        String known = of(request);
        String id = known == null ? choose(request.getHeader(HEADER)) : known;
        request.setAttribute(ATTRIBUTE, id);
        response.setHeader(HEADER, id);
        try (MDC.MDCCloseable _ = MDC.putCloseable(LOGGED, id)) {
            chain.doFilter(request, response);
        }
    }

    private static String choose(@Nullable String asked) {
        return asked != null && SANE.matcher(asked).matches()
                ? asked
                : UUID.randomUUID().toString();
    }
}
