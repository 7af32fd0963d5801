/** The calls that bring disks in and out. */
@NullMarked
package io.cowshed.transfer.web;

import org.jspecify.annotations.NullMarked;
