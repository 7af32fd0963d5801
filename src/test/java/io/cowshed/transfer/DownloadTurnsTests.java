package io.cowshed.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.Background;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpHeaders;

class DownloadTurnsTests {

    @Test
    void oneMoreThanThereIsRoomForIsRefusedUntilAnotherIsOver() {
        DownloadTurns turns = new DownloadTurns(2, Duration.ZERO);
        DownloadTurns.Turn first = turns.take();
        turns.take();

        assertThatThrownBy(turns::take).isInstanceOfSatisfying(CowshedException.class, refused -> {
            assertThat(refused.type()).isEqualTo(ProblemType.OVERLOADED);
            assertThat(refused.headers()).containsEntry(HttpHeaders.RETRY_AFTER, "5");
        });

        first.close();
        turns.take();
        assertThatThrownBy(turns::take).isInstanceOf(CowshedException.class);
    }

    @Test
    void anotherIsWaitedForAMoment() throws Exception {
        DownloadTurns turns = new DownloadTurns(1, Duration.ofMinutes(1));
        DownloadTurns.Turn first = turns.take();
        CompletableFuture<DownloadTurns.Turn> second = Background.run(turns::take);
        first.close();

        assertThat(second.get(1, TimeUnit.MINUTES)).isNotNull();
    }

    @Test
    void allTogetherHaveAQuarterOfTheHeap() {
        assertThat(DownloadTurns.most(256L << 20)).isEqualTo(32);
        assertThat(DownloadTurns.most(1L << 20)).isOne();
    }
}
