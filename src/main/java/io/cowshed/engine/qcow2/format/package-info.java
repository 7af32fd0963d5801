/** What a QCOW2 file is made of, as bytes and records: no I/O here. */
@NullMarked
@NamedInterface("qcow2.format")
package io.cowshed.engine.qcow2.format;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
