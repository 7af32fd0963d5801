package io.cowshed.audit;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** The rows of audits and of what they find. */
@Component
@Transactional(propagation = Propagation.MANDATORY)
class AuditStore {

    /** How many findings of each kind are listed, and mended; the others are counted. */
    static final int LISTED = 10_000;

    private static final int LONGEST_FILE = 1024;
    private static final int LONGEST_TEXT = 2000;

    private final JdbcClient database;

    AuditStore(JdbcClient database) {
        this.database = database;
    }

    /** What an audit does, one after the other. */
    enum Step {
        IMAGES,
        FILES,
        MENDING,
        OVER;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * How far an audit is.
     *
     * @param afterImage the last image that was looked at; null for none
     */
    record Progress(
            UUID audit, Step step, @Nullable UUID afterImage, long images, long verified, long skipped, long files) {}

    /** @throws AuditRunning if another audit is not over */
    void add(UUID audit) {
        try {
            database.sql("insert into volume_audit (operation_id, live, step, images, verified, skipped, files)"
                            + " values (:id, true, 'images', 0, 0, 0, 0)")
                    .param("id", audit)
                    .update();
        } catch (DuplicateKeyException e) {
            throw new AuditRunning();
        }
    }

    /** The audit is over, in whichever way: another can begin. */
    void end(UUID audit) {
        database.sql("update volume_audit set live = null where operation_id = :id")
                .param("id", audit)
                .update();
    }

    @Transactional(propagation = Propagation.SUPPORTS)
    public Progress find(UUID audit) {
        return Objects.requireNonNull(find(List.of(audit)).get(audit));
    }

    @Transactional(propagation = Propagation.SUPPORTS)
    public Map<UUID, Progress> find(Collection<UUID> audits) {
        if (audits.isEmpty()) {
            return Map.of();
        }
        return database
                .sql("select * from volume_audit where operation_id in (:ids)")
                .param("ids", audits)
                .query((row, _) -> new Progress(
                        row.getObject("operation_id", UUID.class),
                        Step.valueOf(row.getString("step").toUpperCase(Locale.ROOT)),
                        row.getObject("after_image", UUID.class),
                        row.getLong("images"),
                        row.getLong("verified"),
                        row.getLong("skipped"),
                        row.getLong("files")))
                .stream()
                .collect(Collectors.toMap(Progress::audit, Function.identity()));
    }

    /** Writes down how far an audit is, and what it has found on the way. */
    void record(Progress progress, List<Finding> found) {
        database.sql("update volume_audit set step = :step, after_image = :after, images = :images,"
                        + " verified = :verified, skipped = :skipped, files = :files where operation_id = :id")
                .param("step", progress.step().word())
                .param("after", progress.afterImage())
                .param("images", progress.images())
                .param("verified", progress.verified())
                .param("skipped", progress.skipped())
                .param("files", progress.files())
                .param("id", progress.audit())
                .update();
        add(progress.audit(), found);
    }

    private void add(UUID audit, List<Finding> found) {
        Map<FindingKind, List<Finding>> byKind = new EnumMap<>(FindingKind.class);
        found.forEach(finding ->
                byKind.computeIfAbsent(finding.kind(), _ -> new ArrayList<>()).add(finding));
        byKind.forEach((kind, some) -> {
            long before = count(audit, kind, some.size());
            long room = Math.max(0, LISTED - before);
            list(audit, some.subList(0, (int) Math.min(room, some.size())));
        });
    }

    /** Answers how many there were before. */
    private long count(UUID audit, FindingKind kind, int more) {
        Optional<Long> before = database.sql("select found from audit_count where audit_id = :id and kind = :kind")
                .param("id", audit)
                .param("kind", kind.word())
                .query(Long.class)
                .optional();
        database.sql(
                        before.isPresent()
                                ? "update audit_count set found = found + :more where audit_id = :id and kind = :kind"
                                : "insert into audit_count (audit_id, kind, found, mended) values (:id, :kind, :more, 0)")
                .param("id", audit)
                .param("kind", kind.word())
                .param("more", more)
                .update();
        return before.orElse(0L);
    }

