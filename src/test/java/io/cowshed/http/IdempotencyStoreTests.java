package io.cowshed.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cowshed.database.Transactions;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import tools.jackson.databind.json.JsonMapper;

class IdempotencyStoreTests {

    /** Transactions that somebody else is always faster than. */
    private static final class LostRaces extends Transactions {

        private int count;

        @Override
        public <T> T write(Supplier<T> work) {
            count++;
            throw new DuplicateKeyException("idempotency_pk");
        }
    }

    @Test
    void aKeyThatOthersAlwaysTakeFirstIsInUse() {
        LostRaces races = new LostRaces();
        DriverManagerDataSource nowhere = new DriverManagerDataSource();
        IdempotencyStore store =
                new IdempotencyStore(JdbcClient.create(nowhere), new JdbcTemplate(nowhere), races, new JsonMapper());
        IdempotencyClaim claim = new IdempotencyClaim("someone", "key", UUID.randomUUID(), new AnswerSeal("t", "key"));

        assertThatExceptionOfType(CowshedException.class)
                .isThrownBy(() -> store.claim(claim, "fingerprint"))
                .satisfies(refusal -> assertThat(refusal.type()).isEqualTo(ProblemType.REQUEST_IN_PROGRESS));
        assertThat(races.count).isEqualTo(2);
    }
}
