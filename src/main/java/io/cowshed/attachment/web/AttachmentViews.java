package io.cowshed.attachment.web;

import io.cowshed.attachment.Attachment;
import io.cowshed.attachment.HolderPaths;
import io.cowshed.attachment.Snippets;
import io.cowshed.catalog.Lineages;
import io.cowshed.volume.ImageFileMissing;
import io.cowshed.volume.Volume;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Makes {@link AttachmentView}s. */
@Component
class AttachmentViews {

    private final HolderPaths paths;
    private final Snippets snippets;
    private final Lineages lineages;
    private final Volume volume;
    private final Clock clock;

    AttachmentViews(HolderPaths paths, Snippets snippets, Lineages lineages, Volume volume, Clock clock) {
        this.paths = paths;
        this.snippets = snippets;
        this.lineages = lineages;
        this.volume = volume;
        this.clock = clock;
    }

    /** As it is in a list of all: with nothing that takes looking at more than its row. */
    AttachmentView brief(Attachment attachment) {
        return view(attachment, null, null);
    }

    /** With who has the file open, and the ways to open it. */
    AttachmentView of(Attachment attachment) {
        return attachment.lasting() ? open(attachment, use(attachment.image())) : closed(attachment);
    }

    /** As {@link #of}, of an image whose file somebody has looked at. */
    AttachmentView open(Attachment attachment, @Nullable String use) {
        return open(attachment, use, chain(attachment.image()));
    }

    /** As above, of an image whose chain somebody has looked up. */
    AttachmentView open(Attachment attachment, @Nullable String use, List<AttachmentView.Disk> chain) {
        return view(
                attachment,
                use,
                chain.stream()
                        .map(disk -> new AttachmentView.Link(disk.id(), disk.name(), paths.path(attachment, disk.id())))
                        .toList());
    }

    /** The images whose files a disk is made of, its own first. */
    List<AttachmentView.Disk> chain(UUID image) {
        return lineages.links(image).stream()
                .map(link -> new AttachmentView.Disk(link.id(), link.name()))
                .toList();
    }

    private AttachmentView closed(Attachment attachment) {
        return view(attachment, attachment.isSettled() ? null : use(attachment.image()), null);
    }

    /** What somebody does with the file just now; null where there is none. */
    @Nullable
    String use(UUID image) {
        try {
            return volume.use(image).word();
        } catch (ImageFileMissing _) {
            return null;
        }
    }

    private AttachmentView view(
            Attachment attachment, @Nullable String use, @Nullable List<AttachmentView.Link> chain) {
        String path = chain == null ? null : paths.path(attachment, attachment.image());
        return new AttachmentView(
                attachment.id(),
                new AttachmentView.Disk(attachment.image(), attachment.imageName()),
                attachment.holder(),
                attachment.access(),
                attachment.onDetach(),
                attachment.state(clock.instant()),
                use,
                attachment.createdAt(),
                attachment.createdBy(),
                attachment.heartbeatAt(),
                attachment.expiresAt(),
                attachment.endedAt(),
                attachment.endedBy(),
                attachment.endReason(),
                attachment.outcome(),
                attachment.drift(),
                path,
                chain,
                path == null ? null : snippets.drive(path, attachment.access()),
                path == null ? null : snippets.blockdev(attachment.image(), path, attachment.access()),
                path == null ? null : snippets.libvirt(path, attachment.access()));
    }
}
