package io.cowshed.access;

import io.cowshed.problem.DatabaseUnavailable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.access.hierarchicalroles.RoleHierarchy;
import org.springframework.security.access.hierarchicalroles.RoleHierarchyImpl;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.oauth2.core.DefaultOAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.server.resource.introspection.BadOpaqueTokenException;
import org.springframework.security.oauth2.server.resource.introspection.OpaqueTokenIntrospector;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Which call needs which role. Nothing is open but the health check, the API's own description, and the deliveries of hooks,
 * which are signed.
 */
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {

    @Bean
    SecurityFilterChain api(
            HttpSecurity http, @Qualifier("handlerExceptionResolver") HandlerExceptionResolver problems) {
        return http.authorizeHttpRequests(calls -> calls.requestMatchers(
                                HttpMethod.GET,
                                "/actuator/health/**",
                                "/v3/api-docs/**",
                                "/v3/api-docs.yaml",
                                "/swagger-ui",
                                "/swagger-ui/**")
                        .permitAll()
                        .requestMatchers("/error")
                        .permitAll()
                        .requestMatchers(
                                HttpMethod.POST,
                                "/api/v1/hooks/*/github",
                                "/api/v1/hooks/*/gitlab",
                                "/api/v1/hooks/*/generic")
                        .permitAll()
                        .requestMatchers(
                                "/api/v1/tokens/**",
                                "/api/v1/subscriptions/**",
                                "/api/v1/hooks/**",
                                "/api/v1/attachments/*/break")
                        .hasRole(Role.ADMIN.name())
                        // User data may hold secrets.
                        .requestMatchers("/api/v1/images/*/seed")
                        .hasRole(Role.OPERATOR.name())
                        .requestMatchers(HttpMethod.GET, "/api/v1/**")
                        .hasRole(Role.READER.name())
                        .requestMatchers(HttpMethod.HEAD, "/api/v1/**")
                        .hasRole(Role.READER.name())
                        .requestMatchers("/api/v1/**")
                        .hasRole(Role.OPERATOR.name())
                        .anyRequest()
                        .hasRole(Role.ADMIN.name()))
                .oauth2ResourceServer(bearer -> bearer.opaqueToken(opaque -> {})
                        .authenticationEntryPoint((request, response, failure) ->
                                problems.resolveException(request, response, null, failure)))
                .exceptionHandling(refusals -> refusals.authenticationEntryPoint((request, response, failure) ->
                                problems.resolveException(request, response, null, failure))
                        .accessDeniedHandler((request, response, failure) ->
                                problems.resolveException(request, response, null, failure)))
                .sessionManagement(sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                // No cookie is ever accepted as proof of who calls, so nothing can be forged across sites.
                .csrf(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .requestCache(AbstractHttpConfigurer::disable)
                .build();
    }

    /** That it is not known whose a token is, because the database does not answer: an answer like others, no fault. */
    private static final class NobodyToAsk extends AuthenticationException {
        NobodyToAsk(DatabaseUnavailable cause) {
            super("the database does not answer", cause);
        }
    }

    @Bean
    OpaqueTokenIntrospector accessTokenIntrospector(AccessTokens tokens) {
        return presented -> find(tokens, presented)
                .map(token -> new DefaultOAuth2AuthenticatedPrincipal(
                        token.name(),
                        Map.of("sub", token.id().toString()),
                        List.of(new SimpleGrantedAuthority(token.role().authority()))))
                .orElseThrow(() -> new BadOpaqueTokenException("no such token"));
    }

    private static Optional<AccessToken> find(AccessTokens tokens, String presented) {
        try {
            return tokens.authenticate(presented);
        } catch (DatabaseUnavailable e) {
            throw new NobodyToAsk(e);
        }
    }

    /** A timer around each filter costs more than the filters do; the request as a whole is still timed. */
    @Bean
    SecurityObservationSettings noTimersWithinSecurity() {
        return SecurityObservationSettings.noObservations();
    }

    @Bean
    RoleHierarchy roleHierarchy() {
        return RoleHierarchyImpl.withDefaultRolePrefix()
                .role(Role.ADMIN.name())
                .implies(Role.OPERATOR.name())
                .role(Role.OPERATOR.name())
                .implies(Role.READER.name())
                .build();
    }

    /** What PostgreSQL cannot look for is in nothing that it has. */
    @Bean
    HttpFirewall noNulInParameters() {
        StrictHttpFirewall firewall = new StrictHttpFirewall();
        firewall.setAllowedParameterValues(value -> value.indexOf('\0') < 0);
        return firewall;
    }

    @Bean
    RequestRejectedHandler rejectedRequests(@Qualifier("handlerExceptionResolver") HandlerExceptionResolver problems) {
        return (request, response, failure) -> problems.resolveException(request, response, null, failure);
    }
}
