package io.cowshed.ci.web;

import io.cowshed.ci.Overloaded;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Bounds how many deliveries are in memory at once, and for how long, before any of them is read: whoever sends them may be
 * anybody. Refused ones cost nothing, and are not waited for.
 */
@Component
@Order(IntakeFilter.ORDER)
class IntakeFilter extends OncePerRequestFilter {

    /** After it has been seen who calls, and before bodies are read. */
    static final int ORDER = 5;

    private static final int AT_ONCE = 256;

    /** GitHub and GitLab send theirs in one go, and give up after ten seconds. */
    private static final Duration LONGEST = Duration.ofSeconds(10);

    private static final Pattern PATH = Pattern.compile("/api/v1/hooks/[^/]*/(?:github|gitlab|generic)");

    private final Semaphore places = new Semaphore(AT_ONCE);
    private final HandlerExceptionResolver problems;

    IntakeFilter(@Qualifier("handlerExceptionResolver") HandlerExceptionResolver problems) {
        this.problems = problems;
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return !request.getMethod().equals("POST")
                || !PATH.matcher(request.getServletPath()).matches();
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (!places.tryAcquire()) {
            problems.resolveException(
                    request, response, null, new Overloaded("More than " + AT_ONCE + " deliveries come at once."));
            return;
        }
        try {
            chain.doFilter(new TimelyRequest(request), response);
        } finally {
            places.release();
        }
    }

    private static final class TimelyRequest extends HttpServletRequestWrapper {

        private final ServletInputStream body;

        TimelyRequest(HttpServletRequest request) throws IOException {
            super(request);
            this.body = new TimelyBody(request.getInputStream(), System::nanoTime, LONGEST);
        }

        @Override
        public ServletInputStream getInputStream() {
            return body;
        }
    }
}
