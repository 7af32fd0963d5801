/** The QCOW2 format: opens images and chains, and writes fresh ones. The format itself, bytes and records, is in {@code format}. */
@NullMarked
@NamedInterface("qcow2")
package io.cowshed.engine.qcow2;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
