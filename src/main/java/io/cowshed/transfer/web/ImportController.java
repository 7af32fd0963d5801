package io.cowshed.transfer.web;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.NewImage;
import io.cowshed.catalog.OnExpire;
import io.cowshed.catalog.web.BeforeDelete;
import io.cowshed.catalog.web.ImageView;
import io.cowshed.catalog.web.ImageViews;
import io.cowshed.catalog.web.NewImageFields;
import io.cowshed.catalog.web.NewImages;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.http.Answers;
import io.cowshed.http.ByteSize;
import io.cowshed.http.SentBody;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.cowshed.transfer.Imports;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.io.IOException;
import java.net.URI;
import java.security.Principal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Makes images that are nobody's clones: blank ones, and imports of disks that stream in. */
@RestController
@RequestMapping(path = "/api/v1/images", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "transfer", description = "Disks in and out")
class ImportController {

    private static final String QCOW2 = "application/x-qcow2";

    private final Imports imports;
    private final ImageViews views;
    private final Answers answers;
    private final NewImages newImages;

    ImportController(Imports imports, ImageViews views, Answers answers, NewImages newImages) {
        this.imports = imports;
        this.views = views;
        this.answers = answers;
        this.newImages = newImages;
    }

    /** A blank disk. */
    record BlankImage(
            @Schema(description = "1 to 128 letters, digits, '.', '_' and '-', beginning with a letter or a digit.")
            @NotNull
            String name,

            @Schema(
                    types = {"integer", "string"},
                    description =
                            "The length of the disk, in bytes or with a unit (\"20GiB\"); it is rounded up to whole sectors of 512 bytes.")
            @NotNull
            ByteSize virtualSize,

            @Schema(description = "At most 2000 characters.") @Nullable
            String description,

            @Nullable Map<String, String> labels,

            @Schema(description = "disposable by default where there is a ttl, else persistent.") @Nullable
            Lifetime lifetime,

            @Schema(
                    description = "How long a disposable image lives, as an ISO 8601 duration.",
                    types = "string",
                    format = "duration",
                    example = "PT8H")
            @Nullable
            Duration ttl,

            @Schema(description = "What becomes of a disposable image then.", defaultValue = "trash") @Nullable
            OnExpire onExpire,

            @Valid @Nullable BeforeDelete beforeDelete) {}

