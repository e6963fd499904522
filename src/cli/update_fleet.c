/* The service's hosts and their last evidence, one after the other.
 *
 * Memory for a host is given back before the next one: there may be many. Trusts the service for names
 * and verdicts; evidence proves itself. */
#include "cli/print.h"
#include "cli/service.h"
#include "cli/update.h"

#include <fnmatch.h>

bool update_is_meant(struct cli *cli, const char *globs, const char *name)
{
    while (*globs) {
        size_t len = strcspn(globs, ",");
        const char *glob = arena_text(&cli->arena, span_of(globs, len));

        if (glob && fnmatch(glob, name, FNM_NOESCAPE) == 0)
            return true;
        globs += len + (globs[len] == ',');
    }
    return false;
}

static bool is_sound(const char *verdict)
{
    return verdict && (strcmp(verdict, "trusted") == 0 || strcmp(verdict, "attention") == 0);
}

static void leave_out(struct update_fleet *fleet, const char *name, const char *why)
{
    fprintf(stderr, "bootseal: %s is left out: %s\n", name, why);
    fleet->n_left_out++;
}

static bool visit_host(struct cli *cli, struct update_fleet *fleet, const char *name,
                       enum exit_status *status)
{
    const struct service_request request = {.method = "GET",
                                            .path = service_path(cli, "hosts", name, "evidence"),
                                            .answer_cap = LIMIT_EVIDENCE_LEN};
    struct http_client_answer answer;

    if (!service_ask(cli, &request, &answer, status))
        return false;
    if (answer.status == 404) {
        leave_out(fleet, name, "it has not attested yet");
        return true;
    }
    if (answer.status >= 400)
        return service_do(cli, &request, &answer, status); /* says what is wrong */
    fleet->n_visited++;
    return fleet->visit(fleet->context, name, answer.body, status);
}

static bool take_host(struct cli *cli, struct update_fleet *fleet, const json_t *host,
                      enum exit_status *status)
{
    const char *name = print_member(cli, host, "name");
    const char *verdict = print_member(cli, host, "verdict");

    if (!name || !update_is_meant(cli, fleet->globs, name))
        return true;
    if (fleet->sound_only && !is_sound(verdict)) {
        leave_out(fleet, name, "it is not trusted now, and what it runs must not become accepted");
        return true;
    }
    return visit_host(cli, fleet, name, status);
}

static bool take_hosts(struct cli *cli, struct update_fleet *fleet, const json_t *page,
                       enum exit_status *status)
{
    const json_t *host;
    bool done = true;
    size_t i;

    json_array_foreach(json_object_get(page, "hosts"), i, host)
    {
        struct arena kept = cli->arena;

        cli->arena = arena_init(kept.cap);
        done = take_host(cli, fleet, host, status);
        arena_done(&cli->arena);
        cli->arena = kept;
        if (!done)
            break;
    }
    return done;
}

bool update_visit_hosts(struct cli *cli, struct update_fleet *fleet, enum exit_status *status)
{
    const char *next = NULL;
    bool done;

    do {
        const struct service_field fields[] = {{"limit", "500"}, {"after", next}};
        const struct service_request request = {
            .method = "GET", .path = service_query(cli, "/api/v1/hosts", fields, 2)};
        json_t *page;

        if (!service_json(cli, &request, &page, status))
            return false;
        done = take_hosts(cli, fleet, page, status);
        next = print_member(cli, page, "next");
        json_decref(page);
    } while (done && next);
    return done;
}
