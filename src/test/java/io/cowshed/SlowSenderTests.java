package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ServiceTests;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Senders who began a disk and do not go on with it. */
@Timeout(90)
class SlowSenderTests extends ServiceTests {

    /** More than threads work on imports, and more than dictionaries of xz fit into the heap of the tests. */
    private static final int SENDERS = 24;

    private static final String RAW = "application/octet-stream";

    /** So that none of them is given up while the test runs. */
    @Override
    protected String[] properties() {
        return new String[] {"server.tomcat.connection-timeout=5m"};
    }

    @Test
    void doNotKeepOthersFromImporting() throws IOException {
        List<Socket> senders = new ArrayList<>();
        try {
            for (int i = 0; i < SENDERS; i++) {
                senders.add(begin("slow-" + i, i % 2 == 0 ? "identity" : "xz"));
            }
            for (int i = 0; i < SENDERS; i++) {
                awaitReserved("slow-" + i);
            }

            assertThat(api.upload("images?name=quick", RAW, new byte[2 << 20]).status())
                    .isEqualTo(201);
        } finally {
            for (Socket sender : senders) {
                sender.close();
            }
        }
        for (int i = 0; i < SENDERS; i++) {
            awaitGone("slow-" + i);
        }
        awaitNothingIncoming();
    }

    private Socket begin(String name, String coding) throws IOException {
        String token = Files.readString(service.directory().resolve("data/admin-token"))
                .strip();
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port());
        String request = "POST /api/v1/images?name=" + name + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
                + token + "\r\nContent-Type: " + RAW + "\r\nContent-Encoding: " + coding
                + "\r\nContent-Length: 1048576\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** A file goes just after its row. */
    private void awaitNothingIncoming() throws IOException {
        long left;
        do {
            try (var incoming = Files.list(service.volume().resolve("incoming"))) {
                left = incoming.count();
            }
        } while (left > 0);
    }

    private void awaitReserved(String name) {
        while (api.get("images/" + name).status() != 200) {
            Thread.onSpinWait();
        }
    }

    private void awaitGone(String name) {
        while (api.get("images/" + name).status() != 404) {
            Thread.onSpinWait();
        }
    }
}