    @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
    @ResponseStatus(HttpStatus.CREATED)
    @Operation(
            operationId = "createImage",
            summary = "Make a blank image, or import a disk",
            description = "With a JSON body: a disk of zeros. With the bytes of a disk as the body: an import, streamed"
                    + " into its place without a temporary copy, of a raw disk (application/octet-stream) or a QCOW2"
                    + " file that stands on its own (application/x-qcow2); then the query says what the image is to be"
                    + " called. The format is what the content type says, and never guessed.")
    @ApiResponse(
            responseCode = "201",
            description = "The image",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON_VALUE,
                            schema = @Schema(implementation = ImageView.class)))
    @Refuses({ProblemType.NAME_TAKEN, ProblemType.VOLUME_FULL, ProblemType.VOLUME_UNAVAILABLE})
    ResponseEntity<ImageView> blank(@Valid @RequestBody BlankImage request, Principal caller) {
        NewImageFields fields = new NewImageFields(
                request.description(),
                request.labels(),
                request.lifetime(),
                request.ttl(),
                request.onExpire(),
                request.beforeDelete());
        NewImage wanted = newImages.named(new ImageName(request.name()), fields);
        return imports.blank(wanted, request.virtualSize().bytes(), caller.getName(), this::created);
    }

    @PostMapping(consumes = {MediaType.APPLICATION_OCTET_STREAM_VALUE, QCOW2})
    @ResponseStatus(HttpStatus.CREATED)
    @Operation(
            operationId = "createImage",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            required = true,
                            content = {
                                @Content(
                                        mediaType = MediaType.APPLICATION_OCTET_STREAM_VALUE,
                                        schema = @Schema(type = "string", format = "binary")),
                                @Content(mediaType = QCOW2, schema = @Schema(type = "string", format = "binary"))
                            }))
    @Refuses({
        ProblemType.NAME_TAKEN,
        ProblemType.BODY_INCOMPLETE,
        ProblemType.INVALID_IMAGE,
        ProblemType.UNSUPPORTED_IMAGE,
        ProblemType.CHECKSUM_MISMATCH,
        ProblemType.VOLUME_FULL,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<ImageView> receive(
            @Parameter(description = "For an import: the name of the image.") @RequestParam String name,
            @Parameter(description = "For an import: at most 2000 characters.")
                    @RequestParam(required = false)
                    @Nullable
                    String description,
            @Parameter(description = "For an import: labels as key=value, joined with commas.", example = "team=net")
                    @RequestParam(required = false)
                    @Nullable
                    String labels,
            @Parameter(description = "For an import: disposable by default where there is a ttl, else persistent.")
                    @RequestParam(required = false)
                    @Nullable
                    Lifetime lifetime,
            @Parameter(
                            description = "For an import: how long a disposable image lives once it is there.",
                            example = "PT8H")
                    @RequestParam(required = false)
                    @Nullable
                    Duration ttl,
            @Parameter(description = "For an import: what becomes of a disposable image then; trash by default.")
                    @RequestParam(required = false)
                    @Nullable
                    OnExpire onExpire,
            @Parameter(description = "For an import: the name of a copy to be made before a disposable image goes.")
                    @RequestParam(required = false)
                    @Nullable
                    String beforeDelete,
            @Parameter(description = "For an import: the SHA-256 of the body as it is sent; anything else is refused.")
                    @RequestParam(required = false)
                    @Pattern(regexp = "[0-9a-fA-F]{64}", message = "64 hexadecimal digits")
                    @Nullable
                    String sha256,
            @Parameter(
                            description =
                                    "For an import: gzip, zstd (with a window of at most 8 MiB) or xz, where the body is compressed.")
                    @RequestHeader(name = HttpHeaders.CONTENT_ENCODING, required = false)
                    @Nullable
                    String contentEncoding,
            @Parameter(hidden = true) @RequestHeader(HttpHeaders.CONTENT_TYPE) MediaType contentType,
            HttpServletRequest request,
            Principal caller)
            throws IOException {
        ImageFormat format =
                contentType.isCompatibleWith(MediaType.parseMediaType(QCOW2)) ? ImageFormat.QCOW2 : ImageFormat.RAW;
        SentBody body = new SentBody(request);
        try {
            NewImage wanted = newImages.named(
                    new ImageName(name),
                    new NewImageFields(
                            description,
                            parse(labels),
                            lifetime,
                            ttl,
                            onExpire,
                            beforeDelete == null ? null : new BeforeDelete(beforeDelete)));
            return imports.receive(
                    wanted,
                    format,
                    body,
                    contentEncoding,
                    sha256,
                    request.getContentLengthLong(),
                    caller.getName(),
                    this::created);
        } catch (CowshedException refusal) {
            body.discardRest();
            throw refusal;
        }
    }

    private ResponseEntity<ImageView> created(Image image) {
        return answers.created(
                URI.create("/api/v1/images/" + image.id()), views.of(image), OptionalLong.of(image.version()));
    }

    private static @Nullable Map<String, String> parse(@Nullable String labels) {
        if (labels == null || labels.isEmpty()) {
            return null;
        }
        Map<String, String> parsed = new HashMap<>();
        for (String label : labels.split(",", -1)) {
            int equals = label.indexOf('=');
            if (equals < 0 || parsed.put(label.substring(0, equals), label.substring(equals + 1)) != null) {
                throw new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "The labels cannot be read.",
                        "Write each key once, as key=value, joined with commas: team=net,env=prod.");
            }
        }
        return parsed;
    }
}
