package io.cowshed.cow;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageChanged;
import io.cowshed.catalog.ImageEntry;
import io.cowshed.catalog.ImageListing;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Lineages;
import io.cowshed.operation.Claims;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.volume.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Says what the removal of an image would come to, and changes nothing. The rules are asked one after the other, each with what
 * it would throw; nothing is locked, so what is true now need not be a moment later.
 */
@Component
public class RemovalPlans {

    private static final Logger LOG = LoggerFactory.getLogger(RemovalPlans.class);

    /** How many children are opened, to see what they would copy. */
    private static final int IN_DETAIL = 50;

    private final Catalog catalog;
    private final Images images;
    private final ImageListing listing;
    private final Lineages lineages;
    private final Claims claims;
    private final Splices splices;
    private final Spaces spaces;
    private final Volume volume;
    private final ImageUse use;
    private final FamilyVersions versions;

    RemovalPlans(
            Catalog catalog,
            Images images,
            ImageListing listing,
            Lineages lineages,
            Claims claims,
            Splices splices,
            Spaces spaces,
            Volume volume,
            ImageUse use,
            FamilyVersions versions) {
        this.catalog = catalog;
        this.images = images;
        this.listing = listing;
        this.lineages = lineages;
        this.claims = claims;
        this.splices = splices;
        this.spaces = spaces;
        this.volume = volume;
        this.use = use;
        this.versions = versions;
    }

    /**
     * The removal that is planned.
     *
     * @param purge whether the image is to go for good, not to the trash
     * @param whenChildless whether it is to go with the last of its children
     * @param children what is to become of these; null for nothing
     * @param expectedVersions one of which the caller has read, or null for whatever there is
     */
    public record Wanted(
            boolean purge,
            boolean whenChildless,
            Splice.@Nullable Children children,
            @Nullable Set<Long> expectedVersions) {}

    /** The plan, which looks at no images but this one and its direct children. */
    public RemovalPlan of(ImageRef ref, Wanted wanted) {
        Image image = images.find(ref);
        UUID id = image.id();
        long count = lineages.childrenCount(id);
        List<UUID> oldest = lineages.children(id).stream().limit(IN_DETAIL).toList();
        List<RemovalPlan.Child> children =
                listing.entries(oldest).stream().map(this::child).toList();
        List<Obstacle> obstacles = obstacles(image, wanted, count == 0);
        long usable = volume.space().usable();
        long allocated = volume.sizes().allocated(id).orElse(0);
        return new RemovalPlan(
                id,
                image.name(),
                image.state(),
                obstacles.isEmpty(),
                obstacles,
                count,
                count - lineages.untrashedChildrenCount(id),
                children,
                choices(image, children, count, usable),
                volume.status(id).isPresent() ? spaces.exclusive(id, allocated) : Long.valueOf(0),
                usable);
    }

    private RemovalPlan.Child child(ImageEntry entry) {
        Image child = entry.image();
        return new RemovalPlan.Child(
                child.id(),
                child.name(),
                child.state(),
                child.isSealed(),
                child.virtualSize(),
                volume.sizes().allocated(child.id()).orElse(child.allocatedSize()),
                !child.isSealed() && volume.status(child.id()).isPresent() && volume.isInUse(child.id()),
                entry.operation(),
                unlessUnreadable(() -> spaces.costToRedirect(child)),
                unlessUnreadable(() -> spaces.costToSplit(child)));
    }

