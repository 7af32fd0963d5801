/** The calls that attach and detach images. */
@NullMarked
package io.cowshed.attachment.web;

import org.jspecify.annotations.NullMarked;
