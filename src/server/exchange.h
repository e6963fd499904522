/* One request with what the front knows about it, and the ways to answer.
 *
 * Owns nothing: everything lives in the request's arena. Every problem has a line in problems.def
 * or is a finding's code. */
#ifndef BOOTSEAL_SERVER_EXCHANGE_H
#define BOOTSEAL_SERVER_EXCHANGE_H

#include <jansson.h>

#include "base/reason.h"
#include "http/http_server.h"
#include "server/calls.h"
#include "store/store.h"

struct front;
struct route;

struct exchange {
    struct front *front;
    struct http_request *request;
    const struct route *route;
    const char *parameter; /* the path's {}, decoded; NULL without */
    const char *who;       /* name of the token; NULL on open routes */
};

enum problem {
    PROBLEM_NONE = 0,
#define PROBLEM(symbol, status, code, title) PROBLEM_##symbol,
#include "server/problems.def"
#undef PROBLEM
    PROBLEMS
};

/* Memory for as long as the request lives. */
struct arena *exchange_arena(const struct exchange *exchange);

/* Answers the problem; detail is printf-like, or NULL. Ends the exchange. */
void exchange_problem(struct exchange *exchange, enum problem problem, const char *detail, ...)
    PRINTF_LIKE(3, 4);

/* Answers a finding as a problem: its code, title, what was expected and found. */
void exchange_refuse(struct exchange *exchange, int status, const struct reason *reason);

/* Answers an error of ours: the caller cannot do anything about it; the log has the details. */
void exchange_fail(struct exchange *exchange, const char *event, const struct error *error);

/* As exchange_fail for a list: a cursor that the store does not know (ERROR_USAGE) is the caller's. */
void exchange_fail_list(struct exchange *exchange, const char *event, const struct error *error);

/* Answers what a process of ours did not do. */
void exchange_call_failed(struct exchange *exchange, enum call_result result);

/* Answers 200 (or another status) with JSON; takes the reference. NULL is PROBLEM_INTERNAL. */
void exchange_json(struct exchange *exchange, int status, json_t *body);

/* Answers bytes, which are copied. */
void exchange_bytes(struct exchange *exchange, const char *content_type, struct span body);

/* Problem object with members of its own (RFC 9457 section 3.2) beside the usual; takes the
 * reference. */
void exchange_problem_with(struct exchange *exchange, enum problem problem, const char *detail,
                           json_t *members);

/* The revision that the request has seen: its If-Match with an ETag of ours, or 0 for If-None-Match: *; "*"
 * names no revision. False after having answered the problem. */
bool exchange_expected(struct exchange *exchange, enum problem problem,
                       uint64_t *expected) MUST_CHECK;

/* Answers that an operator's document is wrong, with its source, line and column. */
struct work_check_answer;
void exchange_document_invalid(struct exchange *exchange, const struct work_check_answer *answer);

/* Answers that a catalogue's text is wrong, with line and column. */
struct work_catalog_answer;
void exchange_catalog_invalid(struct exchange *exchange, const struct work_catalog_answer *answer);

/* The body as a JSON object, or an empty object without body; NULL after having answered a
 * problem. The caller decrefs. */
json_t *exchange_body_json(struct exchange *exchange);

/* "limit" of the query within 1-500, 50 without one; 0 after having answered a problem. */
size_t exchange_limit(struct exchange *exchange);

/* "2026-01-31T23:59:59Z" or null for 0. */
json_t *exchange_time(int64_t unix_s);

/* An audit record of this exchange into txn: who, from where, what, on what. */
void exchange_audit(struct exchange *exchange, struct store_txn *txn, const char *what,
                    const char *subject, const char *detail);

#endif