    private void list(UUID audit, List<Finding> found) {
        long number = database.sql("select coalesce(max(number), 0) from audit_finding where audit_id = :id")
                .param("id", audit)
                .query(Long.class)
                .single();
        for (Finding finding : found) {
            number++;
            database.sql("insert into audit_finding (audit_id, number, kind, image_id, image_name, file, detail)"
                            + " values (:id, :number, :kind, :image, :name, :file, :detail)")
                    .param("id", audit)
                    .param("number", number)
                    .param("kind", finding.kind().word())
                    .param("image", finding.image())
                    .param("name", finding.imageName())
                    .param("file", cut(finding.file(), LONGEST_FILE))
                    .param("detail", cut(finding.detail(), LONGEST_TEXT))
                    .update();
        }
    }

    /** Forgets what was found of names, which are gone through from the beginning. */
    void forgetNames(UUID audit) {
        List<String> kinds = Arrays.stream(FindingKind.values())
                .filter(FindingKind::isOfName)
                .map(FindingKind::word)
                .toList();
        for (String table : List.of("audit_finding", "audit_count")) {
            database.sql("delete from " + table + " where audit_id = :id and kind in (:kinds)")
                    .param("id", audit)
                    .param("kinds", kinds)
                    .update();
        }
    }

    /** Some findings after one of which it is not known yet what becomes of them, in their order. */
    @Transactional(propagation = Propagation.SUPPORTS)
    public List<ListedFinding> undecided(UUID audit, long after, int limit) {
        return database.sql("select * from audit_finding where audit_id = :id and number > :after and outcome is null"
                        + " order by number limit :limit")
                .param("id", audit)
                .param("after", after)
                .param("limit", limit)
                .query((row, _) -> finding(row))
                .list();
    }

    /** A page of findings, and one more where there are more. */
    @Transactional(propagation = Propagation.SUPPORTS)
    public List<ListedFinding> findings(UUID audit, @Nullable String kind, long after, int limit) {
        return database.sql("select * from audit_finding where audit_id = :id and number > :after"
                        + (kind == null ? "" : " and kind = :kind") + " order by number limit :limit")
                .param("id", audit)
                .param("after", after)
                .param("kind", kind)
                .param("limit", limit + 1)
                .query((row, _) -> finding(row))
                .list();
    }

    /**
     * Writes down what became of a finding.
     *
     * @param reason why it is as it was; null where it is not
     */
    void decide(UUID audit, ListedFinding finding, Outcome outcome, @Nullable String reason) {
        int decided = database.sql("update audit_finding set outcome = :outcome, reason = :reason"
                        + " where audit_id = :id and number = :number and outcome is null")
                .param("outcome", outcome.word())
                .param("reason", reason == null ? null : cut(reason, LONGEST_TEXT))
                .param("id", audit)
                .param("number", finding.number())
                .update();
        if (decided > 0 && outcome == Outcome.MENDED) {
            database.sql("update audit_count set mended = mended + 1 where audit_id = :id and kind = :kind")
                    .param("id", audit)
                    .param("kind", finding.kind())
                    .update();
        }
    }

    /** How many there are of each kind, of each of these audits. */
    @Transactional(propagation = Propagation.SUPPORTS)
    public Map<UUID, List<KindCount>> counts(Collection<UUID> audits) {
        Map<UUID, List<KindCount>> counts = new HashMap<>();
        if (!audits.isEmpty()) {
            database.sql("select audit_id, kind, found, mended from audit_count where audit_id in (:ids) order by kind")
                    .param("ids", audits)
                    .query(row -> {
                        counts.computeIfAbsent(row.getObject("audit_id", UUID.class), _ -> new ArrayList<>())
                                .add(new KindCount(row.getString("kind"), row.getLong("found"), row.getLong("mended")));
                    });
        }
        return counts;
    }

    private static ListedFinding finding(ResultSet row) throws SQLException {
        String outcome = row.getString("outcome");
        return new ListedFinding(
                row.getLong("number"),
                row.getString("kind"),
                row.getObject("image_id", UUID.class),
                row.getString("image_name"),
                row.getString("file"),
                row.getString("detail"),
                outcome == null ? null : Outcome.parse(outcome),
                row.getString("reason"));
    }

    private static String cut(String text, int longest) {
        return text.length() <= longest ? text : text.substring(0, longest - 1) + "…";
    }
}
