package io.cowshed;

import io.cowshed.rescue.OfflineCommand;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Starts the service, or runs a command without it. */
@SpringBootApplication
@ConfigurationPropertiesScan
@EnableScheduling
public class CowshedApplication {

    /**
     * Starts the service with the given Spring Boot arguments ({@code --server.port=…} and the like); or, where the first is
     * the name of one, runs that command ({@link OfflineCommand}) and exits.
     */
    public static void main(String[] args) {
        if (OfflineCommand.isOne(args)) {
            System.exit(new OfflineCommand(System.out).run(args));
        }
        SpringApplication.run(CowshedApplication.class, args);
    }
}
