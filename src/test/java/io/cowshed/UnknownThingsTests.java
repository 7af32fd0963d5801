package io.cowshed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient.Answer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calls that go amiss by a word, and whether the answer says which word would do. */
class UnknownThingsTests extends BadInputTests {

    @BeforeAll
    void makeAnImage() {
        assertThat(api.postJson("images", "{\"name\": \"base\", \"virtualSize\": 512}")
                        .status())
                .isEqualTo(201);
    }

    private Answer send(String method, String path, String body, String... headers) {
        byte[] bytes = body.getBytes(UTF_8);
        List<String> all = new ArrayList<>(List.of(headers));
        all.add("Content-Length: " + bytes.length);
        return service.send(method, "/api/v1/" + path, bytes, all.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource({
        "DELETE, images/base?dryrun=true, dryRun",
        "DELETE, images/base?purge=true&dry-run=true, dryRun",
        "GET, images?lable=team=net, label",
        "GET, images/base/extents?against=other, 'length, start'",
        "GET, images/base/content?format=raw&scope=delta, format",
        "GET, images/base?expand=parent, none",
        "POST, images/base/seal?wait=60, none",
        "GET, volume?%zz=1, none"
    })
    void refusesAParameterThatTheCallDoesNotKnowAndNamesThoseItDoes(String method, String path, String known) {
        Answer answer = refuses(400, "invalid-request", () -> send(method, path, ""));

        assertThat(action(answer)).contains("Known here: ").contains(known);
        assertThat(api.get("images/base").json().path("sealed").asBoolean()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST | images | application/x-www-form-urlencoded | {} | 415 | application/json",
                "POST | images/base/clones | text/plain | {} | 415 | Content-Type: application/json.",
                "PATCH | images/base | application/json-patch+json | [] | 415 | application/merge-patch+json",
                "PUT | images/base | application/json | {} | 405 | DELETE, GET or PATCH",
                "GET | images/base/compare | '' | '' | 400 | ?with=",
                "POST | images/base/clones | application/yaml | name: x | 415 | application/json",
                "GET | nothing | '' | '' | 404 | /swagger-ui",
                "GET | images?limit=x | '' | '' | 400 | a whole number",
                "GET | images?attached=x | '' | '' | 400 | true or false",
                "GET | operations?image=base | '' | '' | 400 | a UUID",
                "GET | events?since=yesterday | '' | '' | 400 | 2027-01-31T12:00:00Z",
                "POST | images | application/json | {\"name\": \"x\", \"virtualSize\": 1, \"ttl\": \"1h\"} | 400 | PT8H",
                "POST | images | application/json | {\"name\": 1, \"virtualSize\": 1} | 400 | text",
                "POST | images | application/json | {\"name\": \"x\", \"virtualSize\": 1, \"labels\": []} | 400 | an object",
                "POST | tokens | application/json | {\"name\": \"x\", \"role\": \"root\"} | 400 | reader, operator or admin",
                "POST | images/base/check | application/json | {\"repair\": \"x\"} | 400 | none, leaks or all",
                "PATCH | images/base | application/json | {\"virtualSize\": 1} | 400 | expiresAt"
            })
    void saysWhatWouldHaveBeenTaken(String method, String path, String type, String body, int status, String expected) {
        Answer answer = type.isEmpty() ? send(method, path, body) : send(method, path, body, "Content-Type: " + type);

        assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
        assertThat(action(answer)).contains(expected);
    }

    @Test
    void answersInJsonAlone() {
        assertThat(send("GET", "images", "", "Accept: application/yaml").status())
                .isEqualTo(406);
    }

    @Test
    void namesTheFieldOfAPatchThatCannotBeChanged() {
        Answer answer = send("PATCH", "images/base", "{\"virtualSize\": 1}", "Content-Type: application/json");

        assertThat(answer.json().path("detail").asString()).contains("\"virtualSize\"");
    }

    @Test
    void saysWhereADocumentCannotBeRead() {
        Answer answer = api.postJson("images", "{\"name\": \"x\",\n \"virtualSize\": 1,}");

        assertThat(answer.json().path("detail").asString()).contains("line 2");
    }

    @Test
    void checksWithoutABody() {
        assertThat(api.post("images/base/check").status()).isEqualTo(202);
    }

    private static String action(Answer answer) {
        return answer.json().path("action").asString("");
    }
}
