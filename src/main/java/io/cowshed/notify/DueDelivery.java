package io.cowshed.notify;

import io.cowshed.event.Event;
import java.time.Instant;
import java.util.UUID;

/**
 * A delivery that this replica is to send now.
 *
 * @param attempt the number of this attempt
 * @param tries how many there were in this round, with this one
 * @param since when the first of them was begun
 */
record DueDelivery(UUID id, long attempt, long tries, Instant since, Subscription subscription, Event event) {}
