/** The Helm chart in {@code helm/cowshed}: what it renders, refuses and says. */
@NullMarked
package io.cowshed.chart;

import org.jspecify.annotations.NullMarked;
