package io.cowshed.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Rows as builds of every schema have left them: whatever a table holds, as it looked when it had that version. */
final class SchemaRows {

    static final String BASE = "00000000-0000-7000-8000-000000000001";
    static final String CLONE = "00000000-0000-7000-8000-000000000002";
    static final String TRASHED = "00000000-0000-7000-8000-000000000003";
    static final String DISPOSABLE = "00000000-0000-7000-8000-000000000004";
    private static final String OTHER = "00000000-0000-7000-8000-00000000000";

    private static final String TIME = "timestamp with time zone '2026-01-02 03:04:05+00:00'";
    private static final String DIGEST = "'blkhash-sha256:" + "0".repeat(64) + "'";
    private static final int TRASH = 7;
    private static final int LEASES = 12;

    private SchemaRows() {}

    /** What came with which version, in the order in which it can be inserted. */
    private static final Map<Integer, List<String>> LATER = new TreeMap<>(Map.of(
            2,
            List.of(
                    "insert into access_token (id, name, role, secret_hash, created_at, created_by) values ('" + OTHER
                            + "1', 'admin', 'admin', '" + "a".repeat(64) + "', " + TIME + ", 'cowshed')",
                    "insert into idempotency (principal, idempotency_key, fingerprint, attempt, lease_until, status,"
                            + " headers, body, created_at) values ('p', 'k', 'f', '" + OTHER + "2', " + TIME
                            + ", 201, '{}', 'sealed', " + TIME + ")"),
            6,
            List.of(
                    "insert into operation (id, kind, subject_id, subject_name, request, state, cancel_requested, attempt,"
                            + " turned, done_bytes, created_at, created_by, version) values ('" + OTHER
                            + "3', 'split', '"
                            + CLONE + "', 'clone', '{}', 'queued', false, 0, false, 0, " + TIME + ", 'admin', 0)",
                    "insert into operation_claim (operation_id, image_id, exclusive_image_id) values ('" + OTHER
                            + "3', '" + CLONE + "', '" + CLONE + "')",
                    "insert into scheduled_tasks (task_name, task_instance, execution_time, picked, version) values"
                            + " ('operation', '" + OTHER + "3', " + TIME + ", false, 1)"),
            9,
            List.of("insert into attachment (id, image_id, image_name, holder, access, on_detach, state, ttl_seconds,"
                    + " created_at, created_by, heartbeat_at, expires_at, held_image_id, due_at, version) values ('"
                    + OTHER
                    + "4', '" + BASE + "', 'base', 'vm-1', 'ro', 'keep', 'active', 60, " + TIME + ", 'admin', " + TIME
                    + ", " + TIME + ", '" + BASE + "', " + TIME + ", 0)"),
            10,
            List.of(
                    "insert into family (id, name, description, created_at, created_by, updated_at, version) values ('"
                            + OTHER + "5', 'debian', '', " + TIME + ", 'admin', " + TIME + ", 0)",
                    "insert into family_label (family_id, label_key, label_value) values ('" + OTHER
                            + "5', 'os', 'linux')",
                    "insert into family_version (id, family_id, word, ordinal, image_id, image_clonable, notes,"
                            + " published_at, published_by, updated_at, version) values ('" + OTHER + "6', '" + OTHER
                            + "5', '12', 1, '" + BASE + "', true, '', " + TIME + ", 'admin', " + TIME + ", 0)"),
            11,
            List.of(
                    "insert into event (position, id, type, subject_kind, subject_id, subject_name, principal, happened_at,"
                            + " data) values (1, '" + OTHER + "7', 'image.created', 'image', '" + BASE
                            + "', 'base', 'admin', " + TIME + ", '{}')",
                    "update event_head set position = 1",
                    "insert into subscription (id, url, description, types, state, secret, failures, after_position,"
                            + " created_at, created_by, updated_at, version) values ('" + OTHER
                            + "8', 'https://example.com/', '', 'image.*', 'paused', 'whsec_x', 0, 0, " + TIME
                            + ", 'admin', " + TIME + ", 0)",
                    "insert into delivery (id, subscription_id, event_id, state, attempts, tries, created_at, ended_at)"
                            + " values ('" + OTHER + "9', '" + OTHER + "8', '" + OTHER + "7', 'delivered', 1, 0, "
                            + TIME
                            + ", " + TIME + ")"),
            13,
            List.of(
                    "insert into hook (id, name, provider, on_completion, rules, secret, secret_changed_at, created_at,"
                            + " created_by, updated_at, version) values ('" + OTHER
                            + "a', 'ci', 'github', 'purge', '[]',"
                            + " 'sealed', " + TIME + ", " + TIME + ", 'admin', " + TIME + ", 0)",
                    "insert into ci_job (hook_id, job_key, prepared_at, updated_at) values ('" + OTHER + "a', '17', "
                            + TIME + ", " + TIME + ")",
                    "insert into ci_disk (image_id, image_name, hook_id, job_key) values ('" + DISPOSABLE
                            + "', 'disposable', '" + OTHER + "a', '17')",
                    "insert into hook_delivery (id, hook_id, delivery_key, received_at, event, action, outcome, images,"
                            + " body) values ('" + OTHER + "b', '" + OTHER + "a', 'd', " + TIME
                            + ", 'workflow_job', 'queued', 'created', '[]', '{}')"),
            14,
            List.of("insert into pool (family_id, pool_size, created_at, created_by, updated_at, version) values ('"
                    + OTHER + "5', 0, " + TIME + ", 'admin', " + TIME + ", 0)"),
            15,
            List.of("insert into image_seed (image_id, file_number, instance_id, created_at, created_by) values ('"
                    + CLONE + "', 1, 'i-1', " + TIME + ", 'admin')")));

