package io.cowshed.rescue;

import io.cowshed.catalog.RestoredImages;
import io.cowshed.catalog.SizeLimit;
import io.cowshed.database.Installation;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.database.Transactions;
import io.cowshed.event.Events;
import io.cowshed.problem.CannotStart;
import io.cowshed.problem.CowshedException;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumePresence;
import io.cowshed.volume.VolumeProperties;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.flywaydb.core.api.FlywayException;
import org.springframework.beans.BeansException;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.json.JsonMapper;

/** The commands that run without the service: {@code rescue} and {@code adopt}. */
public final class OfflineCommand {

    private static final String RESCUE = "rescue";
    private static final String ADOPT = "adopt";

    private static final int DONE = 0;
    private static final int REFUSED = 1;
    private static final int MISUSED = 2;

    private static final String DRY_RUN = "--dry-run";
    private static final String MOVE = "--move";

    private static final List<String> USAGE = List.of(
            "Usage: java -jar cowshed.jar [--property=value …]",
            "",
            "  Starts the service.",
            "",
            "Usage: java -jar cowshed.jar rescue [--dry-run] [--property=value …]",
            "",
            "  Makes the catalogue of a volume (cowshed.volume) anew in an empty database (cowshed.data-dir, or",
            "  spring.datasource.*), from the volume alone. No service may run on the volume.",
            "",
            "Usage: java -jar cowshed.jar adopt DIRECTORY [--move] [--dry-run] [--property=value …]",
            "",
            "  Brings the QCOW2 images in a directory into the catalogue, with their backing files, as copies; or, with",
            "  --move, the files themselves, which must lie in the volume's file system.",
            "",
            "With --dry-run they only tell what they would do. Properties are those of the service.");

    private final PrintStream out;

    /** @param out what is told goes there */
    public OfflineCommand(PrintStream out) {
        this.out = out;
    }

    /** Whether these are the arguments of a command, or of what is none, and not of the service: that has nothing but properties. */
    public static boolean isOne(String[] arguments) {
        return Arrays.stream(arguments).anyMatch(argument -> !argument.startsWith("--"));
    }

    /**
     * Runs a command.
     *
     * @param arguments its name, its own options, and properties as the service takes them, such that {@link #isOne}
     * @return what the process is to exit with: 0 when it is done, 1 when it cannot be done, 2 when it is not understood
     */
    public int run(String[] arguments) {
        List<String> options = Arrays.stream(arguments)
                .filter(argument -> argument.startsWith("--") && !isProperty(argument))
                .toList();
        List<String> words = Arrays.stream(arguments)
                .filter(argument -> !argument.startsWith("--"))
                .toList();
        boolean adopts = words.getFirst().equals(ADOPT);
        if (!(adopts || words.getFirst().equals(RESCUE))
                || !(adopts ? Set.of(DRY_RUN, MOVE) : Set.of(DRY_RUN)).containsAll(options)
                || words.size() != (adopts ? 2 : 1)) {
            USAGE.forEach(out::println);
            return MISUSED;
        }
        try (ConfigurableApplicationContext context = start(arguments)) {
            if (adopts) {
                adopt(context, Path.of(words.getLast()), options.contains(MOVE), options.contains(DRY_RUN));
            } else {
                rescue(context, options.contains(DRY_RUN));
            }
            return DONE;
        } catch (CommandRefused | CannotStart | CowshedException e) {
            out.println(e.getMessage());
        } catch (IOException e) {
            out.println("A file cannot be read or written: " + e + ".");
        } catch (DataAccessException e) {
            out.println("The database has refused something; what was not committed there is as it was: "
                    + NestedExceptionUtils.getMostSpecificCause(e).getMessage());
        } catch (BeansException | FlywayException e) {
            out.println(whyNot(e));
        }
        return REFUSED;
    }

    private static String whyNot(RuntimeException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CannotStart refusal) {
                return refusal.problem() + " " + refusal.remedy();
            }
            if (cause instanceof BindException property) {
                return property.getMessage() + ": "
                        + NestedExceptionUtils.getMostSpecificCause(property).getMessage();
            }
        }
        return "The database cannot be used: "
                + NestedExceptionUtils.getMostSpecificCause(failure).getMessage()
                + " Set spring.datasource.* or cowshed.data-dir; an embedded database (H2) cannot be open elsewhere.";
    }

    private static boolean isProperty(String argument) {
        return argument.startsWith("--") && argument.indexOf('=') >= 0;
    }

    void rescue(ConfigurableApplicationContext context, boolean dryRun) throws IOException {
        new Rescue(
                        context.getBean(VolumeProperties.class),
                        context.getBean(JdbcClient.class),
                        context.getBean(Transactions.class),
                        context.getBean(RestoredImages.class),
                        context.getBean(JsonMapper.class),
                        context.getBean(Clock.class),
                        new Report(out))
                .run(dryRun);
    }

    void adopt(ConfigurableApplicationContext context, Path directory, boolean move, boolean dryRun)
            throws IOException {
        Volume volume = Volume.existing(context.getBean(VolumeProperties.class));
        UUID installation = context.getBean(Installation.class).id();
        if (!volume.installation().equals(installation)) {
            throw new CommandRefused(
                    "The volume belongs to installation " + volume.installation() + ", and the database to "
                            + installation + ".",
                    "Set spring.datasource.url (or cowshed.data-dir) and cowshed.volume to a pair that belongs together.");
        }
        try (VolumePresence _ = volume.beThere()) {
            new Adopt(
                            volume,
                            new AdoptCatalogue(
                                    context.getBean(JdbcClient.class),
                                    context.getBean(Transactions.class),
                                    context.getBean(RestoredImages.class),
                                    context.getBean(Events.class)),
                            context.getBean(TimeOrderedIds.class),
                            context.getBean(Clock.class),
                            new AdoptPlan.Limits(
                                    context.getBean(SizeLimit.class).longestDisk(),
                                    context.getEnvironment().getRequiredProperty("cowshed.max-depth", Integer.class)),
                            new Report(out))
                    .run(directory, move, dryRun);
        }
    }

    static ConfigurableApplicationContext start(String[] arguments) {
        return new SpringApplicationBuilder(OfflineApplication.class)
                .web(WebApplicationType.NONE)
                .properties(
                        "spring.main.banner-mode=off", "logging.level.root=warn", "spring.main.log-startup-info=false")
                .run(Arrays.stream(arguments).filter(OfflineCommand::isProperty).toArray(String[]::new));
    }
}
