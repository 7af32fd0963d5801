package io.cowshed;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.cowshed.engine.block.BlockFile;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.modulith.core.ApplicationModules;
import org.springframework.transaction.TransactionManager;
import org.springframework.transaction.support.TransactionOperations;

/** The edges between packages, and what no code may do. */
class ArchitectureTests {

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.cowshed");

    @Test
    void modulesDependOnlyOnWhatTheyDeclare() {
        ApplicationModules.of(CowshedApplication.class).verify();
    }

    @Test
    void everyPackageIsNullMarked() {
        classes()
                .should(new ArchCondition<JavaClass>("be in a @NullMarked package") {
                    @Override
                    public void check(JavaClass item, ConditionEvents events) {
                        boolean marked = item.getPackage().isAnnotatedWith("org.jspecify.annotations.NullMarked");
                        events.add(new SimpleConditionEvent(
                                item, marked, item.getPackageName() + " lacks a @NullMarked package-info"));
                    }
                })
                .check(MAIN);
    }

    @Test
    void engineKnowsOnlyTheJdkAndCodecs() {
        noClasses()
                .that()
                .resideInAPackage("io.cowshed.engine..")
                .and()
                .doNotHaveSimpleName("package-info")
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage("io.cowshed.engine..", "java..", "org.jspecify..", "com.github.luben.zstd..")
                                .negate())
                .check(MAIN);
    }

    @Test
    void formatDoesNoInputOrOutput() {
        noClasses()
                .that()
                .resideInAPackage("io.cowshed.engine.qcow2.format..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("java.nio.channels..", "java.nio.file..", "java.io..")
                        .and(not(assignableTo(Exception.class)))
                        .or(type(BlockFile.class)))
                .check(MAIN);
    }

    @Test
    void foreignCallsAreMadeOnlyInPosix() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.cowshed.engine.posix..")
                .should()
                .dependOnClassesThat(type(Linker.class))
                .orShould()
                .dependOnClassesThat(type(SymbolLookup.class))
                .check(MAIN);
    }

    @Test
    void nothingStartsAProcess() {
        noClasses().should().dependOnClassesThat(type(ProcessBuilder.class)).check(MAIN);
        noClasses()
                .should()
                .callMethodWhere(target(owner(type(Runtime.class))).and(target(name("exec"))))
                .check(MAIN);
    }

    /** Or a database that does not answer would not be told to those who ask it again. */
    @Test
    void transactionsAreRunInOneWay() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.cowshed.database..")
                .should()
                .dependOnClassesThat(
                        assignableTo(TransactionOperations.class).or(assignableTo(TransactionManager.class)))
                .check(MAIN);
    }

    /** In other digits than these a tag matches nothing and a name is refused. */
    @Test
    void nothingIsWrittenInTheDigitsOfTheMachine() {
        noClasses()
                .should()
                .callMethod(String.class, "formatted", Object[].class)
                .orShould()
                .callMethod(String.class, "format", String.class, Object[].class)
                .check(MAIN);
    }

    /** A number alone would be milliseconds otherwise: a trash that is kept for 7 of them is empty. */
    @Test
    void durationsThatAreConfiguredHaveAUnit() {
        fields().that()
                .haveRawType(Duration.class)
                .and()
                .areDeclaredInClassesThat()
                .areAnnotatedWith(ConfigurationProperties.class)
                .should()
                .beAnnotatedWith(DurationUnit.class)
                .check(MAIN);
    }

    @Test
    void classesAreNamedForWhatTheyAre() {
        noClasses()
                .should()
                .haveNameMatching(".*(Impl|Util|Utils|Helper|Manager)")
                .check(MAIN);
    }
}
