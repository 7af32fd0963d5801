package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import jakarta.persistence.CollectionTable;
import jakarta.persistence.Column;
import jakarta.persistence.Convert;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Embedded;
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
import org.jspecify.annotations.Nullable;

/**
 * One disk image, and what becomes of it. Whoever changes one has its row locked ({@link Images#lock}). What the image itself
 * permits is told by {@link ImageRules}; rules that look at other rows (names, children, depth) are {@link Catalog}'s.
 */
@Entity
@Table(name = "image")
public class Image extends ImageRules {

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

    @Embedded
    private @Nullable Lease lease;

    @SuppressWarnings("UnusedVariable") // read by the schema's constraints only
    private boolean clonable;

    private @Nullable UUID parentId;

    @SuppressWarnings("UnusedVariable") // read by the schema's constraints only
    private @Nullable Boolean parentClonable;

    private long virtualSize;

    private long allocatedSize;

    private int clusterSize;

    private @Nullable String digest;

    @Embedded
    private @Nullable KnownDigest known;

    private Instant createdAt;

    private String createdBy;

    private Instant updatedAt;

    private @Nullable Instant trashedAt;

    private boolean removeWhenChildless;

    private @Nullable String fault;

    /** Whoever attaches and detaches it counts. */
    @Column(insertable = false, updatable = false)
    private long attachmentCount;

    @Version
    private long version;

    /** {@link ImageListing} fetches them with the image; most of what is done to an image does not need them. */
    @ElementCollection(fetch = FetchType.LAZY)
    @CollectionTable(name = "image_label", joinColumns = @JoinColumn(name = "image_id"))
    @MapKeyColumn(name = "label_key")
    @Column(name = "label_value")
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
        this.lease = wanted.lease();
        this.lifetime = Lifetime.of(lease);
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
     * @throws CowshedException of type IMAGE_NOT_SEALED, IMAGE_NOT_AVAILABLE or IMAGE_LEAVES if this image cannot have more
     *     children, of type INVALID_REQUEST if the clone's disk is smaller than this image's
     */
    Image cloned(NewClone wanted, String createdBy, Instant now) {
        requireClonable();
        requireFits(wanted.layout().virtualSize());
        Image image = base(wanted.image(), wanted.layout(), createdBy, now);
        image.lieOn(id);
        return image;
    }

    /** The file of an image that only reserved its name is complete, and its time begins. */
    void complete(Layout layout, @Nullable KnownDigest known, Instant now) {
        requireState(ImageState.CREATING, "completed");
        lay(layout);
        this.known = known;
        lease(lease == null ? null : lease.begun(now));
        become(ImageState.AVAILABLE, sealed, null, now);
    }

    /** The file of an image that only reserved its name is complete, and lies on a parent's; or on none. */
    void completeOn(@Nullable UUID parent, Layout layout, @Nullable KnownDigest known, Instant now) {
        lieOn(parent);
        complete(layout, known, now);
    }

    /**
     * The image has another file, and may have another parent. One in the trash keeps its content too.
     *
     * @param known the digest of what the guest reads, where it is known; of a sealed image it must be what it was
     */
    void replaceFile(@Nullable UUID parent, Layout layout, @Nullable KnownDigest known, Instant now) {
        if (state != ImageState.TRASHED) {
            requireState(ImageState.AVAILABLE, "changed");
        }
        if (sealed && (known == null || !known.digest().equals(digest))) {
            throw new IllegalStateException("The content of sealed image " + id + " would change");
        }
        lieOn(parent);
        lay(layout);
        this.known = known;
        updatedAt = stored(now);
    }

    /**
     * The file is not what the catalogue can vouch for; the image keeps the parent and the digest that it had. One in the trash
     * stays there.
     */
    void fail(String newFault, Instant now) {
        if (state != ImageState.TRASHED) {
            requireState(ImageState.AVAILABLE, "changed");
        }
        fault = newFault;
        known = null;
        become(state == ImageState.TRASHED ? state : ImageState.ERROR, sealed, digest, now);
    }

    /** The file is what it should be again. */
    void recover(Instant now) {
        if (state != ImageState.TRASHED) {
            requireState(ImageState.ERROR, "recovered");
        }
        fault = null;
        become(state == ImageState.TRASHED ? state : ImageState.AVAILABLE, sealed, digest, now);
    }

    private void lieOn(@Nullable UUID parent) {
        parentId = parent;
        parentClonable = parent == null ? null : Boolean.TRUE;
    }

    /** Freezes the content. Does nothing to an image that is sealed already, and answers whether it was not. */
    boolean seal(KnownDigest content, long allocatedSize, Instant now) {
        requireState(ImageState.AVAILABLE, "sealed");
        if (sealed) {
            return false;
        }
        known = content;
        this.allocatedSize = allocatedSize;
        become(state, true, content.digest(), now);
        return true;
    }

    /** Thaws the content, where it is frozen, and answers that; the caller has made sure that there are no children. */
    boolean unseal(Instant now) {
        requireState(ImageState.AVAILABLE, "unsealed");
        if (!sealed) {
            return false;
        }
        become(state, false, null, now);
        return true;
    }

