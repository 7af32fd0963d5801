package io.cowshed.rescue;

import java.io.PrintStream;

/** What a command tells whoever has called it, line by line, as it finds it. */
final class Report {

    private final PrintStream out;
    private long problems;

    Report(PrintStream out) {
        this.out = out;
    }

    /** Something that is as it is to be. */
    void say(String line) {
        out.println(line);
    }

    /** Something that somebody should look at. */
    void problem(String line) {
        problems++;
        out.println("! " + line);
    }

    long problems() {
        return problems;
    }
}
