/* Bindings for people: which document holds for which hosts, what it was before, and back to that. */
#include "server/binding_edit.h"
#include "server/front.h"
#include "server/routes.h"

enum { LIST_ARENA_LEN = 64 * 1024 * 1024 };

static void answer_list(struct exchange *exchange, const char *schema, const char *member,
                        const struct store_binding *bindings, size_t n_bindings)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n_bindings; i++) {
        json_t *object = binding_json(exchange, &bindings[i]);

        if (!object) {
            json_decref(list);
            return;
        }
        json_array_append_new(list, object);
    }
    exchange_json(exchange, 200, json_pack("{s:s, s:o}", "schema", schema, member, list));
}

void route_bindings_list(struct exchange *exchange)
{
    struct arena arena = arena_init(LIST_ARENA_LEN);
    struct store_binding *bindings;
    size_t n_bindings;
    struct error error;

    if (store_binding_list(exchange->front->store, &arena, &bindings, &n_bindings, &error))
        answer_list(exchange, "bootseal.bindings.v1", "bindings", bindings, n_bindings);
    else
        exchange_fail(exchange, "bindings.list", &error);
    arena_done(&arena);
}

void route_bindings_history(struct exchange *exchange)
{
    struct arena arena = arena_init(LIST_ARENA_LEN);
    struct store_binding *bindings;
    size_t n_bindings;
    struct error error;

    if (!store_binding_history(exchange->front->store, exchange->parameter, &arena, &bindings,
                               &n_bindings, &error))
        exchange_fail(exchange, "bindings.history", &error);
    else if (exchange->parameter && n_bindings == 0)
        exchange_problem(exchange, PROBLEM_BINDING_UNKNOWN, NULL);
    else
        answer_list(exchange, "bootseal.binding-history.v1", "revisions", bindings, n_bindings);
    arena_done(&arena);
}

void route_bindings_show(struct exchange *exchange)
{
    struct store_binding binding;
    struct error error;
    bool found;

    if (!store_binding_get(exchange->front->store, exchange->parameter, 0, exchange_arena(exchange),
                           &binding, &found, &error))
        exchange_fail(exchange, "bindings.show", &error);
    else if (!found || binding.mode == STORE_BINDING_REMOVED)
        exchange_problem(exchange, PROBLEM_BINDING_UNKNOWN, NULL);
    else
        binding_answer(exchange, 200, &binding);
}

void route_bindings_put(struct exchange *exchange)
{
    struct binding_edit *edit = binding_edit_start(exchange, "binding.put", false);
    json_t *body = edit ? exchange_body_json(exchange) : NULL;

    if (body && binding_edit_read(edit, body))
        binding_edit_finish(edit);
    json_decref(body);
}

void route_bindings_remove(struct exchange *exchange)
{
    /* Read first: when the edit cannot start, the request has been answered and is gone. */
    const char *reason = http_request_query_value(exchange->request, "reason",
                                                  exchange_arena(exchange));
    struct binding_edit *edit = binding_edit_start(exchange, "binding.remove", true);

    if (!edit || !binding_edit_reason(edit, reason))
        return;
    edit->wanted.mode = STORE_BINDING_REMOVED;
    binding_edit_finish(edit);
}

/* The revision to go back to: the one that is named, or the last before the newest that bound
 * something. False after having answered. */
static bool read_earlier(struct binding_edit *edit, uint64_t named, struct store_binding *earlier)
{
    struct exchange *exchange = edit->exchange;
    uint64_t revision = named ? named : edit->newest - 1;
    struct error error;
    bool found = false;

    for (; revision > 0; revision--) {
        if (!store_binding_get(exchange->front->store, exchange->parameter, revision,
                               exchange_arena(exchange), earlier, &found, &error)) {
            exchange_fail(exchange, "bindings.rollback", &error);
            return false;
        }
        found = found && earlier->mode != STORE_BINDING_REMOVED;
        if (found || named)
            break;
    }
    if (!found)
        exchange_problem(exchange, PROBLEM_BINDING_UNKNOWN,
                         named ? "that revision bound nothing" : "there is no earlier revision");
    return found;
}

static void go_back(struct binding_edit *edit, const json_t *body)
{
    const json_t *revision = json_object_get(body, "revision");
    size_t n_known = (revision != NULL) + (json_object_get(body, "reason") != NULL);
    struct store_binding earlier;

    if ((revision && json_integer_value(revision) < 1) || json_object_size(body) != n_known) {
        exchange_problem(edit->exchange, PROBLEM_FIELD_INVALID,
                         "revision: a number from 1; reason; and nothing else");
        return;
    }
    if (edit->newest == 0) {
        exchange_problem(edit->exchange, PROBLEM_BINDING_UNKNOWN, NULL);
        return;
    }
    if (!read_earlier(edit, (uint64_t)json_integer_value(revision), &earlier))
        return;
    edit->wanted.mode = earlier.mode;
    edit->wanted.hosts = earlier.hosts;
    memcpy(edit->wanted.document, earlier.document, sizeof earlier.document);
    edit->wanted.references = earlier.references;
    edit->wanted.n_references = earlier.n_references;
    edit->wanted.from_s = earlier.from_s;
    edit->wanted.until_s = earlier.until_s;
    if (binding_edit_read_reason(edit, body,
                                 arena_printf(exchange_arena(edit->exchange),
                                              "back to revision %llu",
                                              (unsigned long long)earlier.revision)))
        binding_edit_finish(edit);
}

void route_bindings_rollback(struct exchange *exchange)
{
    struct binding_edit *edit = binding_edit_start(exchange, "binding.rollback", false);
    json_t *body = edit ? exchange_body_json(exchange) : NULL;

    if (body)
        go_back(edit, body);
    json_decref(body);
}
