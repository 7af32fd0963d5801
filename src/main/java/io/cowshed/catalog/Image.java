package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import jakarta.persistence.CollectionTable;
import jakarta.persistence.Column;
import jakarta.persistence.Convert;
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
import java.util.Optional;
import java.util.UUID;
import org.hibernate.annotations.Fetch;
import org.hibernate.annotations.FetchMode;
import org.jspecify.annotations.Nullable;

/**
 * One disk image, and what may become of it. Whoever changes one has its row locked ({@link Images#lock}); rules that
 * look at other rows (names, children, depth) are {@link Catalog}'s.
 */
@Entity
@Table(name = "image")
public class Image {

    @Id
    private UUID id;

    private String name;

    @SuppressWarnings("UnusedVariable") // read by the schema's constraints only
    private @Nullable String liveName;

    private String description;

    @SuppressWarnings("UnusedVariable") // read by ListStatement
    private String searchText;

    @Convert(converter = Words.OfState.class)
    private ImageState state;

    private boolean sealed;

    @Column(name = "protected")
    private boolean isProtected;

    @Convert(converter = Words.OfLifetime.class)
    private Lifetime lifetime;

    private @Nullable Instant expiresAt;

    @SuppressWarnings("UnusedVariable") // read by the schema's constraints only
    private boolean clonable;

    private @Nullable UUID parentId;

    @SuppressWarnings("UnusedVariable") // read by the schema's constraints only
    private @Nullable Boolean parentClonable;

    private long virtualSize;

    private long allocatedSize;

    private int clusterSize;

    private @Nullable String digest;

    private @Nullable String knownDigest;

    private @Nullable Long knownDigestSize;

    @Column(name = "known_digest_mtime_ns")
    private @Nullable Long knownDigestModifiedNanos;

    private Instant createdAt;

    private String createdBy;

    private Instant updatedAt;

    @Version
    private long version;

    @ElementCollection(fetch = FetchType.EAGER)
    @CollectionTable(name = "image_label", joinColumns = @JoinColumn(name = "image_id"))
    @MapKeyColumn(name = "label_key")
    @Column(name = "label_value")
    @Fetch(FetchMode.SELECT)
    private Map<String, String> labels;

    @SuppressWarnings("NullAway.Init") // for Hibernate, which fills the fields
    protected Image() {}

    private Image(NewImage wanted, ImageState state, String createdBy, Instant now) {
        this.id = wanted.id();
        this.name = wanted.name().value();
        this.liveName = name;
        this.description = wanted.description();
        this.searchText = searchText();
        this.labels = new HashMap<>(wanted.labels().values());
        this.lifetime = wanted.lifetime();
        this.expiresAt = wanted.expiresAt() == null ? null : stored(wanted.expiresAt());
        this.state = state;
        this.createdBy = createdBy;
        this.createdAt = stored(now);
        this.updatedAt = createdAt;
    }

    /** An image whose file is yet to come: it only reserves its name. */
    static Image creating(NewImage wanted, String createdBy, Instant now) {
        return new Image(wanted, ImageState.CREATING, createdBy, now);
    }

    /** An image with no parent. */
    static Image base(NewImage wanted, Layout layout, String createdBy, Instant now) {
        Image image = new Image(wanted, ImageState.AVAILABLE, createdBy, now);
        image.lay(layout);
        return image;
    }

    /**
     * A clone of this image.
     *
     * @throws CowshedException of type IMAGE_NOT_SEALED or IMAGE_NOT_AVAILABLE if this image cannot have children, of
     *     type INVALID_REQUEST if the clone's disk is smaller than this image's
     */
    Image cloned(NewClone wanted, String createdBy, Instant now) {
        requireClonable();
        requireFits(wanted.layout().virtualSize());
        Image image = base(wanted.image(), wanted.layout(), createdBy, now);
        image.parentId = id;
        image.parentClonable = true;
        return image;
    }

    /** The file of an image that only reserved its name is complete. */
    void complete(Layout layout, @Nullable KnownDigest known, Instant now) {
        requireState(ImageState.CREATING, "completed");
        lay(layout);
        remember(known);
        become(ImageState.AVAILABLE, sealed, null, now);
    }

    /** Freezes the content. Does nothing to an image that is sealed already. */
    void seal(KnownDigest content, long allocatedSize, Instant now) {
        requireState(ImageState.AVAILABLE, "sealed");
        if (sealed) {
            return;
        }
        remember(content);
        this.allocatedSize = allocatedSize;
        become(state, true, content.digest(), now);
    }

    /** Thaws the content; the caller has made sure that there are no children. */
    void unseal(Instant now) {
        requireState(ImageState.AVAILABLE, "unsealed");
        if (sealed) {
            become(state, false, null, now);
        }
    }

    void change(ImageChange change, Instant now) {
        if (change.name() != null) {
            name = change.name().value();
            liveName = state == ImageState.TRASHED ? null : name;
        }
        if (change.description() != null) {
            description = Text.requireReadable("description", change.description(), Text.MAX_DESCRIPTION);
        }
        searchText = searchText();
        if (change.isProtected() != null) {
            isProtected = change.isProtected();
        }
        if (change.expiresAt() != null) {
            if (lifetime == Lifetime.PERSISTENT) {
                throw Text.refuse(
                        "Image " + Text.quote(name) + " is persistent: it has no expiry.", "Leave the expiry out.");
            }
            expiresAt = stored(change.expiresAt());
        }
        Labels merged = labels().merge(change.labels());
        labels.keySet().retainAll(merged.values().keySet());
        labels.putAll(merged.values());
        updatedAt = stored(now);
    }

