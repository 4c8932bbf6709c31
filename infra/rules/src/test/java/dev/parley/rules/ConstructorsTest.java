package dev.parley.rules;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.constructors;

import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.parley.schemas.Topics;

/** Who reads a call of a constructor is to know each argument from its place; beyond some number nobody does. */
@AnalyzeClasses(packages = "dev.parley", importOptions = ImportOption.DoNotIncludeTests.class)
class ConstructorsTest {

    private static final int MAX_PARAMETERS = 8;

    /** The catalogue of topics is made in one place, by calls that say what each is; no two of its topics have one type. */
    @ArchTest
    static final ArchRule constructorsTakeFewParameters = constructors()
            .that()
            .areNotDeclaredIn(Topics.class)
            .should(new ArchCondition<>("take at most " + MAX_PARAMETERS + " parameters") {
                @Override
                public void check(JavaConstructor constructor, ConditionEvents events) {
                    int parameters = constructor.getRawParameterTypes().size();
                    events.add(new SimpleConditionEvent(
                            constructor,
                            parameters <= MAX_PARAMETERS,
                            constructor.getFullName() + " takes " + parameters + " parameters"));
                }
            });
}
