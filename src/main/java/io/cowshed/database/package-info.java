/**
 * What every module needs of the database: an acknowledged commit is on disk on H2 and PostgreSQL alike, a database that
 * does not answer is told from a mistake of ours, a violated constraint has a name, ids sort by time, the installation knows
 * who it is, and a clock is not believed everything. Whatever writes does so in a {@code @Transactional} method, or in one
 * of {@link io.cowshed.database.Transactions}; whatever only reads says so ({@code readOnly}), or it pays for an fsync.
 */
@NullMarked
@ApplicationModule(allowedDependencies = "problem")
package io.cowshed.database;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
