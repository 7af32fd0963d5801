/** The tools that the engine is compared with. */
@NullMarked
package io.cowshed.engine.oracle;

import org.jspecify.annotations.NullMarked;
