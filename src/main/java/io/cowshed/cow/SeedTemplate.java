package io.cowshed.cow;

import io.cowshed.catalog.SeedTexts;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * What seed disks are to be made from: cloud-init's NoCloud files, of which the meta-data differs from guest to guest. It is
 * looked through as cloud-init would, so that whoever calls hears of a mistake, and not a guest's log.
 */
public final class SeedTemplate {

    /** In bytes of UTF-8. Clouds give 16 KiB or 64 KiB of user data; cloud-init itself has no limit. */
    private static final int MAX_USER_DATA = 64 << 10;

    private static final int MAX_META_DATA = 16 << 10;
    private static final int MAX_NETWORK_CONFIG = 16 << 10;
    private static final int MAX_NETWORK_ALIASES = 50;

    /** How user data begins, as cloud-init tells one kind from the other. */
    private static final List<String> HEADERS =
            List.of("#cloud-config", "#!", "#cloud-boothook", "#include", "#part-handler", "## template: jinja");

    private static final List<String> MIME_HEADERS = List.of("content-type:", "mime-version:");

    /** cloud-init looks for the header only so far. */
    private static final int MIME_HEAD = 4096;

    private static final String INSTANCE_ID = "instance-id";
    private static final String LOCAL_HOSTNAME = "local-hostname";
    private static final int MAX_INSTANCE_ID = 255;

    /** Of one label of a host's name (RFC 1123, section 2.1). */
    private static final int MAX_HOSTNAME = 63;

    private final SeedTexts given;
    private final YamlMapping metaData;
    private final @Nullable String keptInstanceId;

    private SeedTemplate(SeedTexts given, YamlMapping metaData, @Nullable String keptInstanceId) {
        this.given = given;
        this.metaData = metaData;
        this.keptInstanceId = keptInstanceId;
    }

    /**
     * Reads what a caller gives.
     *
     * @param keepInstanceId whether the instance-id is the one that the meta-data has, instead of a new one
     * @throws CowshedException of type INVALID_REQUEST if it is too long, not UTF-8, or nothing that cloud-init reads
     */
    public static SeedTemplate of(SeedTexts given, boolean keepInstanceId) {
        requireText("userData", given.userData(), MAX_USER_DATA);
        requireText("metaData", given.metaData(), MAX_META_DATA);
        requireText("networkConfig", given.networkConfig(), MAX_NETWORK_CONFIG);
        if (given.userData() != null) {
            requireHeader(given.userData());
        }
        if (given.networkConfig() != null) {
            YamlMapping.parse("networkConfig", given.networkConfig(), MAX_NETWORK_ALIASES);
        }
        // Without aliases, comparing two of them takes no longer than reading them.
        YamlMapping metaData = YamlMapping.parse("metaData", given.metaData() == null ? "" : given.metaData(), 0);
        return new SeedTemplate(given, metaData, keepInstanceId ? kept(metaData) : null);
    }

    private static void requireText(String field, @Nullable String text, int most) {
        if (text == null) {
            return;
        }
        int length;
        try {
            length = StandardCharsets.UTF_8
                    .newEncoder()
                    .encode(CharBuffer.wrap(text))
                    .remaining();
        } catch (CharacterCodingException e) {
            throw refused(field + " is not text that UTF-8 can hold.", "Use whole characters.");
        }
        if (length > most) {
            throw refused(field + " has " + length + " bytes.", "Use at most " + most + ".");
        }
        if (text.indexOf(0) >= 0) {
            throw refused(field + " has a NUL character in it.", "Use text.");
        }
    }

    private static void requireHeader(String userData) {
        String head =
                userData.substring(0, Math.min(userData.length(), MIME_HEAD)).toLowerCase(Locale.ROOT);
        if (MIME_HEADERS.stream().anyMatch(head::startsWith)) {
            if (!head.contains("mime-version:")) {
                throw refused(
                        "userData looks like a MIME message, and cloud-init takes it for one only with a MIME-Version.",
                        "Begin it with a line \"MIME-Version: 1.0\".");
            }
        } else if (HEADERS.stream().noneMatch(userData::startsWith)) {
            throw refused(
                    "userData does not begin as cloud-init knows it.",
                    "Begin it with one of " + String.join(", ", HEADERS)
                            + ", or with the headers of a MIME message (Content-Type: multipart/mixed).");
        }
    }

    private static String kept(YamlMapping metaData) {
        String id = metaData.textOf(INSTANCE_ID);
        if (id == null || id.isBlank() || id.length() > MAX_INSTANCE_ID || !isReadable(id)) {
            throw refused(
                    "metaData has no " + INSTANCE_ID + " to be kept.",
                    "Give it one, as text of 1 to " + MAX_INSTANCE_ID
                            + " characters without control characters, or leave keepInstanceId out.");
        }
        return id;
    }

    /** YAML has escapes for what its own text cannot hold, nor a database. */
    private static boolean isReadable(String id) {
        return id.codePoints().noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
    }

    private static CowshedException refused(String detail, String action) {
        return new CowshedException(ProblemType.INVALID_REQUEST, detail, action);
    }

    /**
     * That several guests may be given seed disks like this.
     *
     * @throws CowshedException of type INVALID_REQUEST if they would have the same instance-id
     */
    void requireForMany() {
        if (keptInstanceId != null) {
            throw refused(
                    "Several clones cannot keep one " + INSTANCE_ID + ": their guests would share an identity.",
                    "Leave keepInstanceId out, or make them one by one.");
        }
    }

    SeedTexts given() {
        return given;
    }

    /** The instance-id of a guest, for which {@code fresh} is a new one. */
    String instanceId(String fresh) {
        return keptInstanceId == null ? fresh : keptInstanceId;
    }

    /**
     * The files for a guest, by their names.
     *
     * @param image the name of its image
     * @param fresh as for {@link #instanceId}
     * @throws CowshedException of type INVALID_REQUEST if the meta-data is written so that nothing can be put in its place
     */
    SequencedMap<String, ByteBuffer> files(String image, String fresh) {
        YamlMapping meta = metaData.has(LOCAL_HOSTNAME) ? metaData : metaData.with(LOCAL_HOSTNAME, hostname(image));
        if (keptInstanceId == null) {
            meta = meta.with(INSTANCE_ID, fresh);
        }
        SequencedMap<String, ByteBuffer> files = new LinkedHashMap<>();
        files.put("meta-data", StandardCharsets.UTF_8.encode(meta.text()));
        files.put("user-data", StandardCharsets.UTF_8.encode(given.userData() == null ? "" : given.userData()));
        if (given.networkConfig() != null) {
            files.put("network-config", StandardCharsets.UTF_8.encode(given.networkConfig()));
        }
        return files;
    }

    /** What of an image's name a host may be called: a dot would begin the name of its domain. */
    private static String hostname(String image) {
        String label = image.replaceAll("[^A-Za-z0-9-]", "-");
        return label.substring(0, Math.min(label.length(), MAX_HOSTNAME)).replaceAll("-+$", "");
    }
}
