package io.cowshed.engine.posix;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * A file channel for several threads. A {@link FileChannel} is closed for everyone when one thread that uses it is
 * interrupted: here that thread alone fails, and the others go on with a channel opened anew. A write error that nobody was
 * told of is still reported to the new channel's first flush, as Linux keeps it with the file.
 */
final class SharedChannel implements AutoCloseable {

    private final Path path;
    private final Set<StandardOpenOption> options;
    private FileChannel channel;
    private boolean closed;

    SharedChannel(Path path, boolean writable) throws IOException {
        this.path = path;
        this.options =
                writable ? Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE) : Set.of(StandardOpenOption.READ);
        this.channel = FileChannel.open(path, options);
    }

    /** Something done with a channel, that can be started over after it was broken off. */
    @FunctionalInterface
    interface Operation {
        void on(FileChannel channel) throws IOException;
    }

    /**
     * Runs {@code operation}, and runs it again when another thread's interrupt broke it off.
     *
     * @throws ClosedByInterruptException when the calling thread was interrupted
     */
    void use(Operation operation) throws IOException {
        while (true) {
            FileChannel current = current();
            try {
                operation.on(current);
                return;
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (ClosedChannelException _) {
                // Closed under us, by another thread's interrupt or for good: current() tells.
            }
        }
    }

    private synchronized FileChannel current() throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        if (!channel.isOpen()) {
            channel = FileChannel.open(path, options);
        }
        return channel;
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        channel.close();
    }
}
