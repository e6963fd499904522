#include "server/exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "log/log.h"
#include "os/clock.h"
#include "server/front.h"
#include "server/routes.h"
#include "server/work_message.h"

enum { RETRY_S = 2, LIST_LIMIT = 50, LIST_LIMIT_MAX = 500, ETAG_LEN_MAX = 16 };

static const struct {
    int status;
    const char *code, *title;
} TABLE[PROBLEMS] = {
#define PROBLEM(symbol, problem_status, problem_code, problem_title)                               \
    [PROBLEM_##symbol] = {problem_status, problem_code, problem_title},
#include "server/problems.def"
#undef PROBLEM
};

struct arena *exchange_arena(const struct exchange *exchange)
{
    return http_request_arena(exchange->request);
}

static void answer_problem(struct exchange *exchange, enum problem problem, const char *detail)
{
    struct http_problem answer = {.status = TABLE[problem].status,
                                  .code = TABLE[problem].code,
                                  .title = TABLE[problem].title,
                                  .detail = detail};

    if (answer.status == 503 || answer.status == 429)
        answer.retry_after_s = RETRY_S;
    if (answer.status == 401)
        http_answer_header(exchange->request, "WWW-Authenticate", "Bearer");
    http_problem(exchange->request, &answer);
}

void exchange_problem(struct exchange *exchange, enum problem problem, const char *detail, ...)
{
    char text[512];
    va_list arguments;

    if (!detail) {
        answer_problem(exchange, problem, NULL);
        return;
    }
    va_start(arguments, detail);
    vsnprintf(text, sizeof text, detail, arguments);
    va_end(arguments);
    answer_problem(exchange, problem, text);
}

void exchange_refuse(struct exchange *exchange, int status, const struct reason *reason)
{
    char detail[1024];
    struct http_problem answer = {.status = status,
                                  .code = reason_code_text(reason->code),
                                  .title = reason_title(reason->code),
                                  .detail = detail};

    snprintf(detail, sizeof detail, "%s%s%s%s%s%s%s",
             reason->message ? reason->message : reason_action(reason->code),
             reason->expected ? " (expected " : "", reason->expected ? reason->expected : "",
             reason->expected && reason->found ? ", " : "", reason->found ? "found " : "",
             reason->found ? reason->found : "", reason->expected ? ")" : "");
    http_problem(exchange->request, &answer);
}

void exchange_fail(struct exchange *exchange, const char *event, const struct error *error)
{
    char text[256];

    log_error(event, log_text(LOG_REQUEST, http_request_id(exchange->request)),
              log_text(LOG_ERROR, error_print(error, text, sizeof text)));
    answer_problem(exchange, PROBLEM_INTERNAL, NULL);
}

void exchange_fail_list(struct exchange *exchange, const char *event, const struct error *error)
{
    if (error->code == ERROR_USAGE)
        exchange_problem(exchange, PROBLEM_QUERY_INVALID, "before: %s", error->message);
    else
        exchange_fail(exchange, event, error);
}

void exchange_call_failed(struct exchange *exchange, enum call_result result)
{
    if (result == CALL_LOST)
        answer_problem(exchange, PROBLEM_WORKER_LOST, NULL);
    else if (result == CALL_TIMEOUT)
        answer_problem(exchange, PROBLEM_WORKER_TIMEOUT, NULL);
    else
        answer_problem(exchange, PROBLEM_WORKER_BUSY, NULL);
}

static void answer_json(struct exchange *exchange, int status, const char *content_type,
                        json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

    json_decref(body);
    if (!text) {
        answer_problem(exchange, PROBLEM_INTERNAL, NULL);
        return;
    }
    http_answer(exchange->request, status, content_type, span_text(text));
    free(text);
}

void exchange_json(struct exchange *exchange, int status, json_t *body)
{
    answer_json(exchange, status, "application/json", body);
}

void exchange_bytes(struct exchange *exchange, const char *content_type, struct span body)
{
    http_answer(exchange->request, 200, content_type, body);
}

void exchange_problem_with(struct exchange *exchange, enum problem problem, const char *detail,
                           json_t *members)
{
    json_t *body = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "type", "about:blank", "title",
                             TABLE[problem].title, "status", TABLE[problem].status, "code",
                             TABLE[problem].code, "detail", detail, "request_id",
                             http_request_id(exchange->request));

    if (body && members)
        json_object_update(body, members);
    json_decref(members);
    answer_json(exchange, TABLE[problem].status, "application/problem+json", body);
}

