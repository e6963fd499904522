/* bootseal policy test: what a draft would change in the fleet, before it counts.
 *
 * Reads the service's stream line by line (docs/policy.md), shows progress on a terminal, and gathers
 * changes of one kind. Trusts the service's numbers; its texts are made safe before they are shown. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/catalog.h"
#include "cli/policy.h"
#include "cli/print.h"
#include "cli/service.h"

enum {
    LINE_LEN_MAX = 4 * 1024 * 1024,
    NAMES_SHOWN = 5,
};

struct stream {
    struct cli *cli;
    char *line;
    size_t len, size;
    json_t *changes; /* one object for each kind of change, in the order of their coming */
    json_t *catalog; /* what the service says of a draft catalogue; NULL without one */
    json_t *summary; /* NULL until the end */
    const char *wrong;
    bool shows_progress;
};

/* --- Reading the stream --- */

static const char *member(struct stream *stream, const json_t *object, const char *name)
{
    return print_member(stream->cli, object, name);
}

/* Changes with the same verdicts and the same heaviest reason are one kind. */
static bool is_same_kind(struct stream *stream, const json_t *a, const json_t *b)
{
    static const char *const PARTS[] = {"code", "policy", "rule", "claim", "expected", "found"};
    const json_t *reason_a = json_array_get(json_object_get(a, "reasons"), 0);
    const json_t *reason_b = json_array_get(json_object_get(b, "reasons"), 0);
    bool same = json_equal(json_object_get(a, "from"), json_object_get(b, "from")) &&
                json_equal(json_object_get(a, "to"), json_object_get(b, "to"));

    (void)stream;
    for (size_t i = 0; same && i < sizeof PARTS / sizeof *PARTS; i++) {
        const json_t *part_a = json_object_get(reason_a, PARTS[i]);
        const json_t *part_b = json_object_get(reason_b, PARTS[i]);

        same = part_a == part_b || (part_a && part_b && json_equal(part_a, part_b));
    }
    return same;
}

static void take_change(struct stream *stream, json_t *change)
{
    json_t *names = json_object_get(change, "hosts"), *known;
    size_t i;

    json_array_foreach(stream->changes, i, known) if (is_same_kind(stream, known, change))
    {
        json_array_extend(json_object_get(known, "hosts"), names);
        return;
    }
    json_array_append(stream->changes, change);
}

static void show_progress(struct stream *stream, const json_t *progress)
{
    if (stream->shows_progress)
        fprintf(stderr, "\r%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " hosts tried ",
                json_integer_value(json_object_get(progress, "hosts_judged")),
                json_integer_value(json_object_get(progress, "hosts")));
}

static void take_line(struct stream *stream, const json_t *object)
{
    json_t *change = json_object_get(object, "change");
    const json_t *progress = json_object_get(object, "progress");

    if (change)
        take_change(stream, change);
    else if (progress)
        show_progress(stream, progress);
    else if (json_object_get(object, "catalog"))
        stream->catalog = json_incref(json_object_get(object, "catalog"));
    else if (json_object_get(object, "summary"))
        stream->summary = json_incref(json_object_get(object, "summary"));
    else if (json_object_get(object, "error"))
        stream->wrong = member(stream, object, "error");
}

static bool take_piece(void *context, struct span piece)
{
    struct stream *stream = context;

    for (size_t i = 0; i < piece.len; i++) {
        if (stream->len == stream->size) {
            size_t size = stream->size ? 2 * stream->size : 4096;
            char *grown = size <= LINE_LEN_MAX ? realloc(stream->line, size) : NULL;

            if (!grown)
                return false;
            stream->line = grown;
            stream->size = size;
        }
        stream->line[stream->len++] = (char)piece.data[i];
        if (piece.data[i] == '\n') {
            json_t *object = json_loadb(stream->line, stream->len, 0, NULL);

            stream->len = 0;
            if (!object)
                return false;
            take_line(stream, object);
            json_decref(object);
        }
    }
    return true;
}

/* --- Showing it --- */

static void print_change(struct stream *stream, const json_t *change)
{
    struct cli *cli = stream->cli;
    const json_t *names = json_object_get(change, "hosts"), *name;
    const json_t *reasons = json_object_get(change, "reasons");
    const char *from = member(stream, change, "from"), *to = member(stream, change, "to");
    size_t i, n_names = json_array_size(names);

    printf("\n%zu %s %s -> %s%s%s\n", n_names, n_names == 1 ? "host" : "hosts", from ? from : "-",
           talk_color(cli, print_verdict_color(to ? to : "")), to ? to : "-",
           talk_color(cli, TALK_PLAIN));
    print_reasons_json(cli, stdout, reasons);
    json_array_foreach(names, i, name)
    {
        const char *text = text_printable(&cli->arena, span_text(json_string_value(name)));

        if (i == NAMES_SHOWN)
            break;
        printf("%s%s", i ? ", " : "  hosts: ", text ? text : "-");
    }
    if (n_names > NAMES_SHOWN)
        printf(" and %zu more (--json names all)", n_names - NAMES_SHOWN);
    printf("\n");
}

static json_int_t number(const struct stream *stream, const char *name)
{
    return json_integer_value(json_object_get(stream->summary, name));
}

