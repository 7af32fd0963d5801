package io.cowshed.operation.web;

import io.swagger.v3.oas.annotations.Parameter;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Describes the header that says how long a call may wait for its operation (RFC 7240, section 4.3). */
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@Parameter(
        description =
                "wait=N: answer when the operation is over, or after N seconds at most (60 counts for more); without it, at once.",
        example = "wait=10")
public @interface Prefer {}
