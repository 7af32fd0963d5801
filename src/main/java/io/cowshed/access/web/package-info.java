/** The calls that make, list and revoke access tokens. */
@NullMarked
package io.cowshed.access.web;

import org.jspecify.annotations.NullMarked;
