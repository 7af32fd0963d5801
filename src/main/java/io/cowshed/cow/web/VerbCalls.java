package io.cowshed.cow.web;

import io.cowshed.catalog.ImageRef;
import io.cowshed.cow.Submission;
import io.cowshed.http.EntityTag;
import io.cowshed.operation.Operation;
import io.cowshed.operation.web.OperationAnswers;
import io.cowshed.operation.web.OperationView;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/** Begins what a verb asks for, as the call's headers have it. */
@Component
class VerbCalls {

    private final Submission submission;
    private final OperationAnswers answers;

    VerbCalls(Submission submission, OperationAnswers answers) {
        this.submission = submission;
        this.answers = answers;
    }

    /**
     * For a verb that changes the image, which nobody may have open.
     *
     * @param submit asks for the operation, given the versions that the caller has read
     */
    ResponseEntity<OperationView> change(
            String ref,
            @Nullable String ifMatch,
            @Nullable String prefer,
            Function<@Nullable Set<Long>, Operation> submit) {
        return begin(submission::requireIdle, ref, ifMatch, prefer, submit);
    }

    /** As above, with more headers for the answer. */
    ResponseEntity<OperationView> change(
            String ref,
            @Nullable String ifMatch,
            @Nullable String prefer,
            HttpHeaders more,
            Function<@Nullable Set<Long>, Operation> submit) {
        Set<Long> versions = EntityTag.demandedVersions(ifMatch);
        submission.requireIdle(ImageRef.parse(ref));
        return answers.begin(() -> submit.apply(versions), prefer, more);
    }

    /** For a verb that only reads the image, to which nobody may be writing. */
    ResponseEntity<OperationView> read(
            String ref,
            @Nullable String ifMatch,
            @Nullable String prefer,
            Function<@Nullable Set<Long>, Operation> submit) {
        return begin(submission::requireUnwritten, ref, ifMatch, prefer, submit);
    }

    private ResponseEntity<OperationView> begin(
            Consumer<ImageRef> requirement,
            String ref,
            @Nullable String ifMatch,
            @Nullable String prefer,
            Function<@Nullable Set<Long>, Operation> submit) {
        Set<Long> versions = EntityTag.demandedVersions(ifMatch);
        requirement.accept(ImageRef.parse(ref));
        return answers.begin(() -> submit.apply(versions), prefer);
    }
}
