package io.cowshed.testing;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Sends bytes that no HTTP client would send, and reads what comes back. One connection for each call. */
public final class RawHttp {

    private static final int PATIENCE_MILLIS = 20_000;

    private RawHttp() {}

    /**
     * Sends a request with the headers that every one needs, and then nothing more: the sending side of the connection is
     * closed, so that a body that is shorter than announced has broken off.
     *
     * @param target what stands between the method and the version
     * @param headers lines without their ends; {@code Host}, {@code Authorization} and {@code Connection} are there already
     */
    public static ApiClient.Answer send(
            int port, String token, String method, String target, byte[] body, String... headers) {
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\n"
                + "Host: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer " + token + "\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        request.writeBytes(body);
        return exchange(port, request.toByteArray());
    }

    /** Sends these bytes and no others. */
    public static ApiClient.Answer exchange(int port, byte[] request) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            try {
                OutputStream out = socket.getOutputStream();
                out.write(request);
                socket.shutdownOutput();
            } catch (SocketException _) {
                // Refused before all was sent: the answer is there all the same.
            }
            return parse(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ApiClient.Answer parse(InputStream in) throws IOException {
        String statusLine = line(in);
        if (!statusLine.startsWith("HTTP/1.1 ")) {
            throw new IOException("not an answer: " + statusLine);
        }
        Map<String, String> headers = new HashMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        byte[] rest = in.readAllBytes();
        boolean chunked = "chunked".equals(headers.get("transfer-encoding"));
        return new ApiClient.Answer(
                Integer.parseInt(statusLine.substring(9, 12)), headers, chunked ? unchunked(rest) : rest);
    }

    private static byte[] unchunked(byte[] chunks) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        InputStream in = new ByteArrayInputStream(chunks);
        for (int length = size(in); length > 0; length = size(in)) {
            body.write(in.readNBytes(length));
            line(in);
        }
        return body.toByteArray();
    }

    private static int size(InputStream chunks) throws IOException {
        return Integer.parseInt(line(chunks), 16);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n' && c >= 0; c = in.read()) {
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}
