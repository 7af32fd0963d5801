package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.Objects;

/** An obsolete version gets no more clones. */
public final class VersionObsolete extends CowshedException {

    VersionObsolete(FamilyVersion version) {
        super(
                ProblemType.VERSION_OBSOLETE,
                "Version " + Text.quote(version.name()) + " is obsolete since " + version.obsoleteAt()
                        + ", and gets no more clones."
                        + (version.replacement() == null ? "" : " " + version.replacement() + " replaces it."),
                "Clone " + (version.replacement() == null ? "another" : "that") + ": POST /api/v1/images/"
                        + Objects.requireNonNullElse(version.replacement(), version.family() + ":" + VersionName.LATEST)
                        + "/clones.");
        member("version", version.name());
        if (version.replacement() != null) {
            member("replacement", version.replacement());
        }
    }
}
