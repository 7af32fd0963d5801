package io.cowshed.transfer.web;

import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.web.Ref;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.block.ImageException;
import io.cowshed.http.EntityTag;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.cowshed.transfer.DiskStream;
import io.cowshed.transfer.DownloadTurns;
import io.cowshed.transfer.Exports;
import io.cowshed.transfer.OpenDisk;
import io.cowshed.transfer.SentCoding;
import io.cowshed.transfer.TransferMeters;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.constraints.Pattern;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** Shows what is in a disk: its bytes, and where they lie. Both are streamed, however long the disk is. */
@RestController
@RequestMapping("/api/v1/images/{ref}")
@Tag(name = "transfer", description = "Disks in and out")
class ContentController {

    private final Exports exports;
    private final DownloadTurns turns;
    private final TransferMeters meters;
    private final JsonMapper json;

    ContentController(Exports exports, DownloadTurns turns, TransferMeters meters, JsonMapper json) {
        this.exports = exports;
        this.turns = turns;
        this.meters = meters;
        this.json = json;
    }

    @GetMapping("/content")
    @Operation(
            operationId = "getContent",
            summary = "Read the disk",
            description = "The bytes as the guest reads them, whole or a range of them. The ETag names the content: a"
                    + " download that breaks off can go on with Range and If-Range. With Accept-Encoding: zstd, zeros"
                    + " cost nearly nothing. A request with Range is always answered without a coding, because ranges"
                    + " would count the coded bytes.")
    @ApiResponse(
            responseCode = "200",
            description = "The whole disk",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_OCTET_STREAM_VALUE,
                            schema = @Schema(type = "string", format = "binary")))
    @ApiResponse(
            responseCode = "206",
            description = "The range that was asked for",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_OCTET_STREAM_VALUE,
                            schema = @Schema(type = "string", format = "binary")))
    @ApiResponse(
            responseCode = "304",
            description = "The content is the one of an entity tag in If-None-Match",
            content = @Content)
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.RANGE_NOT_SATISFIABLE,
        ProblemType.INVALID_IMAGE,
        ProblemType.OVERLOADED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    void content(
            @Ref @PathVariable String ref,
            @Parameter(description = "raw: the bytes and nothing else.")
                    @RequestParam(defaultValue = "raw")
                    @Pattern(regexp = "raw", message = "the only format is raw")
                    String format,
            @Parameter(description = "One range of bytes, such as bytes=0-511.")
                    @RequestHeader(name = HttpHeaders.RANGE, required = false)
                    @Nullable
                    String range,
            @Parameter(description = "Send the range only if the content still has this ETag, else the whole disk.")
                    @RequestHeader(name = HttpHeaders.IF_RANGE, required = false)
                    @Nullable
                    String ifRange,
            @Parameter(description = "Send it only if the content still has one of these ETags, else refuse.")
                    @RequestHeader(name = HttpHeaders.IF_MATCH, required = false)
                    @Nullable
                    String ifMatch,
            @Parameter(description = "Send it only if the content has none of these ETags.")
                    @RequestHeader(name = HttpHeaders.IF_NONE_MATCH, required = false)
                    @Nullable
                    String ifNoneMatch,
            @Parameter(description = "zstd, where the client can unpack it and sends no Range.")
                    @RequestHeader(name = HttpHeaders.ACCEPT_ENCODING, required = false)
                    @Nullable
                    String acceptEncoding,
            HttpServletRequest request,
            HttpServletResponse response)
            throws IOException {
        response.setHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
        SentCoding coding = range == null ? AcceptEncoding.preferred(acceptEncoding) : SentCoding.IDENTITY;
        try (OpenDisk open = exports.open(ImageRef.parse(ref))) {
            String tag = open.entityTag(coding);
            requireAllowed(ifMatch, tag);
            response.setHeader(HttpHeaders.ETAG, tag);
            if (EntityTag.isKnown(ifNoneMatch, tag)) {
                response.setStatus(HttpStatus.NOT_MODIFIED.value());
                return;
            }
            long size = open.disk().virtualSize();
            boolean head = request.getMethod().equals("HEAD");
            // Ranges are for GET alone (RFC 9110, section 14.2).
            ByteRange wanted = !head && (ifRange == null || ifRange.equals(tag)) ? ByteRange.parse(range, size) : null;
            ByteRange sent = wanted == null ? new ByteRange(0, size) : wanted;
            if (wanted != null) {
                response.setStatus(HttpStatus.PARTIAL_CONTENT.value());
                response.setHeader(HttpHeaders.CONTENT_RANGE, wanted.contentRange(size));
            }
            response.setHeader(HttpHeaders.ACCEPT_RANGES, "bytes");
            response.setHeader(
                    HttpHeaders.CONTENT_DISPOSITION,
                    "attachment; filename=\"" + open.image().name() + ".raw\"");
            response.setContentType(MediaType.APPLICATION_OCTET_STREAM_VALUE);
            switch (coding) {
                case IDENTITY -> response.setContentLengthLong(sent.length());
                case ZSTD -> response.setHeader(HttpHeaders.CONTENT_ENCODING, "zstd");
            }
            if (!head) {
                send(open, sent, coding, response);
            }
        }
    }

    private static void requireAllowed(@Nullable String ifMatch, String tag) {
        if (!EntityTag.isAllowed(ifMatch, tag)) {
            throw new CowshedException(
                    ProblemType.PRECONDITION_FAILED,
                    "The content has none of the entity tags in If-Match.",
                    "Begin again without If-Match: what was read before belongs to other content.");
        }
    }

    /**
     * A disk that turns out to be damaged is refused like one that cannot be opened, as long as nothing of it is out; after
     * that the connection breaks off, before the length or the last chunk that were announced.
     */
    private void send(OpenDisk open, ByteRange part, SentCoding coding, HttpServletResponse response)
            throws IOException {
        try (DownloadTurns.Turn _ = turns.take();
                DiskStream stream = coding.to(meters.sent(response.getOutputStream()))) {
            stream.send(open.disk(), part.start(), part.end());
        } catch (ImageException damage) {
            if (response.isCommitted()) {
                throw damage;
            }
            throw open.unreadable(damage);
        }
    }

    /** One entry of the answer, for the API's description. */
    @Schema(
            name = "Extent",
            description = "A run of the disk, in the terms of qemu-img map --output=json.",
            requiredProperties = {"start", "length", "depth", "present", "zero", "data", "compressed"})
    private record ExtentView(
            long start,
            long length,

            @Schema(description = "How many backing files down the image lies that decides what is read here.")
            int depth,

            @Schema(description = "Whether any image of the chain decides it.")
            boolean present,

            boolean zero,
            boolean data,
            boolean compressed,

            @Schema(description = "Where the bytes lie in that image's file, when they lie there as they are read.")
            @Nullable
            Long offset) {}

    @GetMapping(path = "/extents", produces = MediaType.APPLICATION_JSON_VALUE)
    @Operation(
            operationId = "getExtents",
            summary = "Show where the disk's bytes lie",
            description = "The extents of the whole chain, or of a part of the disk, as qemu-img map --output=json has"
                    + " them.")
    @ApiResponse(
            responseCode = "200",
            description = "The extents, in order and without gaps",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON_VALUE,
                            array = @ArraySchema(schema = @Schema(implementation = ExtentView.class))))
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.INVALID_IMAGE,
        ProblemType.VOLUME_UNAVAILABLE
    })
    void extents(
            @Ref @PathVariable String ref,
            @Parameter(description = "Where to begin, in bytes.") @RequestParam(defaultValue = "0") long start,
            @Parameter(description = "How many bytes to look at; up to the end of the disk, when left out.")
                    @RequestParam(required = false)
                    @Nullable
                    Long length,
            HttpServletResponse response)
            throws IOException {
        try (OpenDisk open = exports.open(ImageRef.parse(ref))) {
            Extents extents = part(open, start, length);
            response.setContentType(MediaType.APPLICATION_JSON_VALUE);
            try {
                write(extents, response);
            } catch (ImageException damage) {
                throw open.unreadable(damage);
            }
        }
    }

    /** Closes the generator only at the end: closing it earlier would end a list that is not whole like one that is. */
    private void write(Extents extents, HttpServletResponse response) throws IOException {
        JsonGenerator out = json.createGenerator(response.getOutputStream());
        out.writeStartArray();
        for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
            write(extent, out);
        }
        out.writeEndArray();
        out.close();
    }

    private static Extents part(OpenDisk open, long start, @Nullable Long length) {
        long size = open.disk().virtualSize();
        if (start < 0 || start > size || (length != null && length < 0)) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "That part lies outside the disk, which is " + size + " bytes long.",
                    "Leave start and length out for the whole disk.");
        }
        return Extents.of(open.disk(), start, length == null ? size - start : Math.min(length, size - start));
    }

    private static void write(Extent extent, JsonGenerator out) {
        out.writeStartObject();
        out.writeNumberProperty("start", extent.start());
        out.writeNumberProperty("length", extent.length());
        out.writeNumberProperty("depth", extent.depth());
        out.writeBooleanProperty("present", extent.present());
        out.writeBooleanProperty("zero", extent.zero());
        out.writeBooleanProperty("data", extent.data());
        out.writeBooleanProperty("compressed", extent.compressed());
        if (extent.offset().isPresent()) {
            out.writeNumberProperty("offset", extent.offset().getAsLong());
        }
        out.writeEndObject();
    }
}
