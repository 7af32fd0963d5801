package io.cowshed.notify;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Says to whoever connects first what is no proper answer, until it has said all of it or the other has left. */
final class RawServer implements AutoCloseable {

    private final ServerSocket server;

    /** What it says. */
    @FunctionalInterface
    interface Speech {
        void to(OutputStream out) throws IOException;
    }

    RawServer(Speech speech) throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().daemon().start(() -> {
            try (Socket client = server.accept()) {
                speech.to(client.getOutputStream());
            } catch (IOException _) {
                // The other has left, which is what is hoped for.
            }
        });
    }

    int port() {
        return server.getLocalPort();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
