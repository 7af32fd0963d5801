package io.cowshed.replicas;

import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Somebody who works on images of his own, one call after the other, and so knows what each of them must be. What he does
 * next is drawn from his own numbers; what others do meets him in the bases, the pool, the counter, and on the machine.
 */
final class Client {

    private static final int MANY = 4;
    private static final int MOST_IMAGES = 14;
    private static final int DEEPEST = 8;

    /** Replicas that start need some of the machine, too. */
    private static final int LONGEST_THOUGHT_MILLIS = 600;

    private final World world;
    private final Caller caller;
    private final Supplier<List<ApiClient>> replicas;
    private final Random random;
    private final String name;

    /** All that were made and are not gone for good. */
    private final List<Disk> disks = new ArrayList<>();

    private int names;
    private int versions;
    private @Nullable Disk latest;

    /** @param replicas each of those that run, past the proxy */
    Client(World world, ApiClient api, Supplier<List<ApiClient>> replicas, int number, long seed) {
        this.world = world;
        this.caller = new Caller(api, world);
        this.replicas = replicas;
        this.random = new Random(seed);
        this.name = "c" + number;
    }

    List<Disk> disks() {
        return disks;
    }

    /** Works until the world is over. */
    void run() {
        String step = "";
        try {
            while (!world.isOver()) {
                Step next = Step.values()[random.nextInt(Step.values().length)];
                step = next.name().toLowerCase(Locale.ROOT);
                take(next);
                world.pass(random.nextInt(LONGEST_THOUGHT_MILLIS));
            }
        } catch (RuntimeException | Error e) {
            world.surprise(name + ", " + step + ": " + e);
        }
    }

    private enum Step {
        IMPORT,
        CLONE,
        CLONES,
        SEAL,
        UNSEAL,
        WRITE,
        SNAPSHOT,
        REDIRECT,
        SPLIT,
        COMMIT,
        RESET,
        COPY,
        COPY_DELTA,
        COPY_CANCELLED,
        CHECK,
        TRASH,
        RESTORE,
        PURGE,
        REMOVE_PARENT,
        DOWNLOAD,
        COUNT,
        CLAIM,
        LEASE,
        LAPSE,
        PUBLISH,
        TOKEN
    }

    private void take(Step step) {
        switch (step) {
            case IMPORT -> importDisk();
            case CLONE -> cloneOne();
            case CLONES -> cloneMany();
            case SEAL -> with(disk -> !disk.sealed, this::seal);
            case UNSEAL -> with(disk -> disk.sealed && disk.isFree(), this::unseal);
            case WRITE -> with(disk -> !disk.sealed, this::write);
            case SNAPSHOT -> with(disk -> !disk.sealed && disk.depth() < DEEPEST, this::snapshot);
            case REDIRECT -> with(disk -> disk.parent != null, this::redirect);
            case SPLIT -> with(disk -> disk.parent != null, this::split);
            case COMMIT -> with(disk -> !disk.sealed && disk.parent != null, this::commit);
            case RESET -> with(disk -> !disk.sealed && disk.parent != null, this::reset);
            case COPY -> with(disk -> true, disk -> copy(disk, false));
            case COPY_DELTA -> with(disk -> disk.parent != null, disk -> copy(disk, true));
            case COPY_CANCELLED -> with(disk -> true, this::copyCancelled);
            case CHECK -> with(disk -> true, this::check);
            case TRASH -> with(Disk::isFree, this::trash);
            case RESTORE -> restore();
            case PURGE -> with(Disk::isFree, this::purge);
            case REMOVE_PARENT -> with(Client::isRemovableParent, this::removeParent);
            case DOWNLOAD -> with(disk -> true, this::download);
            case COUNT -> count();
            case CLAIM -> claim();
            case LEASE -> lease();
            case LAPSE -> lapse();
            case PUBLISH -> with(disk -> disk.sealed && !disk.published, this::publish);
            case TOKEN -> token();
        }
    }

    private void with(Predicate<Disk> condition, Consumer<Disk> step) {
        List<Disk> fitting =
                disks.stream().filter(disk -> !disk.trashed).filter(condition).toList();
        if (!fitting.isEmpty()) {
            step.accept(fitting.get(random.nextInt(fitting.size())));
        }
    }

    private String fresh() {
        return name + "-" + ++names;
    }

    private boolean isFull() {
        return disks.size() >= MOST_IMAGES;
    }

    private void importDisk() {
        if (isFull()) {
            return;
        }
        byte[] content = new byte[Disk.BLOCKS];
        random.nextBytes(content);
        Arrays.fill(content, 4, 8, (byte) 0);
        String called = fresh();
        Disk draft = new Disk("", called, content, null, false);
        JsonNode made = caller.upload("images?name=" + called, draft.bytes())
                .require(201)
                .json();
        disks.add(new Disk(made.path("id").asString(), called, content, null, false));
    }

