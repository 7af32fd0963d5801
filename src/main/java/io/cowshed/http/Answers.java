package io.cowshed.http;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes the answers of controllers: with an entity tag where there is a version, and recorded for repetition where the
 * request carried an {@code Idempotency-Key}. Answers to changes are made inside the transaction that makes the change.
 */
@Component
public class Answers {

    /** Since when what the answer is about should not be used any more (RFC 9745). */
    public static final String DEPRECATION = "Deprecation";

    /** From when on it cannot be used any more (RFC 8594). */
    public static final String SUNSET = "Sunset";

    /** Whether a clone lay ready in a pool, {@code true} or {@code false}. */
    public static final String POOLED = "Cowshed-Pooled";

    /** The headers that a repeated request is answered with as well. */
    private static final List<String> RECORDED = List.of(
            HttpHeaders.LOCATION,
            HttpHeaders.ETAG,
            HttpHeaders.RETRY_AFTER,
            HttpHeaders.LINK,
            DEPRECATION,
            SUNSET,
            POOLED);

    private final JsonMapper json;
    private final IdempotencyStore store;

    Answers(JsonMapper json, IdempotencyStore store) {
        this.json = json;
        this.store = store;
    }

    /** 200 with the resource as it is now, or 304 where the request names it as known. */
    public <T> ResponseEntity<T> ok(T body, long version) {
        ResponseEntity<T> answer = tagged(body, version);
        return isEverythingKnown()
                ? ResponseEntity.status(HttpStatus.NOT_MODIFIED)
                        .eTag(String.valueOf(answer.getHeaders().getETag()))
                        .build()
                : answer;
    }

    /** 200 to a change; call it inside the change's transaction. */
    public <T> ResponseEntity<T> changed(T body, long version) {
        return recorded(tagged(body, version));
    }

    /**
     * 200 to a call that only tells something, or that has changed what it has in transactions of its own; call it in one more.
     *
     * @param more headers, such as {@link #DEPRECATION}; of others a repeated request would not hear
     */
    public <T> ResponseEntity<T> told(T body, HttpHeaders more) {
        return recorded(ResponseEntity.ok().headers(more).body(body));
    }

    /** 201 for one new resource; call it inside the transaction that makes it. */
    public <T> ResponseEntity<T> created(URI location, T body, OptionalLong version) {
        return created(location, body, version, HttpHeaders.EMPTY);
    }

    /** As above, with more headers, such as {@link #DEPRECATION}; of others a repeated request would not hear. */
    public <T> ResponseEntity<T> created(URI location, T body, OptionalLong version, HttpHeaders more) {
        ResponseEntity.BodyBuilder answer = ResponseEntity.created(location).headers(more);
        if (version.isPresent()) {
            answer.eTag(EntityTag.of(version.getAsLong(), json.writeValueAsBytes(body)));
        }
        return recorded(answer.body(body));
    }

    /**
     * 202 for work that has begun; call it inside the transaction that begins it.
     *
     * @param retryAfter when to look again, in seconds
     */
    public <T> ResponseEntity<T> accepted(URI location, T body, String retryAfter) {
        return accepted(location, body, retryAfter, HttpHeaders.EMPTY);
    }

    /** As above, with more headers, such as {@link #DEPRECATION}; of others a repeated request would not hear. */
    public <T> ResponseEntity<T> accepted(URI location, T body, String retryAfter, HttpHeaders more) {
        return recorded(ResponseEntity.accepted()
                .headers(more)
                .location(location)
                .header(HttpHeaders.RETRY_AFTER, retryAfter)
                .body(body));
    }

    /** Spring answers 304 to the tags of a list by itself, but knows the asterisk only from changes. */
    private static boolean isEverythingKnown() {
        if (!(RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes)) {
            return false;
        }
        String header = attributes.getRequest().getHeader(HttpHeaders.IF_NONE_MATCH);
        return header != null && EntityTag.isAny(header);
    }

    private <T> ResponseEntity<T> tagged(T body, long version) {
        return ResponseEntity.ok()
                .eTag(EntityTag.of(version, json.writeValueAsBytes(body)))
                .body(body);
    }

    private <T> ResponseEntity<T> recorded(ResponseEntity<T> answer) {
        RequestAttributes request = RequestContextHolder.getRequestAttributes();
        if (request != null
                && request.getAttribute(IdempotencyClaim.ATTRIBUTE, RequestAttributes.SCOPE_REQUEST)
                        instanceof IdempotencyClaim claim) {
            Map<String, String> headers = new LinkedHashMap<>();
            for (String name : RECORDED) {
                String value = answer.getHeaders().getFirst(name);
                if (value != null) {
                    headers.put(name, value);
                }
            }
            T body = answer.getBody();
            store.record(
                    claim,
                    new RecordedAnswer(
                            answer.getStatusCode().value(),
                            headers,
                            body == null ? null : json.writeValueAsString(body)));
            request.setAttribute(IdempotencyClaim.ANSWERED, true, RequestAttributes.SCOPE_REQUEST);
        }
        return answer;
    }
}
