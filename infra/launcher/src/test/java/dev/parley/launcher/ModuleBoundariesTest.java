package dev.parley.launcher;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The module rules of docs/architecture.md. */
@AnalyzeClasses(packages = "dev.parley", importOptions = ImportOption.DoNotIncludeTests.class)
class ModuleBoundariesTest {

    private static final String SCHEMAS = "dev.parley.schemas..";
    private static final String CONTRACTS = "dev.parley.chat.v1..";
    private static final String TOPOLOGIES = "dev.parley.topologies..";
    private static final String LLM = "dev.parley.llm..";
    private static final String SINKS = "dev.parley.sinks..";
    private static final String INGEST = "dev.parley.ingest..";
    private static final String STACK = "dev.parley.stack..";
    private static final String LAUNCHER = "dev.parley.launcher..";

    @ArchTest
    static final ArchRule contractsKnowNobody = noClasses()
            .that()
            .resideInAnyPackage(SCHEMAS, CONTRACTS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, LLM, SINKS, INGEST, STACK, LAUNCHER);

    @ArchTest
    static final ArchRule topologiesMeetTheOthersOnlyOnTopics = noClasses()
            .that()
            .resideInAPackage(TOPOLOGIES)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(LLM, SINKS, INGEST, STACK, LAUNCHER);

    @ArchTest
    static final ArchRule workersMeetTheOthersOnlyOnTopics = noClasses()
            .that()
            .resideInAPackage(LLM)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, SINKS, INGEST, STACK, LAUNCHER);

    @ArchTest
    static final ArchRule sinksMeetTheOthersOnlyOnTopics = noClasses()
            .that()
            .resideInAPackage(SINKS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, LLM, INGEST, STACK, LAUNCHER);

    @ArchTest
    static final ArchRule theDoorKnowsTheFeedAndTheReadModelAlone = noClasses()
            .that()
            .resideInAPackage(INGEST)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, LLM, STACK, LAUNCHER);

    @ArchTest
    static final ArchRule theFeedAndTheEdgeDoNotKnowPostgres = noClasses()
            .that()
            .resideInAnyPackage("dev.parley.sinks.feed..", "dev.parley.sinks.edge..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.parley.sinks.postgres..", "java.sql..");

    @ArchTest
    static final ArchRule theFeedDoesNotKnowTheEdge = noClasses()
            .that()
            .resideInAPackage("dev.parley.sinks.feed..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.parley.sinks.edge..");

    @ArchTest
    static final ArchRule theStackKnowsOnlyTheContracts = noClasses()
            .that()
            .resideInAPackage(STACK)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, LLM, SINKS, INGEST, LAUNCHER);

    @ArchTest
    static final ArchRule nothingThatRunsKnowsTheMicroBenchmarks = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.openjdk.jmh..", "dev.parley.benchmarks..");

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("dev.parley.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule namesSayWhatAThingIs = classes()
            .that()
            .resideOutsideOfPackage(CONTRACTS)
            .should()
            .haveNameNotMatching(".*(Manager|Helper|Util|Utils|Impl|Base|Data|Info)");
}
