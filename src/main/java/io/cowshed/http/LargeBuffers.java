package io.cowshed.http;

import org.apache.coyote.AbstractProtocol;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/**
 * Lets each connection read and write more at a time than Tomcat's 8 KiB, which makes half a million system calls of a disk
 * of 4 GiB. Connections have these buffers before anybody has said who he is, so there are no more of them at a time than a
 * quarter of the heap is enough for; others wait to be accepted.
 */
@Component
class LargeBuffers implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

    /** In bytes, twice for each open connection. */
    private static final int SIZE = 64 << 10;

    @Override
    public void customize(TomcatServletWebServerFactory factory) {
        int most =
                Math.toIntExact(Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / 4 / (2 * SIZE)));
        factory.addConnectorCustomizers(connector -> {
            connector.setProperty("socket.appReadBufSize", String.valueOf(SIZE));
            connector.setProperty("socket.appWriteBufSize", String.valueOf(SIZE));
            if (connector.getProtocolHandler() instanceof AbstractProtocol<?> protocol) {
                protocol.setMaxConnections(Math.min(protocol.getMaxConnections(), most));
            }
        });
    }
}
