/** The calls about operations, and how calls that begin one answer. */
@NullMarked
@NamedInterface("web")
package io.cowshed.operation.web;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
