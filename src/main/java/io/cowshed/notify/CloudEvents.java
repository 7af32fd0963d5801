package io.cowshed.notify;

import io.cowshed.database.Installation;
import io.cowshed.event.Event;
import io.cowshed.event.web.EventView;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Writes events as CloudEvents 1.0 in structured mode (JSON event format, section 3). */
@Component
class CloudEvents {

    static final String MEDIA_TYPE = "application/cloudevents+json";

    private final Installation installation;
    private final JsonMapper json;

    CloudEvents(Installation installation, JsonMapper json) {
        this.installation = installation;
        this.json = json;
    }

    /** The same bytes whenever the same event is written. */
    byte[] write(Event event) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("specversion", "1.0");
        members.put("id", event.id());
        members.put("source", "urn:uuid:" + installation.id());
        members.put("type", "io.cowshed." + event.type());
        members.put("subject", event.subject().kind() + "/" + event.subject().id());
        members.put("time", event.time());
        members.put("datacontenttype", "application/json");
        members.put("data", EventView.of(event, json));
        return json.writeValueAsBytes(members);
    }
}
