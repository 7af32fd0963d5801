package io.cowshed.database;

import java.util.UUID;

/**
 * Who this installation is: all replicas on one database share the id, and the marker of their volume carries it.
 *
 * @param id made with the schema, the same ever after
 */
public record Installation(UUID id) {}
