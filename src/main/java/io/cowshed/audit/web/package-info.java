/** The calls about audits. */
@NullMarked
package io.cowshed.audit.web;

import org.jspecify.annotations.NullMarked;
