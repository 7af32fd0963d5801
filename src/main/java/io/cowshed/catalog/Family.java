package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import jakarta.persistence.CollectionTable;
import jakarta.persistence.Column;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Entity;
import jakarta.persistence.FetchType;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.MapKeyColumn;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A name for images that come out in versions. The name stays, because scripts say it. */
@Entity
@Table(name = "family")
public class Family {

    @Id
    private UUID id;

    private String name;

    private String description;

    private Instant createdAt;

    private String createdBy;

    private Instant updatedAt;

    @Version
    private long version;

    /** {@link Families} has them read before it shows a family. */
    @ElementCollection(fetch = FetchType.LAZY)
    @CollectionTable(name = "family_label", joinColumns = @JoinColumn(name = "family_id"))
    @MapKeyColumn(name = "label_key")
    @Column(name = "label_value")
    private Map<String, String> labels;

    @SuppressWarnings("NullAway.Init") // for Hibernate, which fills the fields
    protected Family() {}

    /** @throws CowshedException of type INVALID_REQUEST if the description cannot be */
    Family(UUID id, FamilyName name, String description, Labels labels, String createdBy, Instant now) {
        this.id = id;
        this.name = name.value();
        this.description = Text.requireReadable("description", description, Text.MAX_DESCRIPTION);
        this.labels = new HashMap<>(labels.values());
        this.createdBy = createdBy;
        this.createdAt = now.truncatedTo(ChronoUnit.MICROS);
        this.updatedAt = createdAt;
    }

    /**
     * Changes what is said about it.
     *
     * @param newDescription null to leave it
     * @param changes of the labels: to set, or, with a null value, to take away
     * @throws CowshedException of type INVALID_REQUEST if a new value cannot be
     */
    void change(@Nullable String newDescription, Map<String, @Nullable String> changes, Instant now) {
        if (newDescription != null) {
            description = Text.requireReadable("description", newDescription, Text.MAX_DESCRIPTION);
        }
        Labels merged = labels().merge(changes);
        labels.keySet().retainAll(merged.values().keySet());
        labels.putAll(merged.values());
        updatedAt = now.truncatedTo(ChronoUnit.MICROS);
    }

    public UUID id() {
        return id;
    }

    public String name() {
        return name;
    }

    public String description() {
        return description;
    }

    public Labels labels() {
        return new Labels(labels);
    }

    public Instant createdAt() {
        return createdAt;
    }

    public String createdBy() {
        return createdBy;
    }

    public Instant updatedAt() {
        return updatedAt;
    }

    /** Grows with every change of the row, and of the labels. */
    public long version() {
        return version;
    }
}
