/* One change of a binding, from what a request asks for to a revision in force.
 *
 * A change says which revision it has seen; a worker reads the policy with its reference values
 * before anything is written; the audit record is in the same transaction. */
#ifndef BOOTSEAL_SERVER_BINDING_EDIT_H
#define BOOTSEAL_SERVER_BINDING_EDIT_H

#include "server/exchange.h"

struct binding_edit {
    struct exchange *exchange;
    const char *what;            /* of the audit record: "binding.put"... */
    uint64_t expected;           /* as store_act_binding_put */
    uint64_t newest;             /* revision of any mode; 0: there was none */
    struct store_binding before; /* the newest; of no mode when there was none */
    struct store_binding wanted; /* texts live as long as the request */
};

/* A change of the binding that the path names, with the revision that the request has seen compared
 * with what is there. NULL after having answered: 428, 412, or 404 for a new one when `exists`. */
struct binding_edit *binding_edit_start(struct exchange *exchange, const char *what, bool exists);

/* Fills in edit->wanted from the body of a PUT; false after having answered. */
bool binding_edit_read(struct binding_edit *edit, const json_t *body) MUST_CHECK;

/* Takes `reason` when it can be kept, or "" for NULL; false after having answered. */
bool binding_edit_reason(struct binding_edit *edit, const char *reason) MUST_CHECK;

/* The same of "reason" in a body, or else `otherwise`. */
bool binding_edit_read_reason(struct binding_edit *edit, const json_t *body,
                              const char *otherwise) MUST_CHECK;

/* Checks edit->wanted with a worker, writes it, puts it in force and answers it. What is so already is
 * answered and not written. */
void binding_edit_finish(struct binding_edit *edit);

/* A binding for people: its documents by name, times, and whether it holds now. NULL after having
 * answered. */
json_t *binding_json(struct exchange *exchange, const struct store_binding *binding);

/* True when it is in force and its time has come and not ended. */
bool binding_holds(const struct store_binding *binding, int64_t now_s);

/* True when the transaction that puts a binding was done; false after having answered why not. */
bool binding_written(struct exchange *exchange, const struct store_outcome *outcome) MUST_CHECK;

/* Answers one binding with its revision as ETag. */
void binding_answer(struct exchange *exchange, int status, const struct store_binding *binding);

#endif
