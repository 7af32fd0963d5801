package io.cowshed.problem;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.HttpMediaTypeNotAcceptableException;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.MissingRequestHeaderException;
import org.springframework.web.bind.MissingServletRequestParameterException;
import tools.jackson.databind.json.JsonMapper;

/** What would have been taken in the place of what the framework refuses, in words for a problem's {@code action}. */
final class Expected {

    static final String SEE_DESCRIPTION = "The API's description is at /swagger-ui.";

    private static final int MOST_WORDS = 8;

    private Expected() {}

    /** What to do about a call that the framework refuses before anything of Cowshed's sees it. */
    static String by(Object failure) {
        return switch (failure) {
            case HttpMediaTypeNotSupportedException e
            when !types(e).isEmpty() -> "Send it with Content-Type: " + types(e) + ".";
            case HttpMediaTypeNotAcceptableException e
            when !e.getSupportedMediaTypes().isEmpty() ->
                "Leave the Accept header out, or let it take "
                        + joined(e.getSupportedMediaTypes().stream().map(MediaType::toString)) + ".";
            case HttpRequestMethodNotSupportedException e
            when e.getSupportedMethods() != null ->
                "Use " + joined(Arrays.stream(e.getSupportedMethods()).sorted()) + ".";
            case MissingServletRequestParameterException e -> "Add ?" + e.getParameterName() + "=… to the URL.";
            case MissingRequestHeaderException e -> "Send the header " + e.getHeaderName() + ".";
            default -> SEE_DESCRIPTION;
        };
    }

    /** What a field or a parameter of this type takes. */
    static String of(@Nullable Class<?> type) {
        String words = type == null ? null : words(type);
        return words == null ? SEE_DESCRIPTION : "It takes " + words + ".";
    }

    private static @Nullable String words(Class<?> type) {
        if (type == Duration.class) {
            return "an ISO 8601 duration such as PT8H";
        } else if (type == Instant.class) {
            return "a time such as 2027-01-31T12:00:00Z";
        } else if (type == UUID.class) {
            return "a UUID";
        } else if (type == String.class) {
            return "text";
        } else if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        } else if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            return "a whole number";
        } else if (Map.class.isAssignableFrom(type)) {
            return "an object";
        } else if (Collection.class.isAssignableFrom(type)) {
            return "a list";
        }
        Object[] constants = type.getEnumConstants();
        return constants == null || constants.length > MOST_WORDS
                ? null
                : joined(Arrays.stream(constants)
                        .map(constant -> JsonMapper.shared().convertValue(constant, String.class)));
    }

    private static String types(HttpMediaTypeNotSupportedException failure) {
        return joined(failure.getSupportedMediaTypes().stream()
                .filter(MediaType::isConcrete)
                .map(MediaType::toString)
                .distinct());
    }

    private static String joined(Stream<String> words) {
        return words.collect(Collectors.collectingAndThen(
                Collectors.toList(),
                all -> all.size() < 2
                        ? String.join("", all)
                        : String.join(", ", all.subList(0, all.size() - 1)) + " or " + all.getLast()));
    }
}