    /** That a child is damaged, or being worked on just now, the choices say. */
    private static @Nullable Long unlessUnreadable(Supplier<@Nullable Long> cost) {
        try {
            return cost.get();
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (CowshedException e) {
            LOG.debug("What a child would copy cannot be told", e);
            return null;
        }
    }

    private List<RemovalPlan.Choice> choices(Image image, List<RemovalPlan.Child> children, long count, long usable) {
        if (count == 0) {
            return List.of();
        }
        List<RemovalPlan.Choice> choices = new ArrayList<>();
        for (Splice.Children choice : Splice.Children.values()) {
            List<Long> costs = costs(children, cost(choice));
            long sum = costs.stream().mapToLong(Long::longValue).sum();
            choices.add(choice(
                    image,
                    choice.word(),
                    "children=" + choice.word(),
                    new Wanted(false, false, choice, null),
                    sum,
                    costs.size(),
                    costs.size() < count ? null : sum <= usable));
        }
        choices.add(choice(
                image, "when-childless", "whenChildless=true", new Wanted(false, true, null, null), 0, count, true));
        return choices;
    }

    private RemovalPlan.Choice choice(
            Image image, String word, String query, Wanted wanted, long cost, long counted, @Nullable Boolean hasRoom) {
        List<Obstacle> obstacles = obstacles(image, wanted, false);
        return new RemovalPlan.Choice(
                word,
                "DELETE /api/v1/images/" + image.id() + "?" + query,
                obstacles.isEmpty(),
                obstacles,
                cost,
                counted,
                hasRoom);
    }

    private static Function<RemovalPlan.Child, @Nullable Long> cost(Splice.Children choice) {
        return switch (choice) {
            case REDIRECT -> RemovalPlan.Child::costToRedirect;
            case SPLIT -> RemovalPlan.Child::costToSplit;
            case PURGE_TRASHED -> _ -> 0L;
        };
    }

    private static List<Long> costs(
            List<RemovalPlan.Child> children, Function<RemovalPlan.Child, @Nullable Long> cost) {
        return children.stream()
                .flatMap(child -> Stream.ofNullable(cost.apply(child)))
                .toList();
    }

    /** What a removal would be refused for; each rule is asked on its own. */
    private List<Obstacle> obstacles(Image image, Wanted wanted, boolean childless) {
        Splice.Children children = wanted.children();
        List<Runnable> rules = new ArrayList<>();
        rules.add(() -> ImageChanged.requireVersion(image, wanted.expectedVersions()));
        rules.add(image::requireRemovable);
        rules.add(() -> versions.requireNone(image, "removed"));
        if (wanted.whenChildless() && !childless) {
            rules.add(() -> image.requireAvailable("removed"));
        } else if (children != null) {
            rules.addAll(ofSplice(image, children, wanted.purge()));
        } else if (wanted.purge() || image.state() != ImageState.TRASHED) {
            rules.add(() -> catalog.checkChildless(image));
            rules.add(() -> claims.requireNoneForNow(image.id()));
            rules.add(() -> use.requireNone(image, "removed"));
            rules.add(() -> splices.requireIdle(image));
        }
        return Obstacle.of(rules);
    }

    private List<Runnable> ofSplice(Image image, Splice.Children children, boolean purge) {
        List<Runnable> rules = new ArrayList<>();
        rules.add(() -> claims.requireNoneForNow(image.id()));
        rules.add(() -> use.requireNone(image, "removed"));
        lineages.children(image.id()).stream()
                .limit(IN_DETAIL)
                .<Runnable>map(child -> () -> claims.requireNoneForNow(child))
                .forEach(rules::add);
        rules.add(() -> splices.requireChildrenIdle(image, children, IN_DETAIL));
        if (purge || !image.isSealed()) {
            rules.add(() -> splices.requireIdle(image));
        }
        if (!purge) {
            rules.add(() -> image.requireAvailable("removed"));
        }
        UUID parent = image.parentId();
        switch (children) {
            case REDIRECT -> {
                if (parent != null) {
                    rules.add(() -> images.find(ImageRef.of(parent)).requireClonable());
                    rules.add(() -> requireUnchanging(parent));
                }
            }
            case SPLIT -> {}
            case PURGE_TRASHED -> rules.add(() -> catalog.checkChildrenTrashed(image));
        }
        return rules;
    }

    private void requireUnchanging(UUID image) {
        if (claims.changing(List.of(image)).containsKey(image)) {
            claims.requireNoneForNow(image);
        }
    }
}
