package io.cowshed.database;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseFailures;
import io.cowshed.problem.DatabaseUnavailable;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;

/** Turns what a transactional method throws because there is no database into {@link DatabaseUnavailable}. */
final class UnavailableDatabaseInterceptor implements MethodInterceptor {

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        try {
            return invocation.proceed();
        } catch (CowshedException refusal) {
            throw refusal;
        } catch (RuntimeException e) {
            throw DatabaseFailures.unavailable(e)
                    .map(RuntimeException.class::cast)
                    .orElse(e);
        }
    }
}
