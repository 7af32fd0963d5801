/**
 * How Cowshed says no. Every refusal is a {@link io.cowshed.problem.CowshedException} of one
 * {@link io.cowshed.problem.ProblemType}, and one place renders them all as RFC 9457 problem details.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {})
package io.cowshed.problem;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
