/**
 * The QCOW2 format: opens images and chains, writes fresh ones, and changes images in place. The format itself, bytes and
 * records, is in {@code format}.
 *
 * <h2>How a byte gets to the disk</h2>
 *
 * A fresh image is written in guest order, its header last, and is flushed once; {@link io.cowshed.engine.qcow2.DeltaCopy}
 * makes one of any disk over any other. What follows is about an image that is there already: {@link
 * io.cowshed.engine.qcow2.WritableQcow2Image}.
 *
 * <ol>
 *   <li>{@code GuestWriter} looks up the L2 entry of each cluster that is written to, in {@code L2Tables}. A table that an
 *       internal snapshot uses too is copied first.
 *   <li>Where the entry leads to a cluster whose refcount is exactly 1 ({@code Refcounts}; the COPIED flag is not trusted),
 *       and that is no metadata ({@code MetadataMap}), the bytes are written there, and that is all.
 *   <li>Else {@code ClusterAllocator} finds free clusters and raises their refcounts, in memory. The bytes are written there
 *       at once, with what the disk holds before and after them in the first and last (sub)cluster, which may come from the
 *       backing image or a compressed cluster. The L2 entry changes, in memory; the cluster it led to before is noted in
 *       {@code ClusterReleases}, and nobody gets it yet.
 *   <li>A flush ends the {@code Epoch}: refcounts and new tables are written, then a barrier, then the entries that point to
 *       new clusters and tables, then a barrier. Now the change is on stable storage, and the released clusters are counted
 *       lower, in memory, punched, and free to be used again.
 *   <li>Closing the image writes those lowered refcounts, too. A crash before leaks them.
 * </ol>
 *
 * The steps and barriers, for this and for all other changes, are a list each in {@code WriteOrder}.
 *
 * <p>{@link io.cowshed.engine.qcow2.BackingFill} stores in an image what it would lack on another backing image, past all that its
 * file held, so that {@code Uncovering} can give it back.
 *
 * <p>Whether an image is what it should be is judged by {@code ReferenceWalk}, which goes over everything that points to a
 * cluster: {@link io.cowshed.engine.qcow2.Qcow2Check} compares that with the refcounts, and {@link
 * io.cowshed.engine.qcow2.Qcow2Repair} makes the refcounts anew from it. {@link
 * io.cowshed.engine.qcow2.Qcow2Validation} refuses what came from elsewhere and is not sound, at once and without counting.
 *
 * <p>Nothing is done twice when it fails: an error in a guest's write is undone in memory, and any other ends the writer.
 */
@NullMarked
@NamedInterface("qcow2")
package io.cowshed.engine.qcow2;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
