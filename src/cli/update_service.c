/* bootseal update announce, list, show, finish, withdraw: updates in a service.
 *
 * An announcement is a binding that names an update's document, hosts and hours. Changes name the
 * revision that they saw, so two people cannot undo each other unknowingly. */
#include "cli/binding.h"
#include "cli/print.h"
#include "cli/proven.h"
#include "cli/table.h"
#include "cli/update.h"

/* --- announce --- */

static bool is_announcement(const json_t *binding)
{
    const char *mode = json_string_value(json_object_get(binding, "mode"));

    return mode && (strcmp(mode, "accept") == 0 || strcmp(mode, "retire") == 0);
}

/* The announcement of that name as the service has it; the caller drops it. */
static bool ask_announcement(struct cli *cli, struct binding *binding, enum exit_status *status)
{
    const char *name = cli->arguments[0];

    if (!binding_ask(cli, name, true, binding, status))
        return false;
    if (is_announcement(binding->object))
        return true;
    fprintf(stderr, "bootseal: %s is the binding of a policy, not of an update\n",
            talk_printable(cli, name));
    binding_drop(binding);
    *status = EXIT_USAGE;
    return false;
}

/* What holds of it now; NULL outside of its hours. */
static const char *state_of(struct cli *cli, const json_t *binding)
{
    const char *mode = print_member(cli, binding, "mode");

    if (!json_is_true(json_object_get(binding, "active")))
        return NULL;
    if (mode && strcmp(mode, "retire") == 0)
        return "finished, old retired";
    return print_member(cli, binding, "until") ? "accepted" : "finished";
}

static void put_state(struct cli *cli, json_t *binding)
{
    const char *state = state_of(cli, binding);

    json_object_set_new(binding, "state", state ? json_string(state) : json_null());
}

static bool keep(struct cli *cli, struct span text, enum exit_status *status)
{
    const struct service_request request = {
        .method = "POST", .path = "/api/v1/updates", .content_type = "text/plain", .body = text};
    json_t *kept;

    if (!service_json(cli, &request, &kept, status))
        return false;
    json_decref(kept);
    return true;
}

/* What the binding is to be; NULL after having said what is wrong. */
static json_t *wanted(struct cli *cli, const struct policy_values *values, enum exit_status *status)
{
    const char *reason = cli->values[OPTION_REASON];
    json_t *from = json_null(), *until;

    if (cli->values[OPTION_FROM])
        from = binding_time(cli, OPTION_FROM, status);
    until = from ? binding_time(cli, OPTION_UNTIL, status) : NULL;
    if (!until) {
        json_decref(from);
        return NULL;
    }
    return json_pack("{s:s, s:s, s:{s:s, s:s}, s:o, s:o, s:s}", "mode", "accept", "hosts",
                     cli->values[OPTION_HOSTS], "update", "name", values->name, "version",
                     values->version, "from", from, "until", until, "reason",
                     reason ? reason : "announced update");
}

/* Announcing takes back that it was finished. */
static void say_reopened(struct cli *cli, const struct binding *binding)
{
    const char *mode = json_string_value(json_object_get(binding->object, "mode"));

    if (mode && strcmp(mode, "retire") == 0)
        fprintf(stderr,
                "bootseal: %s was finished and had retired the old, which counts again until it is "
                "finished once more\n",
                talk_printable(cli, binding->name));
}

static bool announce(struct cli *cli, const char *name, json_t *body, json_t **bound,
                     enum exit_status *status)
{
    const struct binding_change change = {
        .method = "PUT", .path = service_path(cli, "bindings", name, ""), .body = body};
    struct binding binding;
    bool done;

    if (!binding_ask(cli, name, false, &binding, status)) {
        json_decref(body);
        return false;
    }
    if (binding.object && !is_announcement(binding.object)) {
        fprintf(
            stderr,
            "bootseal: %s is the binding of a policy, which stays: give the announcement another "
            "name with --name\n",
            talk_printable(cli, name));
        json_decref(body);
        binding_drop(&binding);
        *status = EXIT_CONFLICT;
        return false;
    }
    say_reopened(cli, &binding);
    done = binding_change(cli, &binding, &change, bound, status);
    binding_drop(&binding);
    return done;
}

enum exit_status update_announce(struct cli *cli)
{
    const char *name = cli->values[OPTION_NAME];
    struct policy_values values;
    enum exit_status status;
    struct span text;
    json_t *body, *bound;

    if (!cli->values[OPTION_HOSTS])
        return talk_usage(cli, OPTION_HOSTS, "the hosts that will get the update");
    if (!cli->values[OPTION_UNTIL])
        return talk_usage(cli, OPTION_UNTIL, "when its values end being accepted");
    if (!talk_read(cli, cli->arguments[0], LIMIT_POLICY_LEN, &text, &status) ||
        !update_check_text(cli, cli->arguments[0], text, &values, &status))
        return status;
    body = wanted(cli, &values, &status);
    if (!body)
        return status;
    if (!keep(cli, text, &status)) {
        json_decref(body);
        return status;
    }
    if (!announce(cli, name ? name : values.name, body, &bound, &status))
        return status;
    if (bound)
        binding_say(cli, bound);
    return EXIT_HOLDS;
}

