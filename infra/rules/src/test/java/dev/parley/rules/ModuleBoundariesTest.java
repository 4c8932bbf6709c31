package dev.parley.rules;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
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
    private static final String CONFIG = "dev.parley.config..";
    private static final String LAUNCHER = "dev.parley.launcher..";
    private static final String FAULTS = "dev.parley.faults..";
    private static final String BENCH = "dev.parley.bench..";
    private static final String DEPLOY = "dev.parley.deploy..";

    @ArchTest
    static final ArchRule contractsKnowNobody = noClasses()
            .that()
            .resideInAnyPackage(SCHEMAS, CONTRACTS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, LLM, SINKS, INGEST, STACK, CONFIG, LAUNCHER);

    @ArchTest
    static final ArchRule topologiesMeetTheOthersOnlyOnTopics = noClasses()
            .that()
            .resideInAPackage(TOPOLOGIES)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(LLM, SINKS, INGEST, STACK, CONFIG, LAUNCHER);

    @ArchTest
    static final ArchRule workersMeetTheOthersOnlyOnTopics = noClasses()
            .that()
            .resideInAPackage(LLM)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, SINKS, INGEST, STACK, CONFIG, LAUNCHER);

    @ArchTest
    static final ArchRule sinksMeetTheOthersOnlyOnTopics = noClasses()
            .that()
            .resideInAPackage(SINKS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, LLM, INGEST, STACK, CONFIG, LAUNCHER);

    @ArchTest
    static final ArchRule theDoorKnowsTheFeedAndTheReadModelAlone = noClasses()
            .that()
            .resideInAPackage(INGEST)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, LLM, STACK, CONFIG, LAUNCHER);

    /** The rooms of the front door, each of which knows only rooms that stand before it; the protocols know no other. */
    @ArchTest
    static final ArchRule theRoomsOfTheDoorKnowEachOtherInOneDirection = layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage(INGEST)
            .layer("http")
            .definedBy("dev.parley.ingest.http")
            .layer("log")
            .definedBy("dev.parley.ingest.log")
            .layer("files")
            .definedBy("dev.parley.ingest.files")
            .layer("door")
            .definedBy("dev.parley.ingest.door")
            .layer("answer")
            .definedBy("dev.parley.ingest.answer")
            .layer("knowledge")
            .definedBy("dev.parley.ingest.documents", "dev.parley.ingest.search")
            .layer("protocol")
            .definedBy("dev.parley.ingest.protocol")
            .layer("protocols")
            .definedBy("dev.parley.ingest.protocol.(*)..")
            .layer("published")
            .definedBy("dev.parley.ingest.contract", "dev.parley.ingest.page")
            .layer("root")
            .definedBy("dev.parley.ingest")
            .whereLayer("http")
            .mayNotAccessAnyLayer()
            .whereLayer("log")
            .mayOnlyAccessLayers("http")
            .whereLayer("files")
            .mayOnlyAccessLayers("http", "log")
            .whereLayer("door")
            .mayOnlyAccessLayers("http", "log", "files")
            .whereLayer("answer")
            .mayOnlyAccessLayers("http", "door")
            .whereLayer("knowledge")
            .mayOnlyAccessLayers("http", "log")
            .whereLayer("protocol")
            .mayOnlyAccessLayers("http")
            .whereLayer("protocols")
            .mayOnlyAccessLayers("http", "files", "door", "answer", "knowledge", "protocol")
            .whereLayer("published")
            .mayOnlyAccessLayers("http");

    @ArchTest
    static final ArchRule protocolsDoNotKnowEachOther =
            slices().matching("dev.parley.ingest.protocol.(*)..").should().notDependOnEachOther();

    @ArchTest
    static final ArchRule aProtocolHasOneWayIn = classes()
            .that()
            .resideInAPackage("dev.parley.ingest.protocol.(*)..")
            .and()
            .arePublic()
            .should()
            .implement("dev.parley.ingest.protocol.Protocol");

    @ArchTest
    static final ArchRule httpKnowsNeitherFeedNorReadModel = noClasses()
            .that()
            .resideInAPackage("dev.parley.ingest.http..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage(SINKS);

    @ArchTest
    static final ArchRule theFeedAndTheEdgeDoNotKnowPostgres = noClasses()
            .that()
            .resideInAnyPackage("dev.parley.sinks.feed..", "dev.parley.sinks.edge..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.parley.sinks.postgres..", "java.sql..");

    @ArchTest
    static final ArchRule theReadModelDoesNotKnowTheEdge = noClasses()
            .that()
            .resideInAPackage("dev.parley.sinks.postgres..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.parley.sinks.edge..");

    @ArchTest
    static final ArchRule theFormOfThingsKnowsNobodyWhoUsesIt = noClasses()
            .that()
            .resideInAPackage("dev.parley.sinks.json..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.parley.sinks.feed..", "dev.parley.sinks.edge..", "dev.parley.sinks.postgres..");

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
            .resideInAnyPackage(TOPOLOGIES, LLM, SINKS, INGEST, CONFIG, LAUNCHER);

    @ArchTest
    static final ArchRule theLanguageOfFilesKnowsOnlyTheContracts = noClasses()
            .that()
            .resideInAPackage(CONFIG)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, LLM, SINKS, INGEST, STACK, LAUNCHER);

    @ArchTest
    static final ArchRule nothingThatServesKnowsBenchmarksOrFaults = noClasses()
            .that()
            .resideOutsideOfPackages(BENCH, FAULTS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(BENCH, FAULTS, "org.openjdk.jmh..");

    @ArchTest
    static final ArchRule nobodyKnowsWhatPacksThem = noClasses()
            .that()
            .resideOutsideOfPackage(DEPLOY)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(DEPLOY, "com.google.cloud.tools.jib..");

    @ArchTest
    static final ArchRule faultsKnowWhatTheyTryByItsContractsAlone = noClasses()
            .that()
            .resideInAPackage(FAULTS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(TOPOLOGIES, LLM, SINKS, INGEST, CONFIG, LAUNCHER, BENCH);

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
