/* Bindings of a service, as the policy commands see and change them. */
#ifndef BOOTSEAL_CLI_BINDING_H
#define BOOTSEAL_CLI_BINDING_H

#include "cli/policy.h"
#include "cli/service.h"

/* The name that is meant when none is given. */
extern const char BINDING_DEFAULT[];

/* One as the service has it now. */
struct binding {
    const char *name;
    json_t *object;   /* NULL: there is none; dropped by binding_drop */
    const char *etag; /* of this revision */
};

/* Asks for it. None at all is true, with object NULL, unless `must`. */
bool binding_ask(struct cli *cli, const char *name, bool must, struct binding *binding,
                 enum exit_status *status) MUST_CHECK;
void binding_drop(struct binding *binding);

/* The document that it names: "policy" or "update", and its text. */
bool binding_text(struct cli *cli, const struct binding *binding, struct span *text,
                  enum exit_status *status) MUST_CHECK;

/* The texts of its reference values, in their order. */
bool binding_references(struct cli *cli, const struct binding *binding, struct span **texts,
                        size_t *n_texts, enum exit_status *status) MUST_CHECK;

/* One change, which says that it is of this revision: PUT, or what method and act say, with a body
 * whose reference is taken (NULL: none). The binding as it is then is in *changed; NULL with --json,
 * where the answer has been printed. */
struct binding_change {
    const char *method; /* "PUT", "DELETE", "POST" */
    const char *path;
    json_t *body;
};
bool binding_change(struct cli *cli, const struct binding *binding,
                    const struct binding_change *change, json_t **changed,
                    enum exit_status *status) MUST_CHECK;

/* What of the binding is to be said again in a PUT. */
json_t *binding_body(const struct binding *binding);

/* Says on stdout what is bound now, and drops it. */
void binding_say(struct cli *cli, json_t *changed);

/* The option's value as a time, of that form or so far from now; likewise. */
json_t *binding_time(struct cli *cli, enum cli_option option, enum exit_status *status);

/* --until as a time, JSON null for "never"; NULL after having said what is wrong. */
json_t *binding_until(struct cli *cli, enum exit_status *status);

#endif
