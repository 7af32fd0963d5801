package io.cowshed.catalog.web;

import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotBlank;

/** What is done before a disposable image goes. */
@Schema(name = "BeforeDelete")
public record BeforeDelete(
        @Schema(
                description = "The name of an image that stands on its own, and takes what the guest reads.",
                example = "job-4711-results")
        @NotBlank
        String copy) {}
