package io.cowshed.access.web;

import io.cowshed.access.AccessToken;
import io.cowshed.access.AccessTokens;
import io.cowshed.access.Role;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.Listing;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Future;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.net.URI;
import java.security.Principal;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Access tokens, for administrators. */
@RestController
@RequestMapping(path = "/api/v1/tokens", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "tokens", description = "Who may call the API")
class TokenController {

    private final AccessTokens tokens;
    private final Answers answers;
    private final Transactions transactions;

    TokenController(AccessTokens tokens, Answers answers, Transactions transactions) {
        this.tokens = tokens;
        this.answers = answers;
        this.transactions = transactions;
    }

    record NewToken(
            @Schema(description = "What the token is for; becomes createdBy of what is made with it.")
            @NotNull
            @Pattern(regexp = "[A-Za-z0-9][A-Za-z0-9._@-]{0,127}", message = "1 to 128 letters, digits and ._@-")
            String name,

            @Schema(description = "What the token allows: reader sees, operator also changes, admin also makes tokens.")
            @NotNull
            Role role,

            @Schema(
                    description = "When the token stops working; never, when left out.",
                    types = {"string", "null"},
                    format = "date-time")
            @Future
            @Nullable
            Instant expiresAt) {}

    record CreatedToken(
            UUID id,
            String name,
            Role role,
            Instant createdAt,
            String createdBy,

            @Schema(
                    types = {"string", "null"},
                    format = "date-time")
            @Nullable
            Instant expiresAt,

            @Schema(description = "What to send as Authorization: Bearer. It is shown only here.")
            String secret) {

        static CreatedToken of(AccessTokens.Created created) {
            AccessToken token = created.token();
            return new CreatedToken(
                    token.id(),
                    token.name(),
                    token.role(),
                    token.createdAt(),
                    token.createdBy(),
                    token.expiresAt(),
                    created.secret());
        }
    }

    record TokenView(
            UUID id,
            String name,
            Role role,
            Instant createdAt,
            String createdBy,

            @Schema(
                    types = {"string", "null"},
                    format = "date-time")
            @Nullable
            Instant expiresAt) {

        static TokenView of(AccessToken token) {
            return new TokenView(
                    token.id(), token.name(), token.role(), token.createdAt(), token.createdBy(), token.expiresAt());
        }
    }

    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    @Operation(
            operationId = "createToken",
            summary = "Make an access token",
            description = "The answer holds the secret, which is shown only this once and stored only as a hash.")
    @Refuses({})
    ResponseEntity<CreatedToken> create(@Valid @RequestBody NewToken request, Principal caller) {
        return transactions.write(() -> {
            AccessTokens.Created created =
                    tokens.create(request.name(), request.role(), request.expiresAt(), caller.getName());
            URI location = URI.create("/api/v1/tokens/" + created.token().id());
            return answers.created(location, CreatedToken.of(created), OptionalLong.empty());
        });
    }

    @GetMapping
    @Operation(
            operationId = "listTokens",
            summary = "List the access tokens",
            description =
                    "All tokens that are not revoked, expired ones included, the oldest first; never their secrets.")
    @Refuses({})
    Listing<TokenView> list() {
        return new Listing<>(tokens.list().stream().map(TokenView::of).toList(), null);
    }

    @DeleteMapping("/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "revokeToken",
            summary = "Revoke an access token",
            description = "The token stops working at once, on every replica.")
    @Refuses(ProblemType.NOT_FOUND)
    void revoke(@PathVariable UUID id) {
        if (!tokens.revoke(id)) {
            throw new CowshedException(
                    ProblemType.NOT_FOUND, "There is no token " + id + " to revoke.", "GET /api/v1/tokens lists them.");
        }
    }
}