/* --- list and withdraw --- */

static void add_row(struct cli *cli, struct table *table, const json_t *binding)
{
    const json_t *update = json_object_get(binding, "update");

    table_add(table, TALK_GOOD, state_of(cli, binding));
    table_add(table, TALK_PLAIN, print_member(cli, binding, "name"));
    table_add(table, TALK_PLAIN, print_member(cli, update, "name"));
    table_add(table, TALK_PLAIN, print_member(cli, update, "version"));
    table_add(table, TALK_PLAIN, print_member(cli, binding, "hosts"));
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, binding, "from")));
    table_add(table, TALK_PLAIN, print_age(cli, print_member(cli, binding, "until")));
    table_add(table, TALK_PLAIN, print_member(cli, binding, "created_by"));
}

enum exit_status update_list(struct cli *cli)
{
    static const char *const HEADS[] = {"",      "NAME", "UPDATE", "VERSION",
                                        "HOSTS", "FROM", "UNTIL",  "BY"};
    const struct service_request request = {.method = "GET", .path = "/api/v1/bindings"};
    struct table table = table_begin(cli, HEADS, sizeof HEADS / sizeof *HEADS);
    json_t *answer, *announced = json_array(), *binding;
    enum exit_status status;
    size_t i;

    if (!service_json(cli, &request, &answer, &status)) {
        json_decref(announced);
        return status;
    }
    json_array_foreach(json_object_get(answer, "bindings"), i, binding)
    {
        if (!is_announcement(binding))
            continue;
        add_row(cli, &table, binding);
        put_state(cli, binding);
        json_array_append(announced, binding);
    }
    json_decref(answer);
    if (cli->json) {
        answer = talk_schema("updates-announced");
        json_object_set(answer, "updates", announced);
        talk_json(answer);
    } else {
        table_print(&table);
    }
    json_decref(announced);
    return EXIT_HOLDS;
}

enum exit_status update_withdraw(struct cli *cli)
{
    const char *name = cli->arguments[0];
    const struct service_field reason = {"reason", cli->values[OPTION_REASON]};
    const struct binding_change change = {
        .method = "DELETE",
        .path = service_query(cli, service_path(cli, "bindings", name, ""), &reason, 1)};
    enum exit_status status;
    struct binding binding;
    json_t *removed;
    bool done;

    if (!ask_announcement(cli, &binding, &status))
        return status;
    done = binding_change(cli, &binding, &change, &removed, &status);
    binding_drop(&binding);
    if (!done)
        return status;
    if (removed)
        printf("%s is accepted no longer.\n", talk_printable(cli, name));
    json_decref(removed);
    return EXIT_HOLDS;
}

/* --- Who runs it --- */

struct showing {
    struct cli *cli;
    struct policy_values values;
    json_t *hosts;
    size_t n_not_new, n_with_old;
};

static bool shows_item(struct cli *cli, const struct claim_item *item, const struct claim *claim,
                       enum claim_id id)
{
    struct crypto_digest fingerprint;

    if (claim_type(id) == CLAIM_TEXT)
        return claim->known && span_is(item->bytes, claim->text);
    for (size_t i = 0; claim->known && i < claim->n_items; i++) {
        struct span bytes = claim->items[i].bytes;

        if (claim->items[i].kind == CLAIM_ITEM_CERTIFICATE) {
            crypto_fingerprint(cli->crypto, bytes, &fingerprint);
            bytes = crypto_digest_span(&fingerprint);
        }
        if (span_equal(bytes, item->bytes))
            return true;
    }
    return false;
}

static size_t n_shown(struct cli *cli, const struct policy_value_list *lists,
                      const struct claims *claims)
{
    size_t n = 0;

    for (int id = 0; id < CLAIM_IDS; id++)
        for (size_t i = 0; i < lists[id].n_items; i++)
            n += shows_item(cli, &lists[id].items[i], &claims->claims[id], (enum claim_id)id);
    return n;
}

/* Between: it shows values of both, as after an update that was not carried through. */
static bool show_host(void *context, const char *name, struct span bundle, enum exit_status *status)
{
    static const char *const STATES[] = {"neither", "new", "old", "between"};
    struct showing *showing = context;
    struct appraisal *appraisal;
    const char *state = "unproven";
    enum exit_status ignored;
    size_t n_new = 0, n_old = 0;

    (void)status;
    if (proven_bundle(showing->cli, name, bundle, &appraisal, &ignored)) {
        n_new = n_shown(showing->cli, showing->values.accepted, &appraisal->claims);
        n_old = n_shown(showing->cli, showing->values.retired, &appraisal->claims);
        state = STATES[(n_new > 0) + 2 * (n_old > 0)];
    }
    showing->n_not_new += strcmp(state, "new") != 0;
    showing->n_with_old += n_old > 0;
    json_array_append_new(showing->hosts, json_pack("{s:s, s:s, s:I, s:I}", "host", name, "runs",
                                                    state, "n_accepted", (json_int_t)n_new,
                                                    "n_retired", (json_int_t)n_old));
    return true;
}

