package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;

import io.cowshed.VerbTrial.OnImage;
import io.cowshed.VerbTrial.Splice;
import io.cowshed.VerbTrial.Verb;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Makes images to try verbs on. Every other cluster of theirs is a hole: so nothing that is copied lies in a row, and a verb
 * that is slowed down has hardly anything written ahead.
 */
final class VerbTrials {

    private static final int CLUSTER = 64 << 10;

    private final VerbChains chains;
    private final ApiClient api;
    private final Path contents;

    /** @param contents a directory for what the images read */
    VerbTrials(VerbChains chains, ApiClient api, Path contents) {
        this.chains = chains;
        this.api = api;
        this.contents = contents;
    }

    /** Makes what the others lie on. */
    void makeParents() throws IOException {
        base("base");
        base("other");
        node("middle");
    }

    /** Makes an image for a verb. */
    OnImage image(Verb verb, String name) throws IOException {
        clone(name, "middle");
        if (verb == Verb.REPAIR) {
            chains.leak(name);
        }
        Path content = content("clone", name);
        return new OnImage(verb, name, content, verb == Verb.RESET ? content("node", "middle") : content);
    }

    /** Makes an image with children. */
    Splice splice(String name, int children) throws IOException {
        node(name);
        for (int child = 1; child <= children; child++) {
            clone(name + child, name);
        }
        return new Splice(name, children, content("clone", name + 1));
    }

    private void base(String name) {
        Random random = new Random(name.hashCode());
        byte[] disk = new byte[VerbChains.DISK];
        byte[] cluster = new byte[CLUSTER];
        for (int at = 0; at < disk.length; at += 2 * CLUSTER) {
            random.nextBytes(cluster);
            System.arraycopy(cluster, 0, disk, at, CLUSTER);
        }
        succeed(api.upload("images?name=" + name, "application/octet-stream", disk));
        seal(name);
    }

    /** Has 2.5 MiB of its own in the disk's first 5. */
    private void node(String name) throws IOException {
        succeed(api.postJson("images/base/clones", "{\"name\": \"" + name + "\"}"));
        write(name, 0, 5 << 20, 1);
        seal(name);
    }

    /** Has 2.5 MiB of its own in the disk's last 5. */
    private void clone(String name, String parent) throws IOException {
        succeed(api.postJson("images/" + parent + "/clones", "{\"name\": \"" + name + "\"}"));
        write(name, 3 << 20, VerbChains.DISK, 2);
    }

    /** What is written cannot be compressed. */
    private void write(String name, int from, int to, long seed) throws IOException {
        byte[] cluster = new byte[CLUSTER];
        new Random(seed).nextBytes(cluster);
        Path pattern = Files.write(contents.resolve("pattern"), cluster);
        String[] writes = new String[(to - from) / (2 * CLUSTER)];
        for (int i = 0; i < writes.length; i++) {
            writes[i] = "write -q -s " + pattern + " " + (from + 2 * i * CLUSTER) + " " + CLUSTER;
        }
        chains.write(name, writes);
    }

    private void seal(String name) {
        succeed(api.post("images/" + name + "/seal", "Prefer", "wait=30"));
    }

    /** What an image of a sort reads, all of which read the same, as the first of them was found to. */
    private Path content(String sort, String name) {
        Path raw = contents.resolve(sort + ".raw");
        if (Files.notExists(raw)) {
            QemuImg.run("convert", "-O", "raw", chains.file(name).toString(), raw.toString());
        }
        return raw;
    }
}
