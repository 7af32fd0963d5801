package io.cowshed.attachment;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a hypervisor is told to open an image's file. All that lies below it is found by QEMU itself, by the names in the files: they
 * are siblings of the real path that is named here, and a parent that is redirected meanwhile has other ones.
 */
@Component
public class Snippets {

    private static final int NODE_DIGITS = 12;

    private final JsonMapper json;

    Snippets(JsonMapper json) {
        this.json = json;
    }

    /** An argument of QEMU's, as a shell takes it. */
    public String drive(String path, Access access) {
        String options = "file=" + path.replace(",", ",,") + ",format=qcow2,if=virtio"
                + (access == Access.RO ? ",readonly=on" : ",discard=unmap");
        return "-drive '" + options.replace("'", "'\\''") + "'";
    }

    /** Two arguments of QEMU's, as a program passes them on. The node's name has at most 31 characters. */
    public List<String> blockdev(UUID image, String path, Access access) {
        String id = image.toString();
        Map<String, Object> node = new LinkedHashMap<>();
        node.put("driver", "qcow2");
        node.put("node-name", "cowshed-" + id.substring(id.length() - NODE_DIGITS));
        if (access == Access.RO) {
            node.put("read-only", true);
        } else {
            node.put("discard", "unmap");
        }
        node.put("file", Map.of("driver", "file", "filename", path));
        return List.of("-blockdev", json.writeValueAsString(node));
    }

    /** An element of a domain of libvirt's. */
    public String libvirt(String path, Access access) {
        return "<disk type='file' device='disk'>\n"
                + "  <driver name='qemu' type='qcow2'" + (access == Access.RO ? "" : " discard='unmap'") + "/>\n"
                + "  <source file='" + attribute(path) + "'/>\n"
                + "  <target dev='vda' bus='virtio'/>\n"
                + (access == Access.RO ? "  <readonly/>\n" : "")
                + "</disk>";
    }

    private static String attribute(String value) {
        return value.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("'", "&apos;")
                .replace("\"", "&quot;");
    }
}
