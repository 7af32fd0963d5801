package io.cowshed.http;

import io.cowshed.problem.BodyBrokeOff;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/** Reads JSON bodies whole before anything else does, and refuses those longer than {@link #LIMIT}. */
@Component
@Order(JsonBodyFilter.ORDER)
class JsonBodyFilter extends OncePerRequestFilter {

    static final int ORDER = 10;

    /** In bytes. The longest sensible document, a clone call with all its labels, is a few kilobytes long. */
    static final int LIMIT = 1 << 20;

    private final HandlerExceptionResolver problems;

    JsonBodyFilter(@Qualifier("handlerExceptionResolver") HandlerExceptionResolver problems) {
        this.problems = problems;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (!isJson(request.getContentType())) {
            chain.doFilter(request, response);
            return;
        }
        byte[] body;
        try {
            body = body(request);
        } catch (CowshedException refusal) {
            problems.resolveException(request, response, null, refusal);
            return;
        }
        chain.doFilter(new BufferedRequest(request, body), response);
    }

    private static byte[] body(HttpServletRequest request) {
        byte[] body;
        try {
            body = request.getContentLengthLong() > LIMIT
                    ? new byte[LIMIT + 1]
                    : request.getInputStream().readNBytes(LIMIT + 1);
        } catch (IOException e) {
            throw new BodyBrokeOff(e);
        }
        if (body.length > LIMIT) {
            throw new CowshedException(
                    ProblemType.TOO_LARGE, "A JSON body may be at most " + LIMIT + " bytes long.", null);
        }
        requireUtf8(body);
        return body;
    }

    /**
     * JSON is UTF-8 (RFC 8259, section 8.1). The parser alone would guess UTF-16 and UTF-32 where it sees NULs, and read
     * sequences that are longer than need be.
     */
    private static void requireUtf8(byte[] body) {
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
            if (text.chars().noneMatch(c -> c == 0)) {
                return;
            }
        } catch (CharacterCodingException _) {
            // refused below
        }
        throw new CowshedException(
                ProblemType.MALFORMED_BODY, "The request body is not UTF-8 text.", "Send JSON in UTF-8.");
    }

    static boolean isJson(@Nullable String contentType) {
        if (contentType == null) {
            return false;
        }
        String type = contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        return type.equals("application/json") || type.endsWith("+json");
    }

    /** A request whose body is here already, and can be read more than once. */
    static final class BufferedRequest extends HttpServletRequestWrapper {

        private final byte[] body;

        BufferedRequest(HttpServletRequest request, byte[] body) {
            super(request);
            this.body = body;
        }

        byte[] body() {
            return body.clone();
        }

        @Override
        public ServletInputStream getInputStream() {
            return new BufferedBody(new ByteArrayInputStream(body));
        }

        @Override
        public BufferedReader getReader() {
            return new BufferedReader(new InputStreamReader(getInputStream(), StandardCharsets.UTF_8));
        }
    }

    private static final class BufferedBody extends ServletInputStream {

        private final ByteArrayInputStream bytes;

        BufferedBody(ByteArrayInputStream bytes) {
            this.bytes = bytes;
        }

        @Override
        public int read() {
            return bytes.read();
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            return bytes.read(target, offset, length);
        }

        @Override
        public boolean isFinished() {
            return bytes.available() == 0;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new UnsupportedOperationException("the body is read synchronously");
        }
    }
}
