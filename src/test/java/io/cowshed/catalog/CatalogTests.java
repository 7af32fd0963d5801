package io.cowshed.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.TestDatabase;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CatalogTests {

    private final CatalogFixture fixture;

    CatalogTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @Test
    void clonesAnImageOnceItIsSealed() {
        Image base = fixture.sealedBase("clones-sealed");
        Image clone = fixture.cloneOf(base, "clones-sealed-1");

        ImageEntry entry = fixture.listing().entry(ImageRef.parse("clones-sealed-1"));
        assertThat(entry.image().id()).isEqualTo(clone.id());
        assertThat(entry.depth()).isEqualTo(1);
        assertThat(entry.parent()).isEqualTo(new ImageLink(base.id(), "clones-sealed", ImageState.AVAILABLE));
    }
}
