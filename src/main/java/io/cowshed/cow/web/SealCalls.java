package io.cowshed.cow.web;

import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.web.ImageView;
import io.cowshed.catalog.web.ImageViews;
import io.cowshed.cow.Sealing;
import io.cowshed.http.Answers;
import io.cowshed.operation.web.OperationAnswers;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/** Seals as calls ask for it: at once where there is little to read, else by an operation. */
@Component
class SealCalls {

    private final Sealing sealing;
    private final ImageViews views;
    private final Answers answers;
    private final OperationAnswers operations;

    SealCalls(Sealing sealing, ImageViews views, Answers answers, OperationAnswers operations) {
        this.sealing = sealing;
        this.views = views;
        this.answers = answers;
        this.operations = operations;
    }

    /** Answers the sealed image, or the operation. */
    ResponseEntity<?> seal(ImageRef image, @Nullable Set<Long> versions, @Nullable String prefer, String createdBy) {
        Optional<ResponseEntity<ImageView>> sealed =
                sealing.sealAtOnce(image, versions, found -> answers.changed(views.of(found), found.version()));
        if (sealed.isPresent()) {
            return sealed.get();
        }
        return operations.begin(() -> sealing.submit(image, versions, createdBy), prefer);
    }
}
