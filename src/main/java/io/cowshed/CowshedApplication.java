package io.cowshed;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Starts the service. */
@SpringBootApplication
@ConfigurationPropertiesScan
@EnableScheduling
public class CowshedApplication {

    /** Starts the service with the given Spring Boot arguments ({@code --server.port=…} and the like). */
    public static void main(String[] args) {
        SpringApplication.run(CowshedApplication.class, args);
    }
}
