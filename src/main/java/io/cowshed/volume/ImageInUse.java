package io.cowshed.volume;

import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** An image's file, or its seed disk, is open in a QEMU, or at work in a Cowshed, in a way that does not go together with what was asked. */
public final class ImageInUse extends CowshedException {

    ImageInUse(CataloguedFile file, FileLockedException cause) {
        super(
                ProblemType.IMAGE_IN_USE,
                VolumeFailures.capitalised(file) + " is in use by " + cause.holderNames() + ".",
                "Stop whoever uses it, then try again.",
                cause);
        member("image", file.image());
        member("holders", cause.holders().stream().map(Object::toString).toList());
    }
}