    /**
     * That clones of this image may be made.
     *
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE or IMAGE_NOT_SEALED
     */
    public void requireClonable() {
        requireState(ImageState.AVAILABLE, "cloned");
        if (!sealed) {
            throw new CowshedException(
                    ProblemType.IMAGE_NOT_SEALED,
                    "Image " + Text.quote(name) + " is not sealed: its content may still change under a clone.",
                    "Seal it first: POST /api/v1/images/" + id + "/seal.");
        }
    }

    /**
     * That the disk of a clone may have this size, in bytes.
     *
     * @throws CowshedException of type INVALID_REQUEST if it would be smaller than this one
     */
    public void requireFits(long virtualSizeOfClone) {
        if (virtualSizeOfClone < virtualSize) {
            throw Text.refuse(
                    "A clone of " + virtualSizeOfClone + " bytes would cut off the disk of image " + Text.quote(name)
                            + ", which has " + virtualSize + " bytes.",
                    "Use a virtualSize of at least " + virtualSize + ", or leave it out.");
        }
    }

    /** @throws CowshedException of type IMAGE_PROTECTED or IMAGE_NOT_AVAILABLE if it cannot be removed */
    void requireRemovable() {
        if (isProtected) {
            throw new CowshedException(
                    ProblemType.IMAGE_PROTECTED,
                    "Image " + Text.quote(name) + " is protected from removal.",
                    "Take the protection away first: PATCH /api/v1/images/" + id + " with {\"protected\": false}.");
        }
        if (state == ImageState.CREATING) {
            throw notIn(ImageState.AVAILABLE, "removed");
        }
    }

    /**
     * That the image can be worked on.
     *
     * @param attempt what is refused otherwise, as in "cannot be <i>sealed</i>"
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE if it is being made or in the trash
     */
    public void requireAvailable(String attempt) {
        requireState(ImageState.AVAILABLE, attempt);
    }

    /** @throws CowshedException of type IMAGE_NOT_AVAILABLE if it is in another state */
    void requireState(ImageState required, String attempt) {
        if (state != required) {
            throw notIn(required, attempt);
        }
    }

    private CowshedException notIn(ImageState required, String attempt) {
        return new CowshedException(
                ProblemType.IMAGE_NOT_AVAILABLE,
                "Image " + Text.quote(name) + " cannot be " + attempt + ": its state is " + state.word() + ", not "
                        + required.word() + ".",
                switch (state) {
                    case CREATING -> "Wait until it is available: GET /api/v1/images/" + id + ".";
                    case AVAILABLE, TRASHED, ERROR -> null;
                });
    }

    /** The one place where what {@link #clonable} depends on changes. */
    private void become(ImageState newState, boolean newSealed, @Nullable String newDigest, Instant now) {
        state = newState;
        sealed = newSealed;
        digest = newDigest;
        clonable = sealed && state == ImageState.AVAILABLE;
        updatedAt = stored(now);
    }

    /** In lower case as Java has it, so that both databases find the same. */
    private String searchText() {
        return Text.lowered(name + "\n" + description);
    }

    private void lay(Layout layout) {
        virtualSize = layout.virtualSize();
        allocatedSize = layout.allocatedSize();
        clusterSize = layout.clusterSize();
    }

    private void remember(@Nullable KnownDigest known) {
        knownDigest = known == null ? null : known.digest();
        knownDigestSize = known == null ? null : known.stamp().size();
        knownDigestModifiedNanos = known == null ? null : known.stamp().modifiedNanos();
    }

    /** Both databases keep microseconds; what is answered now is what is read later. */
    private static Instant stored(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MICROS);
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

    public ImageState state() {
        return state;
    }

    public boolean isSealed() {
        return sealed;
    }

    public boolean isProtected() {
        return isProtected;
    }

    public Lifetime lifetime() {
        return lifetime;
    }

    /** Of a disposable image; null for a persistent one. */
    public @Nullable Instant expiresAt() {
        return expiresAt;
    }

    /** Null for a base. */
    public @Nullable UUID parentId() {
        return parentId;
    }

    /** Of the disk the guest sees, in bytes; 0 while creating. */
    public long virtualSize() {
        return virtualSize;
    }

    /** Taken on the volume when last looked at, in bytes; 0 while creating. */
    public long allocatedSize() {
        return allocatedSize;
    }

    /** In bytes; 0 while creating. */
    public int clusterSize() {
        return clusterSize;
    }

    /** Of what the guest reads; null unless sealed. */
    public @Nullable String digest() {
        return digest;
    }

    /** The digest of the content, if it was computed while the file was in this very state. */
    public Optional<String> digestKnownFor(FileStamp stamp) {
        if (knownDigest == null || knownDigestSize == null || knownDigestModifiedNanos == null) {
            return Optional.empty();
        }
        return stamp.equals(new FileStamp(knownDigestSize, knownDigestModifiedNanos))
                ? Optional.of(knownDigest)
                : Optional.empty();
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
