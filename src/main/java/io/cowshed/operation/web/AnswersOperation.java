package io.cowshed.operation.web;

import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Begins an operation, and answers with it: over, where the caller preferred to wait and that was long enough. */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ApiResponse(
        responseCode = "200",
        description = "The operation, over",
        content = @Content(mediaType = "application/json", schema = @Schema(implementation = OperationView.class)))
@ApiResponse(
        responseCode = "202",
        description = "The operation",
        content = @Content(mediaType = "application/json", schema = @Schema(implementation = OperationView.class)))
public @interface AnswersOperation {}
