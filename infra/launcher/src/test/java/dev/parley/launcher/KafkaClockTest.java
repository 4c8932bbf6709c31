package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.launcher.clock.Steadied;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.File;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.utils.Time;
import org.junit.jupiter.api.Test;

class KafkaClockTest {

    private static final String REPLACED = "org.apache.kafka.common.utils.SystemTime";

    /** Of the class in kafka-clients 4.3.1. */
    private static final String DIGEST = "dcb2dc4d802bf0f0a933731c440c50fbbefb7d904e4cf85f29f71574bda6e8af";

    @Test
    void isOursOnTheClassPathOfTheBuild() {
        assertThat(KafkaClock.isSteady()).isTrue();
    }

    @Test
    void isKafkasWhereItsJarsComeFirst() throws Exception {
        // The class path of the build, with Kafka's clients before everything else.
        List<URL> path = new ArrayList<>(List.of(clients()));
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            path.add(new File(entry).toURI().toURL());
        }
        try (URLClassLoader other =
                new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Object time =
                    other.loadClass(Time.class.getName()).getField("SYSTEM").get(null);

            assertThat(other.loadClass(Steadied.class.getName()).isInstance(time))
                    .isFalse();
        }
    }

    @Test
    void isShownInTheMetrics() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        KafkaClock.report(meters);

        assertThat(meters.get("parley.kafka.clock.steady").gauge().value()).isEqualTo(1);
    }

    @Test
    void standsInForAClassThatWeKnow() throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        URL original = URI.create("jar:" + clients() + "!/" + REPLACED.replace('.', '/') + ".class")
                .toURL();
        try (InputStream bytes = original.openStream()) {
            digest.update(bytes.readAllBytes());
        }

        assertThat(HexFormat.of().formatHex(digest.digest()))
                .as("Kafka's class has changed: compare it with ours, then note the new digest (docs/decisions/0013)")
                .isEqualTo(DIGEST);
    }

    @Test
    void hasAllThatTheOriginalOffersItsNeighbours() throws Exception {
        Class<?> ours = Time.SYSTEM.getClass();
        try (URLClassLoader kafka = new URLClassLoader(new URL[] {clients()}, ClassLoader.getPlatformClassLoader())) {
            assertThat(offered(ours)).isEqualTo(offered(kafka.loadClass(REPLACED)));
        }
    }

    /** What a class of the same package may call. */
    private static Set<String> offered(Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> !Modifier.isPrivate(method.getModifiers()))
                .map(Method::toGenericString)
                .collect(Collectors.toSet());
    }

    private static URL clients() {
        return Consumer.class.getProtectionDomain().getCodeSource().getLocation();
    }
}
