/**
 * What a guest has on its disk, as far as it takes to tell what is free there: partition tables, volumes and file systems
 * are read, and nothing is written. The entry is {@link io.cowshed.engine.guest.GuestSpace}.
 *
 * <p>A block that is called free and is not is lost data, so the rule is: all of a file system is understood and in order, or
 * nothing of it is free. {@code Survey} goes over the disk from the outside in. What it cannot make sense of ends in a {@code
 * LeftAloneException}, whose message becomes the reason in a {@link io.cowshed.engine.guest.GuestFinding.LeftAlone}. Every file
 * system is gone over in full before any of its space counts; {@code FreeRanges} then yields it again, piece by piece, so
 * that memory never depends on the size of the disk.
 *
 * <p>All bytes are the guest's and may be made to mislead. Each number is checked before it sizes or addresses anything,
 * trees must ascend, and chains and lists have limits.
 */
@NullMarked
@NamedInterface("guest")
package io.cowshed.engine.guest;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
