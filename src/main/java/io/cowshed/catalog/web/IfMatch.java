package io.cowshed.catalog.web;

import io.swagger.v3.oas.annotations.Parameter;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Describes the header that ties a change to what its caller has seen (RFC 9110, section 13.1.1). */
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@Parameter(
        description =
                "The ETag of what was read, or a list of them: the call is refused when the image was changed since.")
public @interface IfMatch {}
