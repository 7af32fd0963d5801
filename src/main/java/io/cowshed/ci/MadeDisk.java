package io.cowshed.ci;

import java.util.UUID;

/**
 * A disk that was made for a job, which may be gone.
 *
 * @param name as it was made with
 */
public record MadeDisk(UUID id, String name) {}
