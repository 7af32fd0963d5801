package io.cowshed.event;

import java.util.Map;

/**
 * Something that is being done.
 *
 * @param data what else there is to say, written as JSON; more than {@link Events#LONGEST_DATA} is left out
 */
public record NewEvent(EventType type, Subject subject, Map<String, ?> data) {}
