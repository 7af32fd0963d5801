package io.cowshed.catalog;

import io.cowshed.attachment.Attachments;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.problem.ProblemCounts;
import io.cowshed.testing.TestDatabase;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.FilterType;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;

/** The catalogue on a new database, with nothing else of the application. */
final class CatalogFixture implements AutoCloseable {

    static final String SOMEONE = "someone";
    static final long MIB = 1 << 20;
    static final Layout LAYOUT = new Layout(10 * MIB, 4096, 65536);

    private final TestDatabase database;
    private final ConfigurableApplicationContext context;

    CatalogFixture(TestDatabase.Kind kind, String... properties) {
        database = TestDatabase.create(kind);
        context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties(database.properties())
                .properties("spring.main.banner-mode=off", "logging.level.root=error")
                // Health is not a part of this.
                .properties("management.endpoint.health.validate-group-membership=false")
                .run(Arrays.stream(properties).map(property -> "--" + property).toArray(String[]::new));
    }

    TestDatabase database() {
        return database;
    }

    Catalog catalog() {
        return context.getBean(Catalog.class);
    }

    Trash trash() {
        return context.getBean(Trash.class);
    }

    Images images() {
        return context.getBean(Images.class);
    }

    ImageListing listing() {
        return context.getBean(ImageListing.class);
    }

    Lineages lineages() {
        return context.getBean(Lineages.class);
    }

    JdbcClient sql() {
        return context.getBean(JdbcClient.class);
    }

    <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    TransactionTemplate transactions() {
        return new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
    }

    UUID newId() {
        return context.getBean(TimeOrderedIds.class).next();
    }

    NewImage wanted(String name) {
        return new NewImage(newId(), new ImageName(name), "", Labels.none(), null);
    }

    NewClone wantedClone(String name) {
        return new NewClone(wanted(name), LAYOUT);
    }

    Image base(String name) {
        return catalog().addBase(wanted(name), LAYOUT, SOMEONE);
    }

    Image sealedBase(String name) {
        return seal(base(name));
    }

    Image seal(Image image) {
        return catalog().seal(ImageRef.of(image.id()), digest(1), 4096);
    }

    Image cloneOf(Image parent, String name) {
        return catalog()
                .addClones(parent, List.of(wantedClone(name)), SOMEONE)
                .getFirst()
                .image();
    }

    List<Image> clonesOf(Image parent, String prefix, int count) {
        return catalog()
                .addClones(
                        parent,
                        IntStream.rangeClosed(1, count)
                                .mapToObj(n -> wantedClone(prefix + n))
                                .toList(),
                        SOMEONE)
                .stream()
                .map(ImageEntry::image)
                .toList();
    }

    /** The counter that views show, and the number of rows it stands for. */
    List<@Nullable Long> childCounts(UUID parent) {
        return sql().sql("select child_count as n from image where id = :id union all "
                        + "select count(*) as n from image where parent_id = :id")
                .param("id", parent)
                .query(Long.class)
                .list();
    }

    /** What moving an image to the trash does to its row, which is locked first, with no rule asked. */
    void trashRow(UUID id) {
        transactions().executeWithoutResult(_ -> {
            images().lock(ImageRef.of(id));
            sql().sql("update image set state = 'trashed', live_name = null, clonable = false, trashed_at = created_at"
                            + " where id = :id")
                    .param("id", id)
                    .update();
        });
    }

    /** Does its work in a transaction, and pauses before the commit. */
    Race.Contender contender(Runnable work) {
        return contender(work, _ -> {});
    }

    /** As above, and has the last word on the transaction. */
    Race.Contender contender(Runnable work, Consumer<TransactionStatus> end) {
        return beforeCommit -> transactions().executeWithoutResult(status -> {
            work.run();
            try {
                beforeCommit.pause();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            end.accept(status);
        });
    }

    static KnownDigest digest(int content) {
        return new KnownDigest("blkhash-sha256:" + "%064x".formatted(content), new FileStamp(4096, 17));
    }

    @Override
    public void close() {
        context.close();
        database.close();
    }

    @Configuration
    @EnableAutoConfiguration
    @ComponentScan(
            basePackages = {"io.cowshed.catalog", "io.cowshed.database", "io.cowshed.event", "io.cowshed.operation"},
            excludeFilters = {
                @ComponentScan.Filter(type = FilterType.REGEX, pattern = "io\\.cowshed\\.[a-z]+\\.web\\..*"),
                @ComponentScan.Filter(
                        type = FilterType.ASSIGNABLE_TYPE,
                        classes = {ImageFiles.class, Deregistration.class})
            })
    @ComponentScan(
            basePackageClasses = Attachments.class,
            useDefaultFilters = false,
            includeFilters =
                    @ComponentScan.Filter(
                            type = FilterType.REGEX,
                            pattern = "io\\.cowshed\\.attachment\\.(Attachments|AttachedImages|AttachmentEvents)"))
    @Import(ProblemCounts.class)
    @ConfigurationPropertiesScan({
        "io.cowshed.catalog",
        "io.cowshed.database",
        "io.cowshed.event",
        "io.cowshed.operation"
    })
    static class Application {}
}