    private void cloneOne() {
        Disk parent = aParent();
        if (isFull()) {
            return;
        }
        String called = fresh();
        JsonNode made = caller.post("images/" + parent.id + "/clones", "{\"name\": \"" + called + "\"}")
                .require(201)
                .json();
        add(made, called, parent);
    }

    private void cloneMany() {
        Disk parent = aParent();
        if (isFull()) {
            return;
        }
        String prefix = fresh() + "-";
        caller.post(
                        "images/" + parent.id + "/clones",
                        "{\"namePrefix\": \"%s\", \"count\": %d}".formatted(prefix, MANY))
                .require(201)
                .json()
                .path("items")
                .forEach(made -> add(made, made.path("name").asString(), parent));
    }

    private Disk aParent() {
        List<Disk> own = disks.stream()
                .filter(disk -> disk.sealed && !disk.trashed && disk.depth() < DEEPEST)
                .toList();
        return own.isEmpty() || random.nextInt(3) == 0 ? world.base : own.get(random.nextInt(own.size()));
    }

    private void add(JsonNode made, String called, Disk parent) {
        disks.add(new Disk(made.path("id").asString(), called, parent.content, parent, false));
    }

    private void seal(Disk disk) {
        Answer answer = caller.post("images/" + disk.id + "/seal", "", "Prefer", "wait=2")
                .require(200, 202)
                .answer();
        if (answer.json().has("finishedAt") && !end(answer.json())) {
            return;
        }
        disk.sealed = true;
        JsonNode shown = shown(disk);
        if (!shown.path("digest").asString("").equals(disk.digest())) {
            throw new AssertionError("the digest of " + disk + " is not that of what was written: " + shown);
        }
    }

    private void unseal(Disk disk) {
        caller.post("images/" + disk.id + "/unseal", "").require(200);
        disk.sealed = false;
    }

