package io.cowshed.catalog;

import static io.cowshed.catalog.CatalogFixture.LAYOUT;
import static io.cowshed.catalog.CatalogFixture.SOMEONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import jakarta.persistence.EntityManagerFactory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.hibernate.SessionFactory;
import org.hibernate.stat.Statistics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists and lineages of a small fleet, compared with the same done in memory. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ListingTests {

    private final CatalogFixture fixture;
    private final List<Image> all = new ArrayList<>();
    private Image parent;

    @SuppressWarnings("NullAway.Init")
    ListingTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind, "spring.jpa.properties.hibernate.generate_statistics=true");
    }

    @BeforeAll
    void fill() {
        parent = fixture.sealedBase("Zebra");
        all.add(fixture.listing().entry(ImageRef.of(parent.id())).image());
        for (int i = 0; i < 40; i++) {
            NewImage wanted = new NewImage(
                    fixture.newId(),
                    new ImageName((i % 2 == 0 ? "a" : "B") + "-" + (i * 7919 % 40)),
                    i % 5 == 0 ? "100% ÄRGER_" + i : "plain",
                    new Labels(
                            i % 3 == 0 ? Map.of("team", "net", "env", i % 2 == 0 ? "prod" : "test") : Map.of("x", "")),
                    null);
            Layout layout = new Layout(LAYOUT.virtualSize() + i % 4 * 512L, 0, 65536);
            all.add(
                    i % 4 == 0
                            ? fixture.catalog().addBase(wanted, layout, SOMEONE)
                            : fixture.catalog()
                                    .addClones(parent, List.of(new NewClone(wanted, layout)), SOMEONE)
                                    .getFirst()
                                    .image());
        }
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @Test
    void pagesThroughEverySortInBothDirections() {
        Map<String, Comparator<Image>> sorts = Map.of(
                "createdAt",
                        Comparator.comparing(Image::createdAt)
                                .thenComparing(image -> image.id().toString()),
                "name", Comparator.comparing(Image::name),
                "virtualSize",
                        Comparator.comparingLong(Image::virtualSize)
                                .thenComparing(image -> image.id().toString()));
        sorts.forEach((sort, order) -> {
            List<String> expected = all.stream().sorted(order).map(Image::name).toList();
            assertThat(names(ImageSort.parse(sort), "", 7)).as(sort).isEqualTo(expected);
            assertThat(names(ImageSort.parse("-" + sort), "", 7)).as("-" + sort).isEqualTo(expected.reversed());
        });
    }

    /** For a page of one, 14 images with a label are many, and 7 are few. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1   | team=net,env=prod",
                "2   | team=net,env=prod",
                "100 | team=net,env=prod",
                "1   | team=net,env!=test",
                "1   | team,env!=test",
                "100 | team,env!=test"
            })
    void pagesThroughWhatHasTwoLabelsInEverySortAndBothDirections(int limit, String labels) {
        List<String> expected = all.stream()
                .filter(image -> has(image, "team", "net") && has(image, "env", "prod"))
                .sorted(Comparator.comparing(Image::name))
                .map(Image::name)
                .toList();
        assertThat(expected).hasSize(7);
        for (String sort : List.of("createdAt", "name", "virtualSize")) {
            List<String> found = names(ImageSort.parse(sort), labels, limit);
            assertThat(found).as(sort).containsExactlyInAnyOrderElementsOf(expected);
            assertThat(names(ImageSort.parse("-" + sort), labels, limit))
                    .as("-" + sort)
                    .isEqualTo(found.reversed());
        }
        assertThat(names(ImageSort.parse("name"), labels, limit)).isEqualTo(expected);
    }

    @Test
    void filters() {
        assertListed(query("zEB", "", null, null), image -> image.name().equals("Zebra"));
        assertListed(
                query("% ärger_", "", null, null), image -> image.description().contains("% ÄRGER_"));
        assertListed(query("nothing like it", "", null, null), _ -> false);
        assertListed(query(null, "team=net", null, null), image -> has(image, "team", "net"));
        assertListed(
                query(null, "team=net,env!=prod", null, null),
                image -> has(image, "team", "net") && !has(image, "env", "prod"));
        assertListed(query(null, "env!=prod", null, null), image -> !has(image, "env", "prod"));
        assertListed(
                query(null, "x", null, null), image -> image.labels().values().containsKey("x"));
        assertListed(
                query(null, "!x", null, null), image -> !image.labels().values().containsKey("x"));
        assertListed(query(null, "x=", null, null), image -> has(image, "x", ""));
        assertListed(query(null, "", true, null), Image::isSealed);
        assertListed(query(null, "", false, null), image -> !image.isSealed());
        assertListed(query(null, "", null, parent), image -> parent.id().equals(image.parentId()));
    }

    @Test
    void showsTheTrashOnlyWhenAskedFor() {
        Image trashed = fixture.base("soon-trashed");
        fixture.trash().put(ImageRef.of(trashed.id()), null);
        ImageQuery trash = new ImageQuery(
                null,
                LabelSelector.any(),
                Set.of(ImageState.TRASHED),
                null,
                null,
                null,
                null,
                null,
                null,
                ImageSort.DEFAULT,
                null,
                10);
        assertThat(fixture.listing().list(trash).items())
                .extracting(entry -> entry.image().id())
                .containsExactly(trashed.id());
        assertThat(names(ImageSort.DEFAULT, "", 7))
                .doesNotContain("soon-trashed")
                .hasSize(all.size());
    }

    @Test
    void showsPlaceInTheGraph() {
        for (ImageEntry entry :
                fixture.listing().list(limited(ImageQuery.DEFAULT_LIMIT)).items()) {
            boolean clone = entry.image().parentId() != null;
            assertThat(entry.depth()).isEqualTo(clone ? 1 : 0);
            assertThat(entry.parent()).isEqualTo(clone ? new ImageLink(parent.id(), "Zebra", parent.state()) : null);
            assertThat(entry.children()).isEqualTo(entry.image().id().equals(parent.id()) ? 30 : 0);
        }
    }

    @Test
    void loadsManyImagesInAsManyStatementsAsFew() {
        Statistics statistics = fixture.bean(EntityManagerFactory.class)
                .unwrap(SessionFactory.class)
                .getStatistics();
        fixture.listing().list(limited(2));
        statistics.clear();
        fixture.listing().list(limited(2));
        long few = statistics.getPrepareStatementCount();
        statistics.clear();
        fixture.listing().list(limited(40));
        assertThat(few).isPositive();
        assertThat(statistics.getPrepareStatementCount()).isEqualTo(few);
    }

    /** The checksum keeps out accidents; whoever computes it anew must do no harm either. */
    @ParameterizedTest
    @ValueSource(strings = {"createdAt", "name", "virtualSize"})
    void refusesAForgedCursor(String sort) {
        ImageQuery query = page(ImageSort.parse(sort), "", null, 2);
        for (String key :
                new String[] {"", "no such key", "\u0000", "+1000000000-12-31T23:59:59Z", "99999999999999999999"}) {
            String cursor = Cursor.after(query, new Cursor(key, parent.id()));
            ImageQuery next = page(query.sort(), "", cursor, 2);
            if (!(sort.equals("name") && key.startsWith("9"))) {
                assertThatExceptionOfType(CowshedException.class)
                        .isThrownBy(() -> fixture.listing().list(next))
                        .satisfies(refusal -> assertThat(refusal.type()).isEqualTo(ProblemType.INVALID_REQUEST));
            }
        }
    }

    @Test
    void refusesACursorThatWasMendedOrBelongsToAnotherQuery() {
        String cursor =
                Objects.requireNonNull(fixture.listing().list(limited(2)).nextCursor());
        ImageQuery other = new ImageQuery(
                "a",
                LabelSelector.any(),
                ImageQuery.UNTRASHED,
                null,
                null,
                null,
                null,
                null,
                null,
                ImageSort.DEFAULT,
                cursor,
                2);
        List<ImageQuery> wrong = new ArrayList<>(List.of(other));
        for (int i = 0; i < cursor.length(); i++) {
            char mended = cursor.charAt(i) == 'A' ? 'Q' : 'A';
            wrong.add(at(cursor.substring(0, i) + mended + cursor.substring(i + 1)));
        }
        wrong.addAll(List.of(at(""), at("%"), at(cursor + "AAAA"), at("A".repeat(10_000)), at(cursor.substring(4))));
        for (ImageQuery query : wrong) {
            assertThatThrownBy(() -> fixture.listing().list(query))
                    .as(String.valueOf(query.cursor()))
                    .isInstanceOfSatisfying(
                            CowshedException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.INVALID_REQUEST));
        }
    }

    @Test
    void followsTheGraphBothWays() {
        Image middle = fixture.seal(fixture.cloneOf(parent, "middle"));
        List<Image> leaves = fixture.clonesOf(middle, "leaf-", 3);

        assertThat(fixture.lineages().chain(leaves.getFirst().id()))
                .containsExactly(leaves.getFirst().id(), middle.id(), parent.id());
        Lineage lineage = fixture.lineages().of(ImageRef.of(middle.id()), 2);
        assertThat(lineage.ancestors())
                .containsExactly(
                        new Lineage.Ancestor(new ImageLink(parent.id(), "Zebra", ImageState.AVAILABLE), true, 0));
        assertThat(lineage.image().depth()).isEqualTo(1);
        assertThat(lineage.image().children()).isEqualTo(3);
        assertThat(lineage.image().descendants())
                .extracting(descendant -> descendant.image().id())
                .containsExactly(leaves.get(0).id(), leaves.get(1).id());
        Lineage whole = fixture.lineages().of(ImageRef.of(parent.id()), 1000);
        assertThat(whole.image().descendants()).hasSize(31);
        assertThat(whole.image().descendants().getLast().descendants()).hasSize(3);
        leaves.forEach(leaf -> fixture.catalog().remove(ImageRef.of(leaf.id()), null));
        fixture.catalog().remove(ImageRef.of(middle.id()), null);
    }

    private List<String> names(ImageSort sort, String labels, int limit) {
        List<String> names = new ArrayList<>();
        String cursor = null;
        do {
            ImagePage page = fixture.listing().list(page(sort, labels, cursor, limit));
            page.items().forEach(entry -> names.add(entry.image().name()));
            cursor = page.nextCursor();
        } while (cursor != null);
        return names;
    }

    private void assertListed(ImageQuery query, Predicate<Image> expected) {
        assertThat(fixture.listing().list(query).items())
                .extracting(entry -> entry.image().name())
                .isEqualTo(all.stream().filter(expected).map(Image::name).toList());
    }

    private static boolean has(Image image, String key, String value) {
        return value.equals(image.labels().values().get(key));
    }

    private static ImageQuery query(
            @Nullable String text, String labels, @Nullable Boolean sealed, @Nullable Image parent) {
        return new ImageQuery(
                text,
                labels.isEmpty() ? LabelSelector.any() : LabelSelector.parse(labels),
                ImageQuery.UNTRASHED,
                sealed,
                null,
                parent == null ? null : parent.id(),
                null,
                null,
                null,
                ImageSort.DEFAULT,
                null,
                100);
    }

    private static ImageQuery page(ImageSort sort, String labels, @Nullable String cursor, int limit) {
        return new ImageQuery(
                null,
                labels.isEmpty() ? LabelSelector.any() : LabelSelector.parse(labels),
                ImageQuery.UNTRASHED,
                null,
                null,
                null,
                null,
                null,
                null,
                sort,
                cursor,
                limit);
    }

    private static ImageQuery limited(int limit) {
        return page(ImageSort.DEFAULT, "", null, limit);
    }

    private static ImageQuery at(String cursor) {
        return page(ImageSort.DEFAULT, "", cursor, 2);
    }
}
