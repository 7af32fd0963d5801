package io.cowshed.cow.web;

import io.cowshed.catalog.SeedTexts;
import io.cowshed.cow.SeedTemplate;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What a seed disk is made from: the files of cloud-init's NoCloud. */
@Schema(name = "SeedRequest", description = "What a seed disk is made from: the files of cloud-init's NoCloud.")
record SeedRequest(
        @Schema(
                description =
                        "At most 64 KiB of UTF-8, which begin as cloud-init knows user data: #cloud-config, #!, #include,"
                                + " MIME-Version and so on; nothing by default.",
                example = "#cloud-config\npackages: [nginx]\n")
        @Nullable
        String userData,

        @Schema(
                types = {"string", "object"},
                description =
                        "YAML, as text or as an object, at most 16 KiB. Its instance-id is replaced by a new one; its"
                                + " local-hostname is the image's name where it has none.")
        @Nullable
        YamlText metaData,

        @Schema(
                types = {"string", "object"},
                description = "YAML, as text or as an object, at most 16 KiB.")
        @Nullable
        YamlText networkConfig,

        @Schema(
                description =
                        "Whether the instance-id is that of metaData, so that a guest which knows it runs nothing again;"
                                + " for one image only.")
        @Nullable
        Boolean keepInstanceId) {

    SeedTemplate template() {
        return SeedTemplate.of(
                new SeedTexts(
                        userData,
                        metaData == null ? null : metaData.text(),
                        networkConfig == null ? null : networkConfig.text()),
                Boolean.TRUE.equals(keepInstanceId));
    }
}
