/* bootseal policy show, apply, list: the policy of a service. */
#include "cli/list.h"
#include "cli/policy.h"
#include "cli/print.h"

enum exit_status policy_show(struct cli *cli)
{
    const struct service_request request = {
        .method = "GET", .path = "/api/v1/policy", .answer_cap = LIMIT_POLICY_LEN};
    struct http_client_answer answer;
    enum exit_status status;
    json_t *object;

    if (!service_do(cli, &request, &answer, &status))
        return status;
    if (cli->json) {
        object = talk_schema("policy-text");
        json_object_set_new(object, "text",
                            json_stringn((const char *)answer.body.data, answer.body.len));
        talk_json(object);
        return EXIT_HOLDS;
    }
    return talk_result(cli, answer.body, &status) ? EXIT_HOLDS : status;
}

enum exit_status policy_apply(struct cli *cli)
{
    struct service_request request = {
        .method = "PUT", .path = "/api/v1/policy", .content_type = "text/plain"};
    struct policy *policy;
    enum exit_status status;
    json_t *object;

    if (!talk_read(cli, cli->arguments[0], LIMIT_POLICY_LEN, &request.body, &status) ||
        !policy_compile_text(cli, cli->arguments[0], request.body, &policy, &status) ||
        !service_show(cli, &request, &object, &status))
        return status;
    if (object) {
        printf("%s version %s is in force: %zu rules. Hosts are judged by it from their next "
               "attestation on.\n",
               policy_name(policy), policy_version(policy), policy_rules(policy));
        json_decref(object);
    }
    return EXIT_HOLDS;
}

static void add_policy(struct cli *cli, struct table *table, const json_t *policy)
{
    bool active = json_is_true(json_object_get(policy, "active"));
    const char *sha256 = print_member(cli, policy, "sha256");

    table_add(table, TALK_GOOD, active ? "in force" : NULL);
    table_add(table, TALK_PLAIN, print_member(cli, policy, "name"));
    table_add(table, TALK_PLAIN, print_member(cli, policy, "version"));
    table_add(table, TALK_PLAIN,
              active ? print_age(cli, print_member(cli, policy, "activated_at")) : NULL);
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, policy, "created_at")));
    table_add(table, TALK_PLAIN, print_member(cli, policy, "created_by"));
    table_add(table, TALK_DIM, sha256 ? arena_printf(&cli->arena, "%.16s", sha256) : NULL);
}

enum exit_status policy_list(struct cli *cli)
{
    static const char *const HEADS[] = {"",        "NAME", "VERSION", "IN FORCE SINCE",
                                        "CREATED", "BY",   "SHA-256"};
    const struct list list = {.path = "/api/v1/policies",
                              .member = "policies",
                              .heads = HEADS,
                              .n_columns = sizeof HEADS / sizeof *HEADS,
                              .row = add_policy};

    return list_print(cli, &list);
}
