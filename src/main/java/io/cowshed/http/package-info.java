/**
 * What every call of the API shares, whatever it is about: a bound on JSON bodies, entity tags and the conditions on
 * them, answers that are given once for one {@code Idempotency-Key}, and the API's own description.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {"problem", "database"})
package io.cowshed.http;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
