package io.cowshed.cow;

import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import java.io.IOException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** A verb that is a {@link Rework} and nothing else, which is decided when it is asked for. */
record ReworkVerb(String kind, Reworks reworks) implements OperationHandler {

    static final String REDIRECT = "redirect";
    static final String SPLIT = "split";
    static final String REBASE = "rebase";
    static final String SPARSIFY = "sparsify";

    @Override
    public void run(OperationRun run) throws IOException, InterruptedException {
        reworks.run(run, run.request(Rework.class));
    }

    @Override
    public void clearUp(OperationRun run) throws IOException, InterruptedException {
        reworks.clearUp(run, run.request(Rework.class));
    }

    /** The handlers of these verbs. */
    @Configuration(proxyBeanMethods = false)
    static class Verbs {

        @Bean
        OperationHandler redirect(Reworks reworks) {
            return new ReworkVerb(REDIRECT, reworks);
        }

        @Bean
        OperationHandler split(Reworks reworks) {
            return new ReworkVerb(SPLIT, reworks);
        }

        @Bean
        OperationHandler rebase(Reworks reworks) {
            return new ReworkVerb(REBASE, reworks);
        }

        @Bean
        OperationHandler sparsify(Reworks reworks) {
            return new ReworkVerb(SPARSIFY, reworks);
        }
    }
}
