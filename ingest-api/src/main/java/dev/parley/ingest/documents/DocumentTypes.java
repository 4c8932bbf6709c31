package dev.parley.ingest.documents;

import dev.parley.ingest.http.ProblemException;
import dev.parley.schemas.ErrorCode;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What kinds of documents there are, by the names that callers and files give them. */
final class DocumentTypes {

    static final String MARKDOWN = "text/markdown";
    static final String PLAIN = "text/plain";
    static final String HTML = "text/html";
    static final String PDF = "application/pdf";

    /** What uploads are called whose sender does not know, or does not say, what they are. */
    private static final Set<String> UNKNOWN = Set.of("", "application/octet-stream", "binary/octet-stream");

    /** Texts, although their names do not begin with {@code text/}. */
    private static final Set<String> TEXTS = Set.of(
            "application/json",
            "application/ld+json",
            "application/jsonl",
            "application/x-ndjson",
            "application/xml",
            "application/yaml",
            "application/x-yaml",
            "application/toml",
            "application/javascript",
            "application/x-javascript",
            "application/typescript",
            "application/sql",
            "application/graphql",
            "application/x-sh",
            "application/x-python",
            "application/x-tex");

    private static final Map<String, String> BY_EXTENSION = Map.ofEntries(
            Map.entry("md", MARKDOWN),
            Map.entry("markdown", MARKDOWN),
            Map.entry("mdx", MARKDOWN),
            Map.entry("html", HTML),
            Map.entry("htm", HTML),
            Map.entry("xhtml", HTML),
            Map.entry("pdf", PDF),
            Map.entry("txt", PLAIN),
            Map.entry("csv", "text/csv"),
            Map.entry("css", "text/css"),
            Map.entry("json", "application/json"),
            Map.entry("xml", "application/xml"),
            Map.entry("yaml", "application/yaml"),
            Map.entry("yml", "application/yaml"),
            Map.entry("toml", "application/toml"),
            Map.entry("sql", "application/sql"),
            Map.entry("js", "text/javascript"),
            Map.entry("mjs", "text/javascript"),
            Map.entry("jsx", "text/javascript"),
            Map.entry("ts", "text/x-typescript"),
            Map.entry("tsx", "text/x-typescript"),
            Map.entry("java", "text/x-java"),
            Map.entry("kt", "text/x-kotlin"),
            Map.entry("scala", "text/x-scala"),
            Map.entry("py", "text/x-python"),
            Map.entry("rb", "text/x-ruby"),
            Map.entry("go", "text/x-go"),
            Map.entry("rs", "text/x-rust"),
            Map.entry("c", "text/x-c"),
            Map.entry("h", "text/x-c"),
            Map.entry("cc", "text/x-c++"),
            Map.entry("cpp", "text/x-c++"),
            Map.entry("hpp", "text/x-c++"),
            Map.entry("cs", "text/x-csharp"),
            Map.entry("php", "text/x-php"),
            Map.entry("swift", "text/x-swift"),
            Map.entry("sh", "text/x-sh"),
            Map.entry("bash", "text/x-sh"),
            Map.entry("proto", "text/x-protobuf"),
            Map.entry("avdl", "text/x-avro-idl"),
            Map.entry("tex", "text/x-tex"),
            Map.entry("rst", "text/x-rst"),
            Map.entry("adoc", "text/x-asciidoc"));

    private DocumentTypes() {}

    /**
     * The type of an upload: the one it is said to be, or, where that says nothing, the one that its path and first bytes
     * suggest. What nothing is known of is taken for text.
     *
     * @throws ProblemException where it is said to be something that no text can be made of
     */
    static String of(Optional<String> said, String path, byte[] bytes) {
        String type = said.map(text -> text.split(";", 2)[0].strip().toLowerCase(Locale.ROOT))
                .orElse("");
        if (UNKNOWN.contains(type)) {
            return isPdf(bytes) ? PDF : BY_EXTENSION.getOrDefault(extension(path), PLAIN);
        }
        if (type.equals("application/xhtml+xml")) {
            return HTML;
        }
        if (type.equals("text/x-markdown")) {
            return MARKDOWN;
        }
        if (type.equals(PDF) || (type.startsWith("text/") && type.length() > 5) || TEXTS.contains(type)) {
            return type;
        }
        throw new ProblemException(
                ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                "must be sent as text/markdown, text/plain, text/html, another text type, application/pdf, or, to go by"
                        + " the path's extension, application/octet-stream");
    }

    private static boolean isPdf(byte[] bytes) {
        return bytes.length >= 5
                && bytes[0] == '%'
                && bytes[1] == 'P'
                && bytes[2] == 'D'
                && bytes[3] == 'F'
                && bytes[4] == '-';
    }

    private static String extension(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
    }
}
