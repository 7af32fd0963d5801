package io.cowshed.operation;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An operation to be.
 *
 * @param kind its handler's
 * @param subject the image that it is about; null for the volume as a whole
 * @param subjectName that image's name; or what else it is about
 * @param request written as JSON, and read back by the handler
 * @param claims at most one on each image
 * @param createdBy who asks for it
 */
public record NewOperation(
        String kind,
        @Nullable UUID subject,
        String subjectName,
        Object request,
        List<Claim> claims,
        String createdBy) {}