    /** Puts them into a schema of that version. */
    static void insert(Connection connection, int version) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(image(version, BASE, "base", "available", true, null, "persistent"));
            statement.execute(image(version, CLONE, "clone", "available", false, BASE, "persistent"));
            statement.execute(image(version, TRASHED, "trashed", "trashed", false, BASE, "persistent"));
            statement.execute(image(version, DISPOSABLE, "disposable", "available", false, null, "disposable"));
            statement.execute("insert into image_label (image_id, label_key, label_value) values ('" + CLONE
                    + "', 'team', 'net')");
            for (Map.Entry<Integer, List<String>> entry : LATER.entrySet()) {
                if (entry.getKey() <= version) {
                    for (String row : entry.getValue()) {
                        statement.execute(row);
                    }
                }
            }
        }
    }

    private static String image(
            int version,
            String id,
            String name,
            String state,
            boolean sealed,
            @Nullable String parent,
            String lifetime) {
        Map<String, String> columns = new TreeMap<>();
        boolean trashed = state.equals("trashed");
        columns.put("id", "'" + id + "'");
        columns.put("name", "'" + name + "'");
        columns.put("live_name", trashed ? "null" : "'" + name + "'");
        columns.put("description", "''");
        columns.put("search_text", "'" + name + "'");
        columns.put("state", "'" + state + "'");
        columns.put("sealed", String.valueOf(sealed));
        columns.put("protected", "false");
        columns.put("lifetime", "'" + lifetime + "'");
        columns.put("clonable", String.valueOf(sealed));
        columns.put("virtual_size", "1048576");
        columns.put("allocated_size", "262144");
        columns.put("cluster_size", "65536");
        columns.put("created_at", TIME);
        columns.put("created_by", "'admin'");
        columns.put("updated_at", TIME);
        columns.put("version", "0");
        if (sealed) {
            columns.put("digest", DIGEST);
        }
        if (parent != null) {
            columns.put("parent_id", "'" + parent + "'");
            columns.put("parent_clonable", "true");
        }
        if (trashed && version >= TRASH) {
            columns.put("trashed_at", TIME);
        }
        if (lifetime.equals("disposable")) {
            columns.put("expires_at", TIME);
            if (version >= LEASES) {
                columns.put("lease_from", TIME);
                columns.put("on_expire", "'trash'");
                columns.put("expiry_warn_at", TIME);
                columns.put("expiry_due_at", TIME);
                columns.put("expiry_attempts", "0");
            }
        }
        return "insert into image (" + String.join(", ", columns.keySet()) + ") values ("
                + String.join(", ", columns.values()) + ")";
    }
}
