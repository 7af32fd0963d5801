package io.cowshed.catalog;

import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.NewEvent;
import io.cowshed.event.Subject;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Tells what is done to images, in the transaction that does it. */
@Component
class ImageEvents {

    private final Events events;

    ImageEvents(Events events) {
        this.events = events;
    }

    /** The image as it is now is what this has made of it. */
    void raise(EventType type, Image image) {
        events.raise(type, subject(image), data(image));
    }

    /** As above, for images to which it is done together. */
    void raise(EventType type, List<Image> images) {
        if (images.isEmpty()) {
            return;
        }
        events.raise(images.stream()
                .map(image -> new NewEvent(type, subject(image), data(image)))
                .toList());
    }

    /** An image that was made ahead is somebody's now: for him it is new. */
    void handedOver(Image image, String before) {
        Map<String, @Nullable Object> data = data(image);
        data.put("nameBefore", before);
        events.raise(EventType.IMAGE_CREATED, subject(image), data);
    }

    void renamed(Image image, String before) {
        Map<String, @Nullable Object> data = data(image);
        data.put("nameBefore", before);
        events.raise(EventType.IMAGE_RENAMED, subject(image), data);
    }

    /** What the seed disk was made from may be secret. */
    void seeded(Image image, Seed seed) {
        Map<String, @Nullable Object> data = data(image);
        data.put("instanceId", seed.instanceId());
        events.raise(EventType.IMAGE_SEEDED, subject(image), data);
    }

    /** Of the image that is, or was, that version. */
    void ofVersion(EventType type, FamilyVersion version, Instant now) {
        Map<String, @Nullable Object> data = new LinkedHashMap<>();
        data.put("family", version.family());
        data.put("version", version.word());
        data.put("state", version.state(now));
        data.put("deprecatedAt", version.deprecatedAt());
        data.put("obsoleteAt", version.obsoleteAt());
        data.put("replacement", version.replacement());
        events.raise(type, new Subject(Subject.Kind.IMAGE, version.image(), version.imageName()), data);
    }

    private static Subject subject(Image image) {
        return new Subject(Subject.Kind.IMAGE, image.id(), image.name());
    }

    private static Map<String, @Nullable Object> data(Image image) {
        Map<String, @Nullable Object> data = new LinkedHashMap<>();
        Lease lease = image.lease();
        data.put("state", image.state());
        data.put("fault", image.fault());
        data.put("sealed", image.isSealed());
        data.put("protected", image.isProtected());
        data.put("removeWhenChildless", image.isRemovedWhenChildless());
        data.put("lifetime", image.lifetime());
        data.put("expiresAt", lease == null ? null : lease.expiresAt());
        data.put(
                "expiryHeldBy",
                lease == null || lease.hold() == null ? null : lease.hold().word());
        data.put("expiryDetail", lease == null ? null : lease.holdDetail());
        data.put("parent", image.parentId());
        data.put("virtualSize", image.virtualSize());
        data.put("digest", image.digest());
        data.put("labels", image.labels().values());
        return data;
    }
}
