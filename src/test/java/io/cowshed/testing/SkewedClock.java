package io.cowshed.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * A Java agent that has all that goes by {@link Instant#now} and {@link Clock#systemUTC} go by another time, as on a machine whose
 * clock is wrong. {@link System#nanoTime} stays as it is, as it would there.
 */
public final class SkewedClock {

    private static final ClassDesc INSTANT = ClassDesc.of("java.time.Instant");

    private SkewedClock() {}

    /**
     * The option that starts a JVM with such a clock.
     *
     * @param directory where the agent's jar is made
     * @param ahead by how much its clock is ahead; negative where it is behind
     */
    public static String option(Path directory, Duration ahead) {
        Path jar = directory.resolve("skewed-clock" + ahead.toSeconds() + ".jar");
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.putValue("Premain-Class", SkewedClock.class.getName());
        attributes.putValue("Can-Retransform-Classes", "true");
        String name = SkewedClock.class.getName().replace('.', '/');
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream packed = new JarOutputStream(out, manifest)) {
            for (String part : new String[] {name + ".class", name + "$Transformer.class"}) {
                packed.putNextEntry(new JarEntry(part));
                try (InputStream in = SkewedClock.class.getResourceAsStream("/" + part)) {
                    Objects.requireNonNull(in).transferTo(packed);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "-javaagent:" + jar + "=" + ahead.toSeconds();
    }

    /** Called by the JVM, before the program begins. */
    public static void premain(String seconds, Instrumentation instrumentation) throws UnmodifiableClassException {
        instrumentation.addTransformer(new Transformer(Long.parseLong(seconds)), true);
        instrumentation.retransformClasses(Clock.class);
    }

    /** Adds to what {@code Clock.currentInstant()} returns. */
    private record Transformer(long seconds) implements ClassFileTransformer {

        @Override
        public byte @Nullable [] transform(
                @Nullable Module module,
                @Nullable ClassLoader loader,
                String name,
                @Nullable Class<?> redefined,
                @Nullable ProtectionDomain domain,
                byte[] bytes) {
            if (!name.equals("java/time/Clock")) {
                return null;
            }
            ClassFile format = ClassFile.of();
            return format.transformClass(
                    format.parse(bytes),
                    ClassTransform.transformingMethodBodies(
                            method -> method.methodName().equalsString("currentInstant"), (code, element) -> {
                                if (element instanceof ReturnInstruction) {
                                    code.loadConstant(seconds)
                                            .invokevirtual(
                                                    INSTANT,
                                                    "plusSeconds",
                                                    MethodTypeDesc.of(INSTANT, ConstantDescs.CD_long));
                                }
                                code.with(element);
                            }));
        }
    }
}