static void print_hosts(struct cli *cli, const json_t *hosts)
{
    static const char *const HEADS[] = {"HOST", "RUNS"};
    struct table table = table_begin(cli, HEADS, 2);
    const json_t *host;
    size_t i;

    json_array_foreach(hosts, i, host)
    {
        const char *runs = print_member(cli, host, "runs");

        table_add(&table, TALK_PLAIN, print_member(cli, host, "host"));
        table_add(&table, runs && strcmp(runs, "new") == 0 ? TALK_GOOD : TALK_WARN, runs);
    }
    table_print(&table);
}

/* Holds each host's last evidence against the document; showing->hosts is the caller's to drop. */
static bool hold_hosts(struct cli *cli, const struct binding *binding, struct showing *showing,
                       enum exit_status *status)
{
    struct update_fleet fleet = {.globs = print_member(cli, binding->object, "hosts"),
                                 .visit = show_host,
                                 .context = showing};
    struct span text;

    *showing = (struct showing){.cli = cli, .hosts = json_array()};
    *status = EXIT_INTERNAL;
    return fleet.globs && binding_text(cli, binding, &text, status) &&
           update_check_text(cli, binding->name, text, &showing->values, status) &&
           update_visit_hosts(cli, &fleet, status);
}

/* --- show --- */

static void print_shown(struct cli *cli, const struct binding *binding, const json_t *hosts)
{
    const char *state = state_of(cli, binding->object);

    printf("%s: %s\n", talk_printable(cli, binding->name),
           state ? state : "not accepted at this hour");
    print_hosts(cli, hosts);
}

enum exit_status update_show(struct cli *cli)
{
    struct showing showing;
    enum exit_status status;
    struct binding binding;

    if (!ask_announcement(cli, &binding, &status))
        return status;
    if (hold_hosts(cli, &binding, &showing, &status)) {
        status = showing.n_not_new ? EXIT_HOLDS_NOT : EXIT_HOLDS;
        if (cli->json) {
            json_t *object = talk_schema("update");

            put_state(cli, binding.object);
            json_object_set(object, "binding", binding.object);
            json_object_set(object, "hosts", showing.hosts);
            talk_json(object);
        } else {
            print_shown(cli, &binding, showing.hosts);
        }
    }
    json_decref(showing.hosts);
    binding_drop(&binding);
    return status;
}

/* --- finish --- */

static bool replaces_nothing(const struct policy_values *values)
{
    for (int id = 0; id < CLAIM_IDS; id++)
        if (values->retired[id].n_items)
            return false;
    return true;
}

static void name_old_hosts(struct cli *cli, const json_t *hosts)
{
    const json_t *host;
    size_t i;

    json_array_foreach(hosts, i, host)
    {
        if (json_integer_value(json_object_get(host, "n_retired")) > 0)
            fprintf(stderr,
                    "bootseal: %s still has the old: it will fail where a policy compares it\n",
                    print_member(cli, host, "host"));
    }
}

/* Whether the old can go: the update replaces something, and no host has that still or --force says
 * that it does not matter. */
static bool may_retire(struct cli *cli, const struct binding *binding, enum exit_status *status)
{
    bool force = cli->values[OPTION_FORCE], may = false;
    struct showing showing;

    if (hold_hosts(cli, binding, &showing, status)) {
        name_old_hosts(cli, showing.hosts);
        if (replaces_nothing(&showing.values)) {
            fprintf(stderr, "bootseal: the update names nothing that it replaces: finish it "
                            "without --retire\n");
            *status = EXIT_USAGE;
        } else if (showing.n_with_old && !force) {
            fprintf(stderr, "bootseal: nothing is changed: update these hosts first, or say "
                            "--force\n");
            *status = EXIT_HOLDS_NOT;
        } else {
            may = true;
        }
    }
    json_decref(showing.hosts);
    return may;
}

static json_t *finished(struct cli *cli, const struct binding *binding, bool retire)
{
    const char *reason = cli->values[OPTION_REASON];
    json_t *body = binding_body(binding);

    json_object_set_new(body, "mode", json_string(retire ? "retire" : "accept"));
    json_object_set_new(body, "until", json_null());
    json_object_set_new(body, "reason", json_string(reason ? reason : "finished update"));
    return body;
}

enum exit_status update_finish(struct cli *cli)
{
    bool retire = cli->values[OPTION_RETIRE], done;
    struct binding_change change = {.method = "PUT",
                                    .path = service_path(cli, "bindings", cli->arguments[0], "")};
    enum exit_status status;
    struct binding binding;
    json_t *bound;

    if (cli->values[OPTION_FORCE] && !retire) {
        fprintf(stderr, "bootseal: --force is for --retire: nothing else needs it\n");
        return EXIT_USAGE;
    }
    if (!ask_announcement(cli, &binding, &status))
        return status;
    done = !retire || may_retire(cli, &binding, &status);
    if (done) {
        change.body = finished(cli, &binding, retire);
        done = binding_change(cli, &binding, &change, &bound, &status);
    }
    binding_drop(&binding);
    if (!done)
        return status;
    if (bound)
        binding_say(cli, bound);
    return EXIT_HOLDS;
}
