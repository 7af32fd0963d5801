package io.cowshed.problem;

import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.core.StandardHost;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Renders what the servlet container refuses by itself, so that even a broken request line gets problem details. */
@Hidden
@RestController
class ContainerErrors implements ErrorController {

    private final ProblemRenderer problems;

    ContainerErrors(ProblemRenderer problems) {
        this.problems = problems;
    }

    /** Where the container sends a request that it or a filter gave an error status. */
    @RequestMapping("${server.error.path:/error}")
    ResponseEntity<ProblemDetail> error(HttpServletRequest request, HttpServletResponse response) {
        Object status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
        Object path = request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI);
        Object failure = request.getAttribute(RequestDispatcher.ERROR_EXCEPTION);
        CowshedException refusal = switch (failure) {
            // The container's own reading failed; it overrules whatever we had answered to that.
            case IOException broken -> new BodyBrokeOff(broken);
            case Throwable thrown -> ProblemRenderer.translate(thrown);
            case null, default ->
                ProblemRenderer.ofStatus(
                        HttpStatusCode.valueOf(status instanceof Integer code ? code : 404), null, HttpHeaders.EMPTY);
        };
        return problems.answer(refusal, path instanceof String text ? text : request.getRequestURI(), response);
    }

    /** Puts {@link PlainProblems} in the place of Tomcat's HTML error page. */
    @Component
    static class Customizer implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

        @Override
        public void customize(TomcatServletWebServerFactory factory) {
            factory.addContextCustomizers(context -> {
                if (context.getParent() instanceof StandardHost host) {
                    host.setErrorReportValveClass(PlainProblems.class.getName());
                }
            });
        }
    }

    /** The problem details of requests that reach no application, such as those with an illegal request target. */
    public static final class PlainProblems extends ErrorReportValve {

        @Override
        protected void report(Request request, Response response, @Nullable Throwable failure) {
            if (response.getStatus() < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
                return;
            }
            CowshedException refusal =
                    ProblemRenderer.ofStatus(HttpStatusCode.valueOf(response.getStatus()), null, HttpHeaders.EMPTY);
            // No message converter lives here; nothing in these three values needs escaping.
            String body = "{\"type\":\"" + refusal.type().uri() + "\",\"title\":\""
                    + refusal.type().title() + "\",\"status\":"
                    + refusal.type().status().value() + "}";
            try {
                response.setStatus(refusal.type().status().value());
                response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
                response.setCharacterEncoding("utf-8");
                if (response.getReporter() != null) {
                    response.getReporter().write(body);
                    response.finishResponse();
                }
            } catch (IOException e) {
                container.getLogger().debug("nobody listens to the problem any more", e);
            }
        }
    }
}
