package io.cowshed.attachment;

import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.Subject;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Tells what becomes of attachments, in the transaction that does it. */
@Component
class AttachmentEvents {

    private final Events events;
    private final JsonMapper json;

    AttachmentEvents(Events events, JsonMapper json) {
        this.events = events;
        this.json = json;
    }

    /** It has ended in that way. */
    void ended(Attachment attachment, AttachmentState how) {
        raise(
                switch (how) {
                    case DETACHED -> EventType.ATTACHMENT_DETACHED;
                    case BROKEN -> EventType.ATTACHMENT_BROKEN;
                    case LAPSED -> EventType.ATTACHMENT_LAPSED;
                    case ACTIVE, STALE -> throw new IllegalArgumentException("No end: " + how);
                },
                attachment);
    }

    void raise(EventType type, Attachment attachment) {
        Map<String, @Nullable Object> data = new LinkedHashMap<>();
        data.put("image", attachment.image());
        data.put("holder", attachment.holder());
        data.put("access", attachment.access());
        data.put("onDetach", attachment.onDetach());
        data.put("reason", attachment.endReason());
        data.put("drift", attachment.drift() == null ? null : json.readTree(attachment.drift()));
        events.raise(type, new Subject(Subject.Kind.ATTACHMENT, attachment.id(), attachment.imageName()), data);
    }
}
