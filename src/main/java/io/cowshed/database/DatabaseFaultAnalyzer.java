package io.cowshed.database;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Tells whoever starts the service what is wrong with its database, where that can be told. */
final class DatabaseFaultAnalyzer extends AbstractFailureAnalyzer<SQLException> {

    @Override
    protected @Nullable FailureAnalysis analyze(Throwable rootFailure, SQLException cause) {
        return DatabaseFault.of(cause)
                .map(fault -> new FailureAnalysis(fault.problem(), fault.remedy(), rootFailure))
                .orElse(null);
    }
}
