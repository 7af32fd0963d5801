package io.cowshed.http;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.annotation.Order;
import org.springframework.dao.DataAccessException;
import org.springframework.http.MediaType;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthentication;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Gives a POST with an {@code Idempotency-Key} one effect and one answer, however often it is repeated (in the sense of
 * draft-ietf-httpapi-idempotency-key-header). Keys belong to the access token that sends them. Refused requests leave
 * nothing behind, so their keys may be used again; so may those of calls that see to it themselves, as deliveries do.
 */
@Component
@Order(JsonBodyFilter.ORDER + 10)
class IdempotencyFilter extends OncePerRequestFilter {

    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,255}");

    private static final Logger LOG = LoggerFactory.getLogger(IdempotencyFilter.class);

    private final IdempotencyStore store;
    private final HandlerExceptionResolver problems;

    IdempotencyFilter(
            IdempotencyStore store, @Qualifier("handlerExceptionResolver") HandlerExceptionResolver problems) {
        this.store = store;
        this.problems = problems;
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return !request.getMethod().equals("POST") || request.getHeader("Idempotency-Key") == null;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (!(SecurityContextHolder.getContext().getAuthentication() instanceof BearerTokenAuthentication caller)) {
            chain.doFilter(request, response);
            return;
        }
        IdempotencyClaim claim;
        try {
            String key = key(request);
            claim = new IdempotencyClaim(
                    String.valueOf(caller.getTokenAttributes().get("sub")),
                    key,
                    UUID.randomUUID(),
                    new AnswerSeal(caller.getToken().getTokenValue(), key));
            Optional<RecordedAnswer> recorded = store.claim(claim, fingerprint(request));
            if (recorded.isPresent()) {
                new SentBody(request).discardRest();
                repeat(recorded.get(), response);
                return;
            }
        } catch (CowshedException | DataAccessException | TransactionException e) {
            new SentBody(request).discardRest();
            problems.resolveException(request, response, null, e);
            return;
        }
        request.setAttribute(IdempotencyClaim.ATTRIBUTE, claim);
        boolean answered = false;
        try {
            chain.doFilter(request, response);
            answered = response.getStatus() < 400 && request.getAttribute(IdempotencyClaim.ANSWERED) != null;
        } finally {
            if (answered) {
                store.settled(claim);
            } else {
                release(claim);
            }
        }
    }

    private void release(IdempotencyClaim claim) {
        try {
            store.release(claim);
        } catch (DatabaseUnavailable | DataAccessException | TransactionException e) {
            // The refusal is on its way already; the key comes free when its lease runs out.
            LOG.warn("Could not release an idempotency key", e);
        }
    }

    private static String key(HttpServletRequest request) {
        String key = request.getHeader("Idempotency-Key");
        if (!KEY.matcher(key).matches()) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "An Idempotency-Key is 1 to 255 visible ASCII characters long.",
                    "Use a UUID, for example.");
        }
        return key;
    }

    private static String fingerprint(HttpServletRequest request) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            String line = String.join(
                    "\n",
                    request.getRequestURI(),
                    String.valueOf(request.getQueryString()),
                    String.valueOf(request.getContentType()),
                    String.valueOf(request.getHeader("Content-Encoding")),
                    String.valueOf(request.getContentLengthLong()));
            digest.update(line.getBytes(StandardCharsets.UTF_8));
            // A streamed disk is not here yet; its length and announced sha256, in the query, stand for it.
            if (request instanceof JsonBodyFilter.BufferedRequest buffered) {
                digest.update(buffered.body());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static void repeat(RecordedAnswer answer, HttpServletResponse response) throws IOException {
        response.setStatus(answer.status());
        answer.headers().forEach(response::setHeader);
        if (answer.body() != null) {
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            response.setContentType(MediaType.APPLICATION_JSON_VALUE);
            response.setContentLength(body.length);
            response.getOutputStream().write(body);
        }
    }
}
