package dev.parley.config;

import java.util.List;
import java.util.stream.Collectors;

/** A configuration file is not valid; says everything that is wrong with it. */
public final class InvalidConfigurationException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String file;
    private final transient List<Problem> problems;

    InvalidConfigurationException(String file, List<Problem> problems) {
        super(problems.stream().map(problem -> problem.in(file)).collect(Collectors.joining(System.lineSeparator())));
        this.file = file;
        this.problems = List.copyOf(problems);
    }

    /** In the order of the file. */
    public List<Problem> problems() {
        return problems;
    }

    /** One line for each problem, with file and line number. */
    public List<String> lines() {
        return problems.stream().map(problem -> problem.in(file)).toList();
    }
}
