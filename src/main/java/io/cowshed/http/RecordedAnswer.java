package io.cowshed.http;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An answer as it is kept for repeated requests: its status, the headers that belong to it, and its JSON body if any. */
record RecordedAnswer(
        int status, Map<String, String> headers, @Nullable String body) {}
