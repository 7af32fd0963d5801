package io.cowshed.catalog.web;

import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.OnExpire;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What every call that makes an image may say about it, however it says it; null stands for the default.
 *
 * @param lifetime disposable by default where there is a time to live, else persistent
 * @param ttl how long a disposable image lives, from now on
 * @param onExpire what becomes of a disposable image then; the trash by default
 * @param beforeDelete what is done with a disposable image before; nothing by default
 */
public record NewImageFields(
        @Nullable String description,
        @Nullable Map<String, String> labels,
        @Nullable Lifetime lifetime,
        @Nullable Duration ttl,
        @Nullable OnExpire onExpire,
        @Nullable BeforeDelete beforeDelete) {

    /** Of an image that is persistent. */
    public static NewImageFields persistent(@Nullable String description, @Nullable Map<String, String> labels) {
        return new NewImageFields(description, labels, null, null, null, null);
    }
}
