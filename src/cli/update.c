/* bootseal update check: the document of an announced update, offline. It is read by the policy's reader
 * only, so that what holds here holds in the service. */
#include "cli/update.h"

#include "cli/policy.h"

bool update_check_text(struct cli *cli, const char *path, struct span text,
                       struct policy_values *values, enum exit_status *status)
{
    struct policy_position position = {0};
    struct error error = {0};

    if (!policy_values_check(text, &cli->arena, values, &position, &error)) {
        *status = policy_say_error(cli, path, &position, &error);
        return false;
    }
    if (values->is_update)
        return true;
    error_plain(&error, ERROR_MALFORMED, "these are reference values, expected an update");
    *status = talk_error(cli, path, &error);
    return false;
}

enum exit_status update_check(struct cli *cli)
{
    struct policy_values values;
    enum exit_status status;
    struct span text;

    if (!talk_read(cli, cli->arguments[0], LIMIT_POLICY_LEN, &text, &status) ||
        !update_check_text(cli, cli->arguments[0], text, &values, &status))
        return status;
    if (cli->json) {
        json_t *object = talk_schema("update-check");

        json_object_set_new(object, "name", json_string(values.name));
        json_object_set_new(object, "version", json_string(values.version));
        json_object_set_new(object, "n_accepted", json_integer((json_int_t)values.n_values));
        talk_json(object);
    } else {
        printf("%s version %s: accepts %zu values\n", values.name, values.version, values.n_values);
    }
    return EXIT_HOLDS;
}
