package io.cowshed.problem;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.validation.BindingResult;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;
import org.springframework.web.method.annotation.HandlerMethodValidationException;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.servlet.resource.NoResourceFoundException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

/**
 * The one place where a failure becomes an answer: whatever is thrown, by a controller, by Spring or by the database, is
 * first told as a {@link CowshedException} and then rendered as {@code application/problem+json}. What Cowshed did not
 * foresee becomes {@link ProblemType#INTERNAL} with an incident number that is also in the log.
 */
@RestControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
public class ProblemRenderer {

    private static final Logger LOG = LoggerFactory.getLogger(ProblemRenderer.class);

    /** By which a call is found in the log; the answer has it before anything can be refused. */
    private static final String REQUEST_ID = "X-Request-Id";

    /** What no caller can mend. */
    private static final Set<ProblemType> FOR_OPERATORS =
            Set.of(ProblemType.DATABASE_UNAVAILABLE, ProblemType.VOLUME_UNAVAILABLE, ProblemType.VOLUME_FULL);

    private final ProblemCounts counts;

    ProblemRenderer(ProblemCounts counts) {
        this.counts = counts;
    }

    @ExceptionHandler
    @Nullable
    ResponseEntity<ProblemDetail> render(Exception failure, HttpServletRequest request, HttpServletResponse response)
            throws Exception {
        if (response.isCommitted() || failure instanceof AsyncRequestNotUsableException) {
            // Half an answer is out, or nobody listens any more: the broken connection tells the client.
            throw failure;
        }
        resetHeaders(response);
        CowshedException refusal = translate(failure);
        if (FOR_OPERATORS.contains(refusal.type())) {
            LOG.warn("{} {} ({})", refusal.detail(), refusal.action(), String.valueOf(refusal.getCause()));
        }
        return answer(refusal, request.getRequestURI(), response);
    }

    /** Renders and counts what a call is refused with. */
    ResponseEntity<ProblemDetail> answer(CowshedException refusal, String path, HttpServletResponse response) {
        counts.call(refusal.type());
        ResponseEntity<ProblemDetail> answer = render(refusal, path);
        String id = response.getHeader(REQUEST_ID);
        if (id != null) {
            Objects.requireNonNull(answer.getBody()).setProperty("requestId", id);
        }
        return answer;
    }

    /** What was said of the answer that failed is not true of the problem; only what chose the answer chose this too, and it is the same call. */
    private static void resetHeaders(HttpServletResponse response) {
        List<String> vary = List.copyOf(response.getHeaders(HttpHeaders.VARY));
        String id = response.getHeader(REQUEST_ID);
        response.reset();
        vary.forEach(value -> response.addHeader(HttpHeaders.VARY, value));
        if (id != null) {
            response.setHeader(REQUEST_ID, id);
        }
    }

    private static ResponseEntity<ProblemDetail> render(CowshedException refusal, String path) {
        ProblemDetail detail = ProblemDetail.forStatusAndDetail(refusal.type().status(), refusal.detail());
        detail.setType(refusal.type().uri());
        detail.setTitle(refusal.type().title());
        // As a reference, a path with two slashes in front would begin with a host (RFC 3986, section 4.2).
        detail.setInstance(URI.create(path.startsWith("//") ? "/." + path : path));
        if (refusal.action() != null) {
            detail.setProperty("action", refusal.action());
        }
        refusal.members().forEach(detail::setProperty);
        HttpHeaders headers = new HttpHeaders();
        headers.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        refusal.headers().forEach(headers::set);
        return new ResponseEntity<>(detail, headers, refusal.type().status());
    }

    /** The members of the problem (RFC 9457, section 3.1) that any failure is to a caller, for those who keep it. */
    public static Map<String, Object> members(CowshedException refusal, String path) {
        ProblemDetail detail = Objects.requireNonNull(render(refusal, path).getBody());
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("type", detail.getType());
        members.put("title", detail.getTitle());
        members.put("status", detail.getStatus());
        members.put("detail", detail.getDetail());
        members.put("instance", detail.getInstance());
        if (detail.getProperties() != null) {
            members.putAll(detail.getProperties());
        }
        return members;
    }

