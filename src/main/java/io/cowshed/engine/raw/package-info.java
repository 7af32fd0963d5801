/** Raw disk files, whose bytes are the guest's bytes. */
@NullMarked
@NamedInterface("raw")
package io.cowshed.engine.raw;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
