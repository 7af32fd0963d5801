/** The only foreign calls of the project: locks, holes and safe opening on POSIX file systems. */
@NullMarked
@NamedInterface("posix")
package io.cowshed.engine.posix;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