    /** Any failure in the words of a refusal; what nobody foresaw is logged, and named by the number of its incident. */
    public static CowshedException translate(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CowshedException refusal) {
                return refusal;
            }
        }
        return switch (failure) {
            case HttpMessageNotReadableException e -> unreadable(e);
            case BindingResult e -> invalid(e);
            case HandlerMethodValidationException e -> invalid(e);
            case MethodArgumentTypeMismatchException e ->
                new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "The parameter \"" + e.getName() + "\" cannot have the value \"" + Shown.of(e.getValue())
                                + "\".",
                        Expected.of(e.getParameter().nested().getNestedParameterType()));
            case AuthenticationException _ -> new Unauthenticated();
            case AccessDeniedException _ ->
                new CowshedException(
                        ProblemType.FORBIDDEN,
                        "Your access token's role does not allow this call.",
                        "Use a token with a higher role; an admin makes one with POST /api/v1/tokens.");
            case RequestRejectedException _ ->
                refusal(
                        ProblemType.INVALID_REQUEST,
                        "The request line or a header holds characters that no call needs.");
            case InvalidParameterException _ ->
                refusal(
                        ProblemType.INVALID_REQUEST,
                        "The query has a parameter whose %-encoding is broken, or that is not UTF-8.");
            case NoResourceFoundException e ->
                new CowshedException(
                        ProblemType.NOT_FOUND,
                        "There is nothing at /" + Shown.of(e.getResourcePath()) + ".",
                        Expected.SEE_DESCRIPTION);
            case ErrorResponse e ->
                new RefusedByFramework(
                        typeOf(e.getStatusCode()), e.getBody().getDetail(), Expected.by(e), e.getHeaders());
            default ->
                DatabaseFailures.unavailable(failure)
                        .map(CowshedException.class::cast)
                        .orElseGet(() -> unforeseen(failure));
        };
    }

    private static CowshedException unreadable(HttpMessageNotReadableException failure) {
        return switch (failure.getCause()) {
            case UnrecognizedPropertyException e ->
                new InvalidFields(
                        "The request has a field \"" + Shown.of(e.getPropertyName())
                                + "\" that this call does not know.",
                        "Leave it out. Known here: " + known(e) + ".",
                        List.of(Map.of("field", Shown.of(e.getPropertyName()), "message", "unknown field")));
            case MismatchedInputException e when !e.getPath().isEmpty() -> wrongType(e, e.getTargetType());
            case InputCoercionException e when !e.getPath().isEmpty() -> wrongType(e, e.getTargetType());
            case null ->
                new CowshedException(
                        ProblemType.MALFORMED_BODY,
                        "The request has no body, and this call takes a JSON document.",
                        Expected.SEE_DESCRIPTION);
            default ->
                new CowshedException(
                        ProblemType.MALFORMED_BODY,
                        "The request body is not the JSON document that this call takes" + place(failure.getCause())
                                + ".",
                        Expected.SEE_DESCRIPTION);
        };
    }

    private static String place(Throwable cause) {
        TokenStreamLocation place = cause instanceof JacksonException e ? e.getLocation() : null;
        return place == null || place.getLineNr() < 1
                ? ""
                : ": see line " + place.getLineNr() + ", column " + place.getColumnNr();
    }

    private static CowshedException wrongType(JacksonException failure, @Nullable Class<?> expected) {
        String field = failure.getPath().getLast().getPropertyName();
        String name = field == null ? "an element" : Shown.of(field);
        return new InvalidFields(
                "The field \"" + name + "\" does not have a value of the right type.",
                Expected.of(expected),
                List.of(Map.of("field", name, "message", "wrong type")));
    }

    private static String known(UnrecognizedPropertyException failure) {
        return failure.getKnownPropertyIds() == null
                ? "nothing"
                : String.join(
                        ", ",
                        failure.getKnownPropertyIds().stream()
                                .map(String::valueOf)
                                .sorted()
                                .toList());
    }

    private static CowshedException invalid(BindingResult result) {
        List<Map<String, String>> errors = result.getFieldErrors().stream()
                .map(error -> Map.of("field", error.getField(), "message", String.valueOf(error.getDefaultMessage())))
                .toList();
        return new InvalidFields("The request has fields with values that are not allowed.", null, errors);
    }

    private static CowshedException invalid(HandlerMethodValidationException failure) {
        List<Map<String, String>> errors = failure.getParameterValidationResults().stream()
                .flatMap(result -> result.getResolvableErrors().stream()
                        .map(error -> Map.of(
                                "field",
                                String.valueOf(result.getMethodParameter().getParameterName()),
                                "message",
                                String.valueOf(error.getDefaultMessage()))))
                .toList();
        return new InvalidFields("The request has parameters with values that are not allowed.", null, errors);
    }

    /** Tells a refusal by the framework or the container, which knows no more than a status, in our terms. */
    static CowshedException ofStatus(HttpStatusCode status, @Nullable String detail, HttpHeaders headers) {
        return new RefusedByFramework(typeOf(status), detail, null, headers);
    }

    private static ProblemType typeOf(HttpStatusCode status) {
        return switch (HttpStatus.resolve(status.value())) {
            case UNAUTHORIZED -> ProblemType.UNAUTHENTICATED;
            case FORBIDDEN -> ProblemType.FORBIDDEN;
            case NOT_FOUND -> ProblemType.NOT_FOUND;
            case METHOD_NOT_ALLOWED -> ProblemType.METHOD_NOT_ALLOWED;
            case NOT_ACCEPTABLE -> ProblemType.NOT_ACCEPTABLE;
            case CONTENT_TOO_LARGE -> ProblemType.TOO_LARGE;
            case UNSUPPORTED_MEDIA_TYPE -> ProblemType.UNSUPPORTED_MEDIA_TYPE;
            case REQUESTED_RANGE_NOT_SATISFIABLE -> ProblemType.RANGE_NOT_SATISFIABLE;
            // What the container says to methods, transfer codings and versions of HTTP that it does not know.
            case NOT_IMPLEMENTED, HTTP_VERSION_NOT_SUPPORTED -> ProblemType.INVALID_REQUEST;
            case null, default -> status.is4xxClientError() ? ProblemType.INVALID_REQUEST : ProblemType.INTERNAL;
        };
    }

    private static CowshedException unforeseen(Throwable failure) {
        String incident = UUID.randomUUID().toString();
        LOG.error("Incident {}", incident, failure);
        return new Unforeseen(incident, failure);
    }

    private static CowshedException refusal(ProblemType type, String detail) {
        return new CowshedException(type, detail, null);
    }

    private static final class InvalidFields extends CowshedException {
        InvalidFields(String detail, @Nullable String action, List<Map<String, String>> errors) {
            super(ProblemType.INVALID_REQUEST, detail, action);
            member("errors", errors);
        }
    }

    private static final class Unauthenticated extends CowshedException {
        Unauthenticated() {
            super(
                    ProblemType.UNAUTHENTICATED,
                    "The call carries no valid access token.",
                    "Send \"Authorization: Bearer <token>\"; the first start wrote one to admin-token in the data directory.");
            header(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"cowshed\"");
        }
    }

    private static final class RefusedByFramework extends CowshedException {
        RefusedByFramework(ProblemType type, @Nullable String detail, @Nullable String action, HttpHeaders headers) {
            super(type, detail == null ? type.title() + "." : detail, action);
            for (String name : List.of(HttpHeaders.ALLOW, HttpHeaders.ACCEPT)) {
                if (headers.containsHeader(name)) {
                    header(name, String.join(", ", headers.getOrEmpty(name)));
                }
            }
        }
    }

    private static final class Unforeseen extends CowshedException {
        Unforeseen(String incident, Throwable cause) {
            super(
                    ProblemType.INTERNAL,
                    "This is a fault of Cowshed's, not of the request. The log has it as incident " + incident + ".",
                    null,
                    cause);
            member("incident", incident);
        }
    }
}
