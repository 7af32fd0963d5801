package io.cowshed.operation;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * The handlers there are. They are looked for when one is needed that is not known yet: some of them ask for operations
 * themselves, so none can be there before this is.
 */
@Component
class OperationHandlers {

    private final ObjectProvider<OperationHandler> handlers;
    private final Map<String, OperationHandler> byKind = new ConcurrentHashMap<>();

    OperationHandlers(ObjectProvider<OperationHandler> handlers) {
        this.handlers = handlers;
    }

    /** Whether this build has one of that kind; an older or a newer one may. */
    boolean know(String kind) {
        return find(kind) != null;
    }

    /** @throws IllegalStateException if this build has none of that kind */
    OperationHandler of(String kind) {
        OperationHandler handler = find(kind);
        if (handler == null) {
            throw new IllegalStateException("No handler for operations of kind " + kind);
        }
        return handler;
    }

    private @Nullable OperationHandler find(String kind) {
        OperationHandler known = byKind.get(kind);
        if (known == null) {
            handlers.forEach(this::add);
            known = byKind.get(kind);
        }
        return known;
    }

    private void add(OperationHandler handler) {
        OperationHandler other = byKind.putIfAbsent(handler.kind(), handler);
        if (other != null && !other.equals(handler)) {
            throw new IllegalStateException("Two handlers for operations of kind " + handler.kind());
        }
    }
}
