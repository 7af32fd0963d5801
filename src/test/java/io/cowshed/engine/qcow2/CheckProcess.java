package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.block.ReadOnlyFile;
import java.io.IOException;
import java.nio.file.Path;

/** Checks an image in a process of its own, so that its memory can be bounded. */
final class CheckProcess {

    private CheckProcess() {}

    public static void main(String[] arguments) throws IOException {
        try (ReadOnlyFile file = ReadOnlyFile.open(Path.of(arguments[0]))) {
            CheckReport report = Qcow2Check.check(file);
            System.out.println(report.errors() + " errors, " + report.leaks() + " leaks, " + report.allocatedClusters()
                    + " clusters");
        }
    }
}
