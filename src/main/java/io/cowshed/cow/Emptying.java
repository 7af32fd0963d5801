package io.cowshed.cow;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Layout;
import io.cowshed.engine.qcow2.Qcow2HeaderReader;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.operation.OperationRun;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.Replacement;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.UUID;
import org.springframework.stereotype.Component;

/**
 * Gives a clone an empty file, on the same parent or on another:
 *
 * <pre>
 * image fenced and held ‖ new file written, flushed ‖ it takes the place of the old ‖ row and operation
 * </pre>
 *
 * <p>The new file is known by its number, which is written down before it takes the place of the old: where the next attempt
 * finds it there, a guest may have begun to write to it, and only the row is left to be committed. Otherwise it does the same
 * again.
 */
@Component
class Emptying {

    private final Images images;
    private final ImageFiles files;
    private final Volume volume;
    private final Leftovers leftovers;

    Emptying(Images images, ImageFiles files, Volume volume, Leftovers leftovers) {
        this.images = images;
        this.files = files;
        this.volume = volume;
        this.leftovers = leftovers;
    }

    /**
     * What the new file is to be.
     *
     * @param parent that it lies on
     * @param leastSize of the disk in bytes, which otherwise keeps its length
     */
    record Wanted(UUID parent, long leastSize) {}

    /**
     * What has been done, of which only the row is left to be committed.
     *
     * @param layout of the new file
     * @param allocatedBefore by the old one, in bytes
     */
    record Done(Layout layout, long allocatedBefore) {}

    /** Replaces the file of the image that an operation is about. */
    Done run(OperationRun run, Wanted wanted) throws IOException {
        UUID id = run.subject();
        Image image = images.find(ImageRef.of(id));
        run.expect(0);
        long before = volume.requireFile(id).allocatedSize();
        try (Replacement next = files.use(id, found -> volume.replace(found, true))) {
            leftovers.clear(run, id);
            String mark = run.mark();
            if (mark != null && mark.equals(mark(volume.requireFile(id)))) {
                volume.flushNames();
            } else {
                run.startOver();
                replace(run, image, wanted, next);
            }
            Layout layout = new Layout(
                    volume.headers().of(id).virtualSize(),
                    volume.requireFile(id).allocatedSize(),
                    image.clusterSize());
            return new Done(layout, before);
        } catch (IOException e) {
            throw FileFailures.of(id, e);
        }
    }

    private void replace(OperationRun run, Image image, Wanted wanted, Replacement next) throws IOException {
        try (HeldImage held = files.use(image.id(), volume::hold)) {
            // The header is all that has to be in order in what is thrown away.
            Qcow2Header header = Qcow2HeaderReader.read(held.file());
            InternalSnapshots.requireNone(image.id(), header);
            EmptyOverlay.write(next, image, Math.max(header.virtualSize(), wanted.leastSize()), wanted.parent());
            next.publish(false, status -> run.turn(mark(status)));
        }
    }

    private static String mark(ImageFileStatus file) {
        return Long.toString(file.number());
    }
}
