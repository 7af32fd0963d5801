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

    /** 201 for one new resource; call it inside the transaction that makes it. */
    public <T> ResponseEntity<T> created(URI location, T body, OptionalLong version) {
        ResponseEntity.BodyBuilder answer = ResponseEntity.created(location);
        if (version.isPresent()) {
            answer.eTag(EntityTag.of(version.getAsLong(), json.writeValueAsBytes(body)));
        }
        return recorded(answer.body(body));
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
            for (String name : List.of(HttpHeaders.LOCATION, HttpHeaders.ETAG)) {
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
        }
        return answer;
    }
}
