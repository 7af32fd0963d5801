/**
 * Who may do what: access tokens with one of three roles, checked on every call. The first start makes an
 * administrator's token and writes it to a file that only the service's user can read.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {"problem", "http", "database", "event"})
package io.cowshed.access;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
