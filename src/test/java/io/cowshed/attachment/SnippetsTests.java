package io.cowshed.attachment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import tools.jackson.databind.json.JsonMapper;

/** A real QEMU opens what it is told to open, wherever the volume is mounted. */
class SnippetsTests {

    private static final UUID IMAGE = UUID.fromString("01a1f8d2-1c07-796e-963a-2920bd0bb498");

    @TempDir
    private Path directory = Path.of("");

    private final Snippets snippets = new Snippets(new JsonMapper());
    private String path = "";

    @BeforeEach
    void makesADiskInAnAwkwardPlace() throws Exception {
        Path images = Files.createDirectories(directory.resolve("a, b's \"c\" <d>&$e=f:g/images"));
        QemuImg.run("create", "-q", "-f", "qcow2", images.resolve("base.qcow2").toString(), "1M");
        path = images.resolve(IMAGE + ".qcow2").toString();
        QemuImg.run("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", path);
    }

    @ParameterizedTest
    @EnumSource
    void aShellPassesADriveToQemu(Access access) throws Exception {
        String shown = run(
                List.of(
                        "sh",
                        "-c",
                        "exec qemu-system-x86_64 -machine q35 -m 64 -S -display none -nodefaults -monitor stdio "
                                + snippets.drive(path, access)),
                "info block");
        assertOpened(shown, access);
    }

    @ParameterizedTest
    @EnumSource
    void aProgramPassesANodeToQemu(Access access) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "qemu-system-x86_64",
                "-machine",
                "none",
                "-S",
                "-display",
                "none",
                "-nodefaults",
                "-monitor",
                "stdio"));
        command.addAll(snippets.blockdev(IMAGE, path, access));
        String shown = run(command, "info block -n");
        assertThat(shown).contains("cowshed-2920bd0bb498: " + path);
        assertOpened(shown, access);
    }

    @ParameterizedTest
    @EnumSource
    void libvirtReadsThePath(Access access) throws Exception {
        Document parsed = DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(snippets.libvirt(path, access).getBytes(UTF_8)));
        Element disk = parsed.getDocumentElement();
        assertThat(disk.getTagName()).isEqualTo("disk");
        assertThat(((Element) disk.getElementsByTagName("source").item(0)).getAttribute("file"))
                .isEqualTo(path);
        assertThat(((Element) disk.getElementsByTagName("driver").item(0)).getAttribute("type"))
                .isEqualTo("qcow2");
        assertThat(disk.getElementsByTagName("readonly").getLength()).isEqualTo(access == Access.RO ? 1 : 0);
    }

    @Test
    void everyOperatorOfAShellIsQuoted() throws Exception {
        String awkward = "/a'b\\c`d`$(e)!*?\tf";
        Process echo = new ProcessBuilder("sh", "-c", "printf %s " + snippets.drive(awkward, Access.RW)).start();
        assertThat(new String(echo.getInputStream().readAllBytes(), UTF_8))
                .isEqualTo("-drivefile=" + awkward + ",format=qcow2,if=virtio,discard=unmap");
    }

    private void assertOpened(String shown, Access access) {
        assertThat(shown)
                .contains(path + (access == Access.RO ? " (qcow2, read-only)" : " (qcow2)"))
                .containsPattern("Backing file: +"
                        + Pattern.quote(
                                Path.of(path).resolveSibling("base.qcow2").toString()));
    }

    /** What a QEMU that is asked this shows before it quits. */
    private static String run(List<String> command, String question) throws Exception {
        Process qemu = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var input = qemu.outputWriter()) {
            input.write(question + "\nquit\n");
        }
        String shown = new String(qemu.getInputStream().readAllBytes(), UTF_8);
        assertThat(qemu.waitFor()).as(shown).isZero();
        return shown;
    }
}
