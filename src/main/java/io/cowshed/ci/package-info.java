/**
 * Disks for the jobs of CI systems. A {@link io.cowshed.ci.Hook} is where one of them says what becomes of its jobs;
 * {@link io.cowshed.ci.Intake} believes what is signed, once, and has {@link io.cowshed.ci.Jobs} decide: a job that waits gets
 * the disks of the first rule that is meant for it, one that has ended gives them back.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {"problem", "http", "database", "event", "catalog", "catalog::web", "cow"})
package io.cowshed.ci;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
