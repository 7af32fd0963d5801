package io.cowshed.volume;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Tells whoever starts the service what is wrong with the volume and what to do, in two sentences and no stack trace. */
final class UnusableVolumeAnalyzer extends AbstractFailureAnalyzer<UnusableVolume> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, UnusableVolume cause) {
        return new FailureAnalysis(cause.problem(), cause.remedy(), cause);
    }
}
