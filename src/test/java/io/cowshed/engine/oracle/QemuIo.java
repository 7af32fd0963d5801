package io.cowshed.engine.oracle;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code qemu-io} as an oracle: one process for many commands. */
public final class QemuIo {

    private QemuIo() {}

    /**
     * Runs {@code commands} (such as {@code write -P 7 0 4k}) on an image.
     *
     * @return what it prints
     */
    public static String run(Path image, String format, List<String> commands) {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", format, "-d", "unmap"));
        for (String one : commands) {
            command.add("-c");
            command.add(one);
        }
        command.add(image.toString());
        String output = OracleProcess.run(command);
        if (output.contains("failed") || output.contains("rror") || output.contains("out of range")) {
            throw new AssertionError(String.join(" ", command) + "\n" + output);
        }
        return output;
    }
}
