/** Several replicas on one database and one volume, under load, while they come and go. */
@NullMarked
package io.cowshed.replicas;

import org.jspecify.annotations.NullMarked;
