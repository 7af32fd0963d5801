package io.cowshed.operation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.github.kagkarlsson.scheduler.Scheduler;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.database.Transactions;
import io.cowshed.operation.OperationStore.Begun;
import io.cowshed.testing.ServiceTests;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.json.JsonMapper;

/** What attempts are told; at operations of a kind that no worker knows. */
class OperationWatchTests extends ServiceTests {

    private OperationFixture fixture;

    @BeforeAll
    void makeFixture() {
        fixture = new OperationFixture(service);
    }

    @Test
    void anAttemptThatBeginsBetweenTheQuestionAndTheAnswerGoesOn() throws Exception {
        OperationRun first = attempt();
        OperationRun second = attempt();
        LateStore store = new LateStore();
        OperationWatch watch = new OperationWatch(store, queueOfNobody());
        watch.start();
        try {
            watch.watch(first);
            store.awaitAnswers(1);
            watch.watch(second);
            store.answer();
            store.awaitAnswers(2);

            assertThatCode(() -> second.advance(0)).doesNotThrowAnyException();
            assertThatCode(() -> first.advance(0)).doesNotThrowAnyException();
        } finally {
            store.answer();
            watch.stop();
            giveUp(first);
            giveUp(second);
        }
    }

    private OperationRun attempt() {
        OperationStore store = fixture.bean(OperationStore.class);
        Operation asked = fixture.submit("watched");
        Begun begun = store.begin(asked.id(), _ -> true);
        assertThat(begun).isInstanceOf(Begun.Attempt.class);
        return new OperationRun(
                ((Begun.Attempt) begun).operation(), store, new Bandwidth(null), fixture.bean(JsonMapper.class));
    }

    private void giveUp(OperationRun run) {
        fixture.bean(OperationStore.class).giveUp(run, null, new ScriptedHandler("watched", ScriptedHandler::succeed));
    }

    private OperationQueue queueOfNobody() {
        return new OperationQueue(
                fixture.bean(DataSource.class),
                fixture.bean(QueueTime.class),
                new StaticListableBeanFactory().getBeanProvider(Scheduler.class));
    }

    /** Keeps its first answer back until it is told to give it. */
    private final class LateStore extends OperationStore {

        private final CountDownLatch first = new CountDownLatch(1);
        private final CountDownLatch second = new CountDownLatch(2);
        private final CountDownLatch told = new CountDownLatch(1);

        LateStore() {
            super(
                    fixture.bean(JdbcClient.class),
                    fixture.bean(Transactions.class),
                    fixture.bean(Claims.class),
                    fixture.bean(OperationEvents.class),
                    fixture.bean(OperationProperties.class),
                    fixture.bean(TimeOrderedIds.class),
                    fixture.bean(OperationJson.class),
                    fixture.bean(Clock.class));
        }

        @Override
        List<Order> orders(Collection<UUID> ids) {
            List<Order> orders = super.orders(ids);
            first.countDown();
            second.countDown();
            await(told);
            return orders;
        }

        void answer() {
            told.countDown();
        }

        /** Returns when it has found so many. */
        void awaitAnswers(int count) {
            await(count == 1 ? first : second);
        }

        private static void await(CountDownLatch latch) {
            try {
                assertThat(latch.await(40, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }
}
