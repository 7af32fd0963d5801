package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.VerbChains;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** A verb on images of its own, and what is true of them before it and after it. */
sealed interface VerbTrial {

    /** What it is shown as. */
    String image();

    /** The call that begins it. */
    Answer call(ApiClient api);

    /** That everything is as if it had not been asked for. */
    void requireBefore(VerbChains chains);

    /** That it is done. */
    void requireAfter(VerbChains chains);

    /** That what an attempt that failed or was cancelled has left is true: the same as before, unless said otherwise. */
    default void requireEnded(VerbChains chains) {
        requireBefore(chains);
    }

    /**
     * The verbs on one image, which lies on {@code middle}, and that on {@code base}: the call, its body and what the image
     * lies on afterwards. {@code #} stands for the name of an image that is made.
     */
    enum Verb {
        REDIRECT("redirect", "{}", "base"),
        SPLIT("split", "{}", ""),
        REBASE("rebase", "{\"onto\": \"other\"}", "other"),
        SPARSIFY("sparsify", "{}", "middle"),
        COPY_FLAT("copy", "{\"name\": \"#\"}", "middle"),
        COPY_DELTA("copy", "{\"name\": \"#\", \"scope\": \"delta\"}", "middle"),
        COPY_COMPRESSED("copy", "{\"name\": \"#\", \"compression\": \"zstd\"}", "middle"),
        COMMIT("commit", "{\"name\": \"#\"}", "#"),
        SNAPSHOT("snapshot", "{\"name\": \"#\"}", "#"),
        RESET("reset", "{}", "middle"),
        GROW("resize", "{\"virtualSize\": \"5TiB\"}", "middle"),
        REPAIR("check", "{\"repair\": \"all\"}", "middle");

        private final String path;
        private final String body;
        private final String parent;

        Verb(String path, String body, String parent) {
            this.path = path;
            this.body = body;
            this.parent = parent;
        }

        /** For a name. */
        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        private boolean makesOne() {
            return body.contains("#");
        }
    }

    /**
     * A verb on one image.
     *
     * @param content what it reads, raw
     * @param after what it reads when it is done, raw, without zeros at its end
     */
    record OnImage(Verb verb, String image, Path content, Path after) implements VerbTrial {

        private static final long GROWN = 5L << 40;

        @Override
        public Answer call(ApiClient api) {
            return api.postJson("images/" + image + "/" + verb.path, verb.body.replace("#", made()));
        }

        @Override
        public void requireBefore(VerbChains chains) {
            requireReads(chains, image, content);
            assertThat(chains.parent(image)).as(image).isEqualTo("middle");
            assertThat(chains.image(image).path("virtualSize").asLong())
                    .as(image)
                    .isEqualTo(VerbChains.DISK);
            if (verb == Verb.REPAIR) {
                assertThat(QemuImg.check(chains.file(image))).as(image).doesNotContainKey("corruptions");
            } else {
                requireSound(chains, image);
            }
            requireIdle(chains, image);
            assertThat(chains.names()).doesNotContain(made());
        }

        @Override
        public void requireAfter(VerbChains chains) {
            requireReads(chains, image, after);
            assertThat(chains.parent(image)).as(image).isEqualTo(verb.parent.replace("#", made()));
            assertThat(chains.image(image).path("virtualSize").asLong())
                    .as(image)
                    .isEqualTo(verb == Verb.GROW ? GROWN : VerbChains.DISK);
            requireIdle(chains, image);
            requireSound(chains, image);
            if (verb.makesOne()) {
                requireReads(chains, made(), content);
                requireIdle(chains, made());
                requireSound(chains, made());
            }
        }

        private String made() {
            return "of-" + image;
        }
    }

    /**
     * The removal of a sealed image, a clone of {@code base}, whose children are redirected.
     *
     * @param children how many there are; each is called like the image and a number
     * @param content what each of them reads, raw
     */
    record Splice(String image, int children, Path content) implements VerbTrial {

        @Override
        public Answer call(ApiClient api) {
            return api.delete("images/" + image + "?children=redirect");
        }

        @Override
        public void requireBefore(VerbChains chains) {
            requireEnded(chains);
            assertThat(parents(chains)).as(image).containsOnly(image);
        }

        /** Some are done, and stay so. */
        @Override
        public void requireEnded(VerbChains chains) {
            assertThat(parents(chains)).as(image).isSubsetOf(image, "base");
            assertThat(chains.image(image).path("children").asLong())
                    .isEqualTo(parents(chains).stream().filter(image::equals).count());
            requireIdle(chains, image);
            requireChildrenRead(chains);
        }

        @Override
        public void requireAfter(VerbChains chains) {
            assertThat(chains.names()).doesNotContain(image);
            assertThat(parents(chains)).as(image).containsOnly("base");
            requireChildrenRead(chains);
        }

        private void requireChildrenRead(VerbChains chains) {
            for (String child : names()) {
                requireReads(chains, child, content);
                requireSound(chains, child);
                requireIdle(chains, child);
            }
        }

        private List<String> parents(VerbChains chains) {
            return names().stream().map(chains::parent).toList();
        }

        private List<String> names() {
            return IntStream.rangeClosed(1, children)
                    .mapToObj(child -> image + child)
                    .toList();
        }
    }

    /** Begins it, which nothing must stand in the way of, and answers the operation's id. */
    default String begin(ApiClient api) {
        Answer accepted = call(api);
        assertThat(accepted.status()).as("%s: %s", image(), accepted).isEqualTo(202);
        return accepted.json().path("id").asString();
    }

    /** The operation when it is over, as it is if nothing hinders it within a minute. */
    static JsonNode over(ApiClient api, String operation) {
        JsonNode ended =
                succeed(api.get("operations/" + operation, "Prefer", "wait=60")).json();
        assertThat(ended.path("finishedAt").isNull()).as("%s", ended).isFalse();
        return ended;
    }

    private static void requireReads(VerbChains chains, String image, Path content) {
        QemuImg.run(
                "compare",
                "-f",
                "raw",
                "-F",
                "qcow2",
                content.toString(),
                chains.file(image).toString());
    }

    private static void requireSound(VerbChains chains, String image) {
        assertThat(QemuImg.check(chains.file(image))).as(image).doesNotContainKeys("corruptions", "leaks");
    }

    private static void requireIdle(VerbChains chains, String image) {
        JsonNode shown = chains.image(image);
        assertThat(shown.path("operation").isNull()).as("%s", shown).isTrue();
        assertThat(shown.path("state").asString()).as("%s", shown).isEqualTo("available");
    }
}