json_t *exchange_body_json(struct exchange *exchange)
{
    struct span body = http_request_body(exchange->request);
    json_error_t wrong;
    json_t *object;

    if (body.len == 0)
        return json_object();
    object = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &wrong);
    if (json_is_object(object))
        return object;
    exchange_problem(exchange, PROBLEM_BODY_MALFORMED, "line %d, column %d: %s",
                     object ? 1 : wrong.line, object ? 1 : wrong.column,
                     object ? "an object is expected" : wrong.text);
    json_decref(object);
    return NULL;
}

size_t exchange_limit(struct exchange *exchange)
{
    const char *text = http_request_query_value(exchange->request, "limit",
                                                exchange_arena(exchange));
    char *end;
    unsigned long limit;

    if (!text)
        return LIST_LIMIT;
    limit = strtoul(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && limit >= 1 && limit <= LIST_LIMIT_MAX)
        return limit;
    exchange_problem(exchange, PROBLEM_QUERY_INVALID, "limit is a number from 1 to %d",
                     LIST_LIMIT_MAX);
    return 0;
}

json_t *exchange_time(int64_t unix_s)
{
    char text[OS_TIME_TEXT_LEN];

    return unix_s ? json_string(os_time_print(unix_s, text)) : json_null();
}

void exchange_audit(struct exchange *exchange, struct store_txn *txn, const char *what,
                    const char *subject, const char *detail)
{
    struct store_audit audit = {.at_us = os_now_us(),
                                .who = exchange->who ? exchange->who : "host",
                                .what = what,
                                .subject = subject,
                                .detail = detail ? detail : "",
                                .address = http_request_address(exchange->request)};

    store_act_audit(txn, &audit);
}

bool exchange_expected(struct exchange *exchange, enum problem problem, uint64_t *expected)
{
    const char *match = http_request_header(exchange->request, "If-Match");
    const char *none = http_request_header(exchange->request, "If-None-Match");
    char *end;

    if (!match && none && strcmp(none, "*") == 0) {
        *expected = 0;
        return true;
    }
    if (match && !none && match[0] == '"' && match[1] >= '1' && match[1] <= '9' &&
        strlen(match) < ETAG_LEN_MAX) {
        *expected = strtoull(match + 1, &end, 10);
        if (strcmp(end, "\"") == 0)
            return true;
    }
    exchange_problem(exchange, problem,
                     "send If-Match with the ETag that a GET gave, or If-None-Match: * where there "
                     "is none yet");
    return false;
}

/* "line 3, column 1: ..." in the request's memory. */
static const char *say_place(struct exchange *exchange, uint64_t line, uint64_t column,
                             struct span words)
{
    char *message = arena_text(exchange_arena(exchange), words);
    char *detail = arena_printf(exchange_arena(exchange), "line %u, column %u: %s", (unsigned)line,
                                (unsigned)column, message ? message : "");

    return detail ? detail : "";
}

void exchange_document_invalid(struct exchange *exchange, const struct work_check_answer *answer)
{
    exchange_problem_with(exchange, PROBLEM_POLICY_INVALID,
                          say_place(exchange, answer->line, answer->column, answer->message),
                          json_pack("{s:I, s:I, s:I}", "source", (json_int_t)answer->source, "line",
                                    (json_int_t)answer->line, "column",
                                    (json_int_t)answer->column));
}

void exchange_catalog_invalid(struct exchange *exchange, const struct work_catalog_answer *answer)
{
    exchange_problem_with(exchange, PROBLEM_CATALOG_INVALID,
                          say_place(exchange, answer->line, answer->column, answer->message),
                          json_pack("{s:I, s:I}", "line", (json_int_t)answer->line, "column",
                                    (json_int_t)answer->column));
}
