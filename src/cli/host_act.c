/* bootseal host approve, revoke, forget, evidence: acts on one host. */
#include "cli/print.h"
#include "cli/service.h"

#include <stdlib.h>
#include <unistd.h>

/* Posts the act; false when all has been said, also with --json. */
static bool act(struct cli *cli, const char *what, json_t *body, json_t **host,
                enum exit_status *status)
{
    char *text = json_dumps(body, JSON_COMPACT);
    const struct service_request request = {
        .method = "POST",
        .path = service_path(cli, "hosts", cli->arguments[0], what),
        .content_type = "application/json",
        .body = span_text(text ? text : "{}"),
    };
    bool shown;

    *status = EXIT_HOLDS;
    shown = service_show(cli, &request, host, status) && *host;
    free(text);
    json_decref(body);
    return shown;
}

static const char *name_of(struct cli *cli, const json_t *host)
{
    const char *name = print_member(cli, host, "name");

    return name ? name : cli->arguments[0];
}

enum exit_status host_approve(struct cli *cli)
{
    enum exit_status status;
    json_t *host;

    if (!act(cli, "approve", json_object(), &host, &status))
        return status;
    printf("%s is approved. Its next attestation gets a verdict.\n", name_of(cli, host));
    fprintf(stderr, "To undo: bootseal host revoke %s --reason TEXT\n", cli->arguments[0]);
    json_decref(host);
    return EXIT_HOLDS;
}

enum exit_status host_revoke(struct cli *cli)
{
    enum exit_status status;
    json_t *host;

    if (!cli->values[OPTION_REASON] || !*cli->values[OPTION_REASON])
        return talk_usage(cli, OPTION_REASON, "say why, for those who ask later");
    if (!act(cli, "revoke", json_pack("{s:s}", "reason", cli->values[OPTION_REASON]), &host,
             &status))
        return status;
    printf("%s is revoked, and so are its certificates.\n", name_of(cli, host));
    fprintf(stderr, "To let it enrol again: bootseal host forget %s\n", cli->arguments[0]);
    json_decref(host);
    return EXIT_HOLDS;
}

enum exit_status host_forget(struct cli *cli)
{
    enum exit_status status;
    json_t *host;

    if (!act(cli, "forget", json_object(), &host, &status))
        return status;
    printf("%s is forgotten. Its TPM and its name can be enrolled again.\n", name_of(cli, host));
    json_decref(host);
    return EXIT_HOLDS;
}

enum exit_status host_evidence(struct cli *cli)
{
    const struct service_field fields[] = {{"boot", cli->values[OPTION_BOOT]}};
    const struct service_request request = {
        .method = "GET",
        .path = service_query(cli, service_path(cli, "hosts", cli->arguments[0], "evidence"),
                              fields, 1),
        .answer_cap = LIMIT_EVIDENCE_LEN,
    };
    const char *output = cli->values[OPTION_OUTPUT];
    struct http_client_answer answer;
    enum exit_status status;
    json_t *object;

    if (!output && isatty(STDOUT_FILENO))
        return talk_usage(cli, OPTION_OUTPUT, "a file, for the bundle is binary");
    if (cli->json && !output)
        return talk_usage(cli, OPTION_OUTPUT, "a file, for JSON does not carry the bundle");
    if (!service_do(cli, &request, &answer, &status) || !talk_result(cli, answer.body, &status))
        return status;
    if (cli->json) {
        object = talk_schema("host-evidence");
        json_object_set_new(object, "output", json_string(output));
        json_object_set_new(object, "len", json_integer((json_int_t)answer.body.len));
        talk_json(object);
    } else if (output) {
        fprintf(stderr, "%zu bytes. Repeat the decision: bootseal appraise %s --policy FILE\n",
                answer.body.len, output);
    }
    return EXIT_HOLDS;
}
