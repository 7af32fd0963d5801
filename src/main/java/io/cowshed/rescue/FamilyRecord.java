package io.cowshed.rescue;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/** What is exported of a family: all of it, but its pool. */
record FamilyRecord(
        UUID id,
        String name,
        String description,
        Map<String, String> labels,
        Instant createdAt,
        String createdBy,
        Instant updatedAt,
        long version) {}