    /**
     * Lets go of the name, and keeps all else until it is restored or purged; the caller has made sure that there are no
     * children. Does nothing to an image that is in the trash.
     */
    void trash(Instant now) {
        if (state == ImageState.TRASHED) {
            return;
        }
        requireRemovable();
        become(ImageState.TRASHED, sealed, digest, now);
        liveName = null;
        trashedAt = updatedAt;
        lease(lease == null ? null : lease.resting());
    }

    /**
     * Takes the image out of the trash, under this name, which the caller has found free.
     *
     * @param newLease of a disposable image; null for a persistent one
     */
    void restore(ImageName newName, @Nullable Lease newLease, Instant now) {
        requireState(ImageState.TRASHED, "restored");
        become(fault == null ? ImageState.AVAILABLE : ImageState.ERROR, sealed, digest, now);
        name = newName.value();
        liveName = name;
        searchText = searchText();
        trashedAt = null;
        lease(newLease);
    }

    /**
     * From now on the image gets no more children, and it is to go to the trash with the last that it has.
     *
     * @return whether that is new
     * @throws CowshedException of type IMAGE_PROTECTED, IMAGE_NOT_AVAILABLE or IMAGE_NOT_SEALED
     */
    boolean leaveWhenChildless(Instant now) {
        requireRemovable();
        requireState(ImageState.AVAILABLE, "removed");
        requireSealed();
        if (removeWhenChildless) {
            return false;
        }
        removeWhenChildless = true;
        updatedAt = stored(now);
        return true;
    }

    /** Takes back {@link #leaveWhenChildless}, and answers whether there was anything to take back. */
    boolean stay(Instant now) {
        if (!removeWhenChildless) {
            return false;
        }
        removeWhenChildless = false;
        updatedAt = stored(now);
        return true;
    }

    void change(ImageChange change, Instant now) {
        if (state == ImageState.TRASHED) {
            throw notIn(ImageState.AVAILABLE, "changed");
        }
        if (change.name() != null) {
            name = change.name().value();
            liveName = name;
        }
        if (change.description() != null) {
            description = Text.requireReadable("description", change.description(), Text.MAX_DESCRIPTION);
        }
        searchText = searchText();
        if (change.isProtected() != null) {
            isProtected = change.isProtected();
            removeWhenChildless &= !isProtected;
            lease(lease == null ? null : lease.hurried(now));
        }
        Labels merged = labels().merge(change.labels());
        labels.keySet().retainAll(merged.values().keySet());
        labels.putAll(merged.values());
        updatedAt = stored(now);
    }

    /** From now on it is what somebody has asked for, made for him just now; the content stays what it was made with. */
    void handOver(NewImage wanted, String to, Instant now) {
        requireState(ImageState.AVAILABLE, "handed over");
        name = wanted.name().value();
        liveName = name;
        description = wanted.description();
        searchText = searchText();
        labels.keySet().retainAll(wanted.labels().values().keySet());
        labels.putAll(wanted.labels().values());
        lease(wanted.lease());
        createdBy = to;
        createdAt = stored(now);
        updatedAt = createdAt;
    }

    /**
     * From now on the image lives on these terms: null makes it persistent. Where something kept it at the end of the old ones,
     * it does not leave with the last of its children any more for that.
     */
    void lease(@Nullable Lease newLease) {
        boolean ended = lease != null && lease.hold() != null;
        if (ended && (newLease == null || newLease.hold() == null)) {
            removeWhenChildless = false;
        }
        lease = newLease;
        lifetime = Lifetime.of(newLease);
    }

    /** The one place where what {@link #clonable} depends on changes. */
    private void become(ImageState newState, boolean newSealed, @Nullable String newDigest, Instant now) {
        state = newState;
        sealed = newSealed;
        digest = newDigest;
        clonable = sealed && state == ImageState.AVAILABLE;
        removeWhenChildless &= clonable;
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

    /** Both databases keep microseconds; what is answered now is what is read later. */
    private static Instant stored(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MICROS);
    }

    @Override
    public UUID id() {
        return id;
    }

    @Override
    public String name() {
        return name;
    }

    public String description() {
        return description;
    }

    public Labels labels() {
        return new Labels(labels);
    }

    @Override
    public ImageState state() {
        return state;
    }

    @Override
    public boolean isSealed() {
        return sealed;
    }

    @Override
    public boolean isProtected() {
        return isProtected;
    }

    @Override
    public Lifetime lifetime() {
        return lifetime;
    }

    /** Of a disposable image; null for a persistent one. */
    @Override
    public @Nullable Lease lease() {
        return lease;
    }

    /** Null for a base. */
    @Override
    public @Nullable UUID parentId() {
        return parentId;
    }

    /** Of the disk the guest sees, in bytes; 0 while creating. */
    @Override
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
        return known != null && known.stamp().equals(stamp) ? Optional.of(known.digest()) : Optional.empty();
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

    /** When it went to the trash; null unless it is there. */
    public @Nullable Instant trashedAt() {
        return trashedAt;
    }

    /** Whether it gets no more children, and is to go to the trash with the last that it has. */
    @Override
    public boolean isRemovedWhenChildless() {
        return removeWhenChildless;
    }

    /** What is wrong with its file, for people; null for nothing. */
    @Override
    public @Nullable String fault() {
        return fault;
    }

    /** How many have it attached. */
    public long attachments() {
        return attachmentCount;
    }

    /** Grows with every change of the row, and of the labels. */
    public long version() {
        return version;
    }
}
