/** The proof that images survive: power cuts, failing storage, random use and hostile bytes. See docs/engine-proof.md. */
@NullMarked
package io.cowshed.engine.proof;

import org.jspecify.annotations.NullMarked;