    /** As a guest does: with the disk taken, by a program that opens the file itself. */
    private void write(Disk disk) {
        String holder = fresh();
        JsonNode taken = caller.post(
                        "images/" + disk.id + "/attachments",
                        "{\"holder\": \"%s\", \"access\": \"rw\", \"ttl\": \"PT10M\"}".formatted(holder))
                .require(200, 201)
                .json();
        String attachment = taken.path("id").asString();
        byte[] content = disk.content.clone();
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            int block = random.nextInt(Disk.BLOCKS);
            content[block] = (byte) random.nextInt(256);
            commands.add("write -P " + (content[block] & 0xff) + " " + block * Disk.BLOCK + " " + Disk.BLOCK);
        }
        commands.add("flush");
        guest(Path.of(taken.path("path").asString()), commands);
        disk.content = content;
        caller.post("attachments/" + attachment + "/heartbeat", "").require(200);
        caller.delete("attachments/" + attachment).require(200);
    }

    /** A replica that does nothing for a while may still read the file, which keeps a guest away as long. */
    private static void guest(Path file, List<String> commands) {
        for (int attempt = 1; ; attempt++) {
            try {
                QemuIo.run(file, "qcow2", commands);
                return;
            } catch (AssertionError e) {
                if (attempt == 200 || !String.valueOf(e.getMessage()).contains("lock")) {
                    throw e;
                }
                LockSupport.parkNanos(300_000_000);
            }
        }
    }

    private void snapshot(Disk disk) {
        String called = fresh();
        byte[] content = disk.content.clone();
        if (operate(() -> caller.post("images/" + disk.id + "/snapshot", "{\"name\": \"" + called + "\"}"))) {
            Disk parent = made(called, content, disk.parent, true);
            disk.lieOn(parent);
        }
    }

    private void redirect(Disk disk) {
        if (operate(() -> caller.post("images/" + disk.id + "/redirect", ""))) {
            disk.lieOn(disk.parent == null ? null : disk.parent.parent);
        }
    }

    private void split(Disk disk) {
        if (operate(() -> caller.post("images/" + disk.id + "/split", ""))) {
            disk.lieOn(null);
        }
    }

    private void commit(Disk disk) {
        String called = fresh();
        byte[] content = disk.content.clone();
        if (operate(() -> caller.post("images/" + disk.id + "/commit", "{\"name\": \"" + called + "\"}"))) {
            Disk parent = made(called, content, disk.parent == null ? null : disk.parent.parent, true);
            disk.lieOn(parent);
        }
    }

    private void reset(Disk disk) {
        if (operate(() -> caller.post("images/" + disk.id + "/reset", "")) && disk.parent != null) {
            disk.content = disk.parent.content.clone();
        }
    }

    private void copy(Disk disk, boolean delta) {
        if (isFull()) {
            return;
        }
        String called = fresh();
        String body = "{\"name\": \"%s\", \"scope\": \"%s\"}".formatted(called, delta ? "delta" : "flat");
        if (operate(() -> caller.post("images/" + disk.id + "/copy", body))) {
            made(called, disk.content, delta ? disk.parent : null, false);
        }
    }

    private void copyCancelled(Disk disk) {
        String called = fresh();
        Caller.Outcome outcome = caller.post("images/" + disk.id + "/copy", "{\"name\": \"%s\"}".formatted(called))
                .require(202);
        String operation = outcome.json().path("id").asString();
        world.operations.add(operation);
        Answer cancelled =
                caller.post("operations/" + operation + "/cancel", "").answer();
        if (cancelled.status() != 200 && !cancelled.problem().equals("operation-finished")) {
            throw new AssertionError("cancelling was answered with " + cancelled);
        }
        JsonNode ended = caller.await(operation);
        if (ended.path("state").asString().equals("succeeded")) {
            made(called, disk.content, null, false);
        } else if (!ended.path("state").asString().equals("cancelled")) {
            requireInUse(ended);
        }
    }

    private void check(Disk disk) {
        Caller.Outcome outcome =
                caller.post("images/" + disk.id + "/check", "{}").require(202);
        String operation = outcome.json().path("id").asString();
        world.operations.add(operation);
        JsonNode ended = caller.await(operation);
        if (ended.path("state").asString().equals("succeeded")) {
            if (!ended.path("result").path("clean").asBoolean()) {
                throw new AssertionError(disk + " is not clean: " + ended);
            }
        } else {
            requireInUse(ended);
        }
    }

    private Disk made(String called, byte[] content, @Nullable Disk parent, boolean sealed) {
        JsonNode shown = caller.get("images/" + called).require(200).json();
        Disk disk = new Disk(shown.path("id").asString(), called, content, parent, sealed);
        disks.add(disk);
        return disk;
    }

    /** By If-Match: a try whose answer was not waited for may come to its turn when the image has been restored. */
    private void trash(Disk disk) {
        String etag = caller.get("images/" + disk.id).require(200).answer().header("ETag");
        Caller.Outcome outcome = caller.delete("images/" + disk.id, "If-Match", etag);
        if (outcome.answer().status() != 204
                && !(outcome.uncertain() && shown(disk).path("state").asString().equals("trashed"))) {
            throw new AssertionError("trashing " + disk + " was answered with " + outcome);
        }
        disk.trashed = true;
    }

    private void restore() {
        List<Disk> trashed = disks.stream().filter(disk -> disk.trashed).toList();
        if (!trashed.isEmpty()) {
            Disk disk = trashed.get(random.nextInt(trashed.size()));
            caller.post("images/" + disk.id + "/restore", "").require(200);
            disk.trashed = false;
        }
    }

    private void purge(Disk disk) {
        requireGone(disk, caller.delete("images/" + disk.id + "?purge=true"), 204);
    }

    private static boolean isRemovableParent(Disk disk) {
        return disk.sealed
                && !disk.published
                && !disk.children.isEmpty()
                && disk.children.stream().noneMatch(child -> child.trashed);
    }

    private void removeParent(Disk disk) {
        Caller.Outcome outcome = caller.delete("images/" + disk.id + "?children=redirect&purge=true");
        if (outcome.answer().status() == 202) {
            JsonNode ended = end(outcome.json().path("id").asString());
            if (!ended.path("state").asString().equals("succeeded")) {
                requireInUse(ended);
                takeOverParents(disk);
                return;
            }
        }
        Disk grandparent = disk.parent;
        List.copyOf(disk.children).forEach(child -> child.lieOn(grandparent));
        requireGone(disk, outcome, 202);
    }

    /** A removal that failed, a child being in use, has done some of the children, and says which. */
    private void takeOverParents(Disk disk) {
        for (Disk child : List.copyOf(disk.children)) {
            String parent = shown(child).path("parent").path("id").asString("");
            if (!parent.equals(disk.id)) {
                child.lieOn(disk.parent);
            }
        }
    }

    private void requireGone(Disk disk, Caller.Outcome outcome, int status) {
        boolean gone = outcome.answer().status() == status
                || (outcome.uncertain() && outcome.answer().problem().equals("not-found"));
        if (!gone) {
            throw new AssertionError("removing " + disk + " was answered with " + outcome);
        }
        disk.lieOn(null);
        disks.remove(disk);
        world.removed.add(disk.id);
    }

    private void download(Disk disk) {
        byte[] read = caller.get("images/" + disk.id + "/content?format=raw")
                .require(200)
                .answer()
                .bytes();
        if (!Arrays.equals(read, disk.bytes())) {
            throw new AssertionError("what is downloaded of " + disk + " is not what was written");
        }
    }

    /** Raises the number that everybody raises, if nobody else has in between. */
    private void count() {
        Answer shown = caller.get("images/" + world.counter).require(200).answer();
        int number = Integer.parseInt(shown.json().path("labels").path("n").asString("0"));
        Answer answer = caller.patchOnce(
                "images/" + world.counter, "{\"labels\": {\"n\": \"" + (number + 1) + "\"}}", shown.header("ETag"));
        if (answer == null) {
            world.perhapsRaised.incrementAndGet();
        } else if (answer.status() == 200) {
            world.raised.incrementAndGet();
        } else if (answer.status() != 412) {
            throw new AssertionError("counting was answered with " + answer);
        }
    }

    private void claim() {
        if (isFull()) {
            return;
        }
        String called = fresh();
        JsonNode made = caller.post("families/" + World.FAMILY + "/claims", "{\"name\": \"" + called + "\"}")
                .require(201)
                .json();
        add(made, called, world.base);
    }

    private void lease() {
        JsonNode made = caller.post(
                        "images/" + world.base.id + "/clones",
                        "{\"name\": \"%s\", \"ttl\": \"PT2S\", \"onExpire\": \"delete\"}".formatted(fresh()))
                .require(201)
                .json();
        world.leaving.add(made.path("id").asString());
    }

    /** Takes a disk that is to go with its holder, and is never heard of again. */
    private void lapse() {
        JsonNode made = caller.post(
                        "images/" + world.base.id + "/clones",
                        "{\"name\": \"%s\", \"ttl\": \"PT1H\"}".formatted(fresh()))
                .require(201)
                .json();
        String image = made.path("id").asString();
        JsonNode taken = caller.post(
                        "images/" + image + "/attachments",
                        "{\"holder\": \"%s\", \"ttl\": \"PT1S\", \"onDetach\": \"delete\"}".formatted(fresh()))
                .require(200, 201)
                .json();
        world.leaving.add(image);
        world.abandoned.add(taken.path("id").asString());
    }

    /** Makes a sealed disk the latest version of a family of his own, which is what a clone of the latest must lie on. */
    private void publish(Disk disk) {
        if (versions == 3) {
            return;
        }
        String family = name + "-family";
        if (versions == 0) {
            caller.post("families", "{\"name\": \"" + family + "\"}").require(201);
        }
        caller.post(
                        "families/" + family + "/versions",
                        "{\"version\": \"%d\", \"image\": \"%s\"}".formatted(++versions, disk.id))
                .require(201);
        disk.published = true;
        latest = disk;
        String called = fresh();
        JsonNode made = caller.post("images/" + family + ":latest/clones", "{\"name\": \"" + called + "\"}")
                .require(201)
                .json();
        if (!made.path("parent").path("id").asString("").equals(latest.id)) {
            throw new AssertionError("a clone of the latest lies on another version: " + made);
        }
        add(made, called, disk);
    }

    /** A token that was revoked by one replica is nobody's on all of them, at once. */
    private void token() {
        String called = fresh();
        JsonNode made = caller.post("tokens", "{\"name\": \"" + called + "\", \"role\": \"reader\"}")
                .require(201)
                .json();
        String secret = made.path("secret").asString();
        Caller.Outcome revoked = caller.delete("tokens/" + made.path("id").asString());
        if (revoked.answer().status() != 204 && !revoked.uncertain()) {
            throw new AssertionError("revoking was answered with " + revoked);
        }
        for (ApiClient replica : replicas.get()) {
            requireUnknown(replica.as(secret));
        }
    }

    private static void requireUnknown(ApiClient revoked) {
        try {
            Answer answer = revoked.patient(Duration.ofSeconds(2)).get("volume");
            if (answer.status() != 401 && answer.status() != 503) {
                throw new AssertionError("a revoked token was answered with " + answer);
            }
        } catch (UncheckedIOException e) {
            // This replica is away.
        }
    }

    /** Begins an operation, and answers whether it has succeeded. */
    private boolean operate(Supplier<Caller.Outcome> call) {
        Answer answer = call.get().require(200, 202).answer();
        return end(answer.json());
    }

    private boolean end(JsonNode begun) {
        JsonNode ended = end(begun.path("id").asString());
        if (ended.path("state").asString().equals("succeeded")) {
            return true;
        }
        requireInUse(ended);
        return false;
    }

    private JsonNode end(String operation) {
        world.operations.add(operation);
        return random.nextBoolean() ? caller.await(operation) : caller.follow(operation);
    }

    /** The one reason for which an operation on an image that nobody else knows may fail: a stopped replica still reads it. */
    private static void requireInUse(JsonNode ended) {
        String problem = ended.path("problem").path("type").asString("");
        if (!problem.equals("urn:cowshed:problem:image-in-use")) {
            throw new AssertionError("an operation ended as " + ended);
        }
    }

    private JsonNode shown(Disk disk) {
        return caller.get("images/" + disk.id).require(200).json();
    }
}
