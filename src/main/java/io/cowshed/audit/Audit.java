package io.cowshed.audit;

import io.cowshed.operation.Operation;
import java.util.List;

/**
 * An audit as it was when it was read.
 *
 * @param operation that does it
 * @param images how many images were looked at so far
 * @param verified of how many of those the content was read
 * @param skipped how many something else was going on with whenever they were looked at
 * @param files how many names on the volume were looked at so far
 * @param counts of the kinds that were found, at most one of each
 */
public record Audit(
        Operation operation,
        AuditOptions options,
        long images,
        long verified,
        long skipped,
        long files,
        List<KindCount> counts) {

    public Audit {
        counts = List.copyOf(counts);
    }
}
