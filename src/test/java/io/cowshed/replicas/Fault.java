package io.cowshed.replicas;

import io.cowshed.testing.PostgresqlServer;
import io.cowshed.testing.ServiceProcess;
import java.time.Duration;
import java.util.Random;

/** What befalls the replicas while they are at work. */
enum Fault {
    /** One dies, and another takes its place. */
    KILL {
        @Override
        void strike(Replicas replicas, PostgresqlServer server, World world, Random random) {
            replicas.kill(replicas.any(random));
            replicas.startAnother();
        }
    },
    /** One does nothing for so long that its operations go to others, and then goes on as if nothing had been. */
    PAUSE {
        @Override
        void strike(Replicas replicas, PostgresqlServer server, World world, Random random) {
            ServiceProcess replica = replicas.any(random);
            replica.pause();
            world.pass(LONGER_THAN_IT_IS_MISSED);
            replica.resume();
        }
    },
    /** The same, until calls that it has begun are another's to make. */
    LONG_PAUSE {
        @Override
        void strike(Replicas replicas, PostgresqlServer server, World world, Random random) {
            ServiceProcess replica = replicas.any(random);
            replica.pause();
            world.pass(LONGER_THAN_A_KEY_IS_LEASED);
            replica.resume();
        }
    },
    /** A new one starts, and one is told to end. */
    ROLL {
        @Override
        void strike(Replicas replicas, PostgresqlServer server, World world, Random random) {
            ServiceProcess old = replicas.any(random);
            replicas.startAnother();
            replicas.stop(old);
        }
    },
    /** The database goes away, and comes back. */
    DATABASE {
        @Override
        void strike(Replicas replicas, PostgresqlServer server, World world, Random random) {
            server.stop();
            server.startAgain();
        }
    };

    /** With a heartbeat a second, of which four may be missed. */
    private static final long LONGER_THAN_IT_IS_MISSED = Duration.ofSeconds(8).toMillis();

    private static final long LONGER_THAN_A_KEY_IS_LEASED =
            Duration.ofSeconds(40).toMillis();

    abstract void strike(Replicas replicas, PostgresqlServer server, World world, Random random);
}