static void print_all(struct stream *stream)
{
    const json_t *change;
    size_t i;

    printf("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
           " hosts would get another verdict (%" JSON_INTEGER_FORMAT
           " distinct states tried in %.1f s)\n",
           number(stream, "changed"), number(stream, "hosts"), number(stream, "states"),
           (double)number(stream, "ms") / 1000);
    if (number(stream, "unjudged"))
        printf("%" JSON_INTEGER_FORMAT " hosts could not be tried: their evidence is not whole in "
               "the store, or no worker answered\n",
               number(stream, "unjudged"));
    json_array_foreach(stream->changes, i, change) print_change(stream, change);
}

/* The names of a change came in several lines: their number is counted when all are there. */
static void print_json(struct stream *stream)
{
    json_t *object = talk_schema("policy-test"), *change;
    size_t i;

    json_array_foreach(stream->changes, i, change) json_object_set_new(
        change, "n_hosts",
        json_integer((json_int_t)json_array_size(json_object_get(change, "hosts"))));
    if (stream->catalog)
        json_object_set(object, "catalog", stream->catalog);
    json_object_update(object, stream->summary);
    json_object_set(object, "changes", stream->changes);
    talk_json(object);
}

static enum exit_status conclude(struct stream *stream)
{
    if (stream->shows_progress)
        fprintf(stderr, "\r\033[K");
    if (!stream->summary) {
        fprintf(stderr, "bootseal: the trial ended early: %s\n",
                stream->wrong ? stream->wrong : "the service stopped");
        return EXIT_INTERNAL;
    }
    if (stream->catalog)
        fprintf(stderr,
                "Tried with %s as a draft: its signature, version and dates played no part.\n",
                member(stream, stream->catalog, "label"));
    if (stream->cli->json)
        print_json(stream);
    else
        print_all(stream);
    return number(stream, "changed") || number(stream, "unjudged") ? EXIT_HOLDS_NOT : EXIT_HOLDS;
}

/* --- The request --- */

/* The policy or update of the draft, with its reference values. */
static bool add_policy(struct cli *cli, json_t *draft, enum exit_status *status)
{
    struct talk_file *references;
    struct policy_position position;
    struct policy_values values;
    struct error error;
    struct span text;
    size_t n_references;
    bool is_update;
    json_t *texts;

    if (!talk_read(cli, cli->arguments[0], LIMIT_DOCUMENT_LEN, &text, status) ||
        !talk_read_files(cli, OPTION_REFERENCES, LIMIT_DOCUMENT_LEN, &references, &n_references,
                         status))
        return false;
    is_update = policy_values_check(text, &cli->arena, &values, &position, &error) &&
                values.is_update;
    json_object_set_new(draft, is_update ? "update" : "policy",
                        json_stringn((const char *)text.data, text.len));
    texts = n_references ? json_array() : NULL;
    for (size_t i = 0; i < n_references; i++)
        json_array_append_new(
            texts, json_stringn((const char *)references[i].bytes.data, references[i].bytes.len));
    if (texts)
        json_object_set_new(draft, "references", texts);
    return true;
}

static bool add_catalog(struct cli *cli, json_t *draft, enum exit_status *status)
{
    struct catalog_file file;

    if (!catalog_file_read(cli, cli->values[OPTION_CATALOG], &file, status))
        return false;
    json_object_set_new(draft, "catalog",
                        json_stringn((const char *)file.text.data, file.text.len));
    return true;
}

/* The draft as the service takes it, which compiles it: only there stand the reference values of the
 * binding. NULL after having said what is wrong. */
static json_t *make_draft(struct cli *cli, enum exit_status *status)
{
    json_t *draft = json_object();

    if (cli->n_arguments == 0 && !cli->values[OPTION_CATALOG])
        *status = talk_usage(cli, OPTION_CATALOG,
                             "a draft to try: a policy or an update as FILE, "
                             "or a catalogue");
    else if ((cli->n_arguments == 0 || add_policy(cli, draft, status)) &&
             (!cli->values[OPTION_CATALOG] || add_catalog(cli, draft, status))) {
        if (cli->values[OPTION_BINDING])
            json_object_set_new(draft, "binding", json_string(cli->values[OPTION_BINDING]));
        if (cli->values[OPTION_HOSTS])
            json_object_set_new(draft, "hosts", json_string(cli->values[OPTION_HOSTS]));
        return draft;
    }
    json_decref(draft);
    return NULL;
}

enum exit_status policy_test(struct cli *cli)
{
    struct stream stream = {
        .cli = cli, .changes = json_array(), .shows_progress = !cli->json && isatty(STDERR_FILENO)};
    struct service_request request = {.method = "POST",
                                      .path = "/api/v1/policy/test",
                                      .content_type = "application/json",
                                      .take = take_piece,
                                      .take_context = &stream};
    struct http_client_answer answer;
    enum exit_status status;
    json_t *draft = make_draft(cli, &status);
    char *body = draft ? json_dumps(draft, JSON_COMPACT) : NULL;

    if (body) {
        request.body = span_text(body);
        if (service_do(cli, &request, &answer, &status))
            status = conclude(&stream);
    }
    free(body);
    free(stream.line);
    json_decref(draft);
    json_decref(stream.changes);
    json_decref(stream.catalog);
    json_decref(stream.summary);
    return status;
}
