package io.cowshed.replicas;

import io.cowshed.testing.ServiceProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A load balancer as simple as they come: each request goes to the next replica that says it is ready. One that cannot be
 * connected to is passed over; what was sent to one is never sent to another, so that a caller whose replica dies sees
 * its connection break.
 */
final class RoundRobin implements AutoCloseable {

    private static final int LONGEST_HEAD = 65536;
    private static final int PROBE_MILLIS = 1000;
    private static final byte[] NOBODY = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PROBE =
            "GET /actuator/health/readiness HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private final ServerSocket server;
    private final ScheduledExecutorService probes =
            Executors.newScheduledThreadPool(3, Thread.ofVirtual().factory());
    private final List<Integer> ports = new CopyOnWriteArrayList<>();
    private final Set<Integer> silent = ConcurrentHashMap.newKeySet();
    private final AtomicInteger turn = new AtomicInteger();

    RoundRobin(List<ServiceProcess> replicas) throws IOException {
        server = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
        replicas.forEach(replica -> add(replica.port()));
        Thread.ofVirtual().start(this::accept);
    }

    /** Where it listens, on the loopback interface. */
    int port() {
        return server.getLocalPort();
    }

    void add(int port) {
        ports.add(port);
        var _ = probes.scheduleWithFixedDelay(() -> probe(port), 0, PROBE_MILLIS / 2, TimeUnit.MILLISECONDS);
    }

    void remove(int port) {
        ports.removeIf(each -> each == port);
    }

    /** How many get requests now. */
    int ready() {
        return (int) ports.stream().filter(port -> !silent.contains(port)).count();
    }

    private void probe(int port) {
        if (!ports.contains(port)) {
            return;
        }
        try (Socket socket = connect(port)) {
            socket.setSoTimeout(PROBE_MILLIS);
            socket.getOutputStream().write(PROBE);
            String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            if (answer.equals("HTTP/1.1 200")) {
                silent.remove(port);
                return;
            }
        } catch (IOException e) {
            // Then it gets no requests.
        }
        silent.add(port);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                Thread.ofVirtual().start(() -> serve(client));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serve(Socket client) {
        try (client) {
            byte[] head = head(client.getInputStream());
            Optional<Socket> found = next();
            if (found.isEmpty()) {
                client.getOutputStream().write(NOBODY);
                return;
            }
            try (Socket replica = found.get()) {
                replica.getOutputStream().write(head);
                Thread.ofVirtual().start(() -> forward(client, replica));
                client.setTcpNoDelay(true);
                replica.getInputStream().transferTo(client.getOutputStream());
            }
        } catch (IOException e) {
            // One of them has gone, which the other sees.
        }
    }

    /** The body of the request, as long as there is one. */
    private static void forward(Socket client, Socket replica) {
        try {
            client.getInputStream().transferTo(replica.getOutputStream());
        } catch (IOException e) {
            // As above.
        }
    }

    /** Connects to whoever's turn it is, or the next that can be connected to; those that did not answer lately come last. */
    private Optional<Socket> next() {
        List<Integer> all = new ArrayList<>(ports);
        Collections.rotate(all, -Math.floorMod(turn.getAndIncrement(), Math.max(1, all.size())));
        all.sort(Comparator.comparing(silent::contains));
        for (int port : all) {
            try {
                return Optional.of(connect(port));
            } catch (IOException e) {
                // The next one then: nothing was sent.
            }
        }
        return Optional.empty();
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PROBE_MILLIS);
            socket.setTcpNoDelay(true);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** All before the body, with the wish that the connection is for this request alone: so the next one goes elsewhere. */
    private static byte[] head(InputStream client) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        boolean firstLine = true;
        int ending = 0;
        while (ending < 4) {
            int next = client.read();
            if (next < 0 || head.size() > LONGEST_HEAD) {
                throw new IOException("no request");
            }
            head.write(next);
            ending = next == "\r\n\r\n".charAt(ending) ? ending + 1 : next == '\r' ? 1 : 0;
            if (firstLine && ending == 2) {
                firstLine = false;
                head.writeBytes("Connection: close\r\n".getBytes(StandardCharsets.US_ASCII));
            }
        }
        return head.toByteArray();
    }

    @Override
    public void close() {
        probes.shutdownNow();
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
