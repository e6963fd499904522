/* bootseal component: which file, of which version of which package, stands behind a digest. Reads
 * what the operator names, prints what has which digest; decides nothing about it. */
#include "cli/component.h"

#include "base/text.h"
#include "claims/describe.h"
#include "cli/eventlog.h"
#include "msg/result_json.h"
#include "package/package.h"
#include "wire/event_type.h"

enum { DIGESTS_MAX = 64 };

struct wanted {
    struct crypto_digest digests[DIGESTS_MAX];
    size_t n_digests;
    struct measured_log log; /* when has_log */
    bool has_log;
    uint16_t algs[LIMIT_COMPONENT_ALGS];
    size_t n_algs;
};

static void want_alg(struct wanted *wanted, uint16_t alg)
{
    for (size_t i = 0; i < wanted->n_algs; i++)
        if (wanted->algs[i] == alg)
            return;
    wanted->algs[wanted->n_algs++] = alg;
}

/* The algorithms whose digests have this length: two for 32 bytes. */
static bool want_len(struct wanted *wanted, size_t len)
{
    static const uint16_t HASHES[LIMIT_COMPONENT_ALGS] = {
        TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512, TPM_ALG_SM3_256};
    bool found = false;

    for (size_t i = 0; i < LIMIT_COMPONENT_ALGS; i++)
        if (tpm_digest_len(HASHES[i]) == len) {
            want_alg(wanted, HASHES[i]);
            found = true;
        }
    return found;
}

/* --digest HEX[,HEX...]; without --bank a digest's length tells its algorithm. */
static bool read_digests(struct cli *cli, struct wanted *wanted, enum exit_status *status)
{
    const char *text = cli->values[OPTION_DIGEST];

    while (text) {
        const char *comma = strchr(text, ',');
        struct span hex = comma ? span_of(text, (size_t)(comma - text)) : span_text(text);
        struct crypto_digest *digest = &wanted->digests[wanted->n_digests];

        if (wanted->n_digests == DIGESTS_MAX ||
            !text_unhex(hex, digest->bytes, sizeof digest->bytes, &digest->len) ||
            (cli->values[OPTION_BANK] ? digest->len != tpm_digest_len(wanted->algs[0])
                                      : !want_len(wanted, digest->len))) {
            *status = talk_usage(cli, OPTION_DIGEST,
                                 "at most 64 digests in hexadecimal, of the length of a hash");
            return false;
        }
        wanted->n_digests++;
        text = comma ? comma + 1 : NULL;
    }
    return true;
}

static bool read_wanted(struct cli *cli, struct wanted *wanted, enum exit_status *status)
{
    uint16_t bank;

    if (!talk_bank(cli, &bank, status))
        return false;
    if (bank)
        want_alg(wanted, bank);
    if (!read_digests(cli, wanted, status))
        return false;
    if (cli->values[OPTION_EVENTLOG]) {
        if (!eventlog_load(cli, cli->values[OPTION_EVENTLOG], &wanted->log, status))
            return false;
        wanted->has_log = true;
        want_alg(wanted, wanted->log.bank);
    }
    if (wanted->n_algs == 0)
        want_alg(wanted, TPM_ALG_SHA256);
    return true;
}

static bool add_file(void *context, const struct component_file *file, struct error *error)
{
    return component_add_file(context, file, error);
}

static bool read_sources(struct cli *cli, const struct wanted *wanted, struct component_set *set,
                         enum exit_status *status)
{
    struct error error = {0};

    if (!component_set_init(set, cli->crypto, &cli->arena, wanted->algs, wanted->n_algs, &error)) {
        *status = talk_error(cli, NULL, &error);
        return false;
    }
    for (int i = 0; i < cli->n_arguments; i++)
        if (!package_read(cli->arguments[i], &cli->arena, add_file, set, &error)) {
            *status = talk_error(cli, NULL, &error); /* the message names the file */
            return false;
        }
    return true;
}

/* Every digest that was asked for. False when one of them is unknown. */
static bool answer_digests(struct cli *cli, const struct wanted *wanted,
                           const struct component_index *index, json_t *object)
{
    json_t *list = json_array();
    bool all = true;

    for (size_t i = 0; i < wanted->n_digests; i++) {
        struct span digest = crypto_digest_span(&wanted->digests[i]);
        char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];
        size_t n;
        const struct component_digest *const *found = component_index_find(index, digest, &n);

        all &= n > 0;
        if (cli->json) {
            json_array_append_new(list, json_pack("{s:o, s:o}", "digest", result_json_hex(digest),
                                                  "found", component_json_found(found, n)));
            continue;
        }
        text_hex_into(hex, digest);
        printf("%s\n", hex);
        component_print_found(cli, found, n);
    }
    json_object_set_new(object, "digests", list);
    return all;
}

static json_t *match_json(const struct measured_event *event, const struct component_match *match,
                          const char *name)
{
    return json_pack("{s:I, s:I, s:s, s:o, s:s, s:b, s:o}", "number",
                     (json_int_t)event->event.number, "pcr", (json_int_t)event->event.pcr, "type",
                     name, "digest", result_json_hex(event->digest), "coverage",
                     coverage_name(event->coverage), "decisive", match->decisive, "found",
                     component_json_found(match->found, match->n_found));
}

/* One event: what the log calls it, which nothing proves, and what it is. */
static bool answer_event(struct cli *cli, const struct measured_log *log,
                         const struct component_match *match, json_t *list, struct error *error)
{
    const struct measured_event *event = &log->events[match->event];
    const char *type = event_type_name(event->event.type);
    struct event_description words;
    char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];

    if (!event_describe(log, match->event, NULL, &cli->arena, &words, error))
        return false;
    if (cli->json) {
        json_t *object = match_json(event, match, type ? type : "");

        json_object_set_new(object, "called", json_string(words.component));
        json_object_set_new(object, "called_as", json_string(words.summary));
        json_object_set_new(object, "same_as_event",
                            match->is_in_log
                                ? json_integer(log->events[match->explained].event.number)
                                : json_null());
        json_array_append_new(list, object);
        return true;
    }
    text_hex_into(hex, event->digest);
    printf("%3u  %s  %s%s  called %s%s%s%s\n", event->event.number,
           eventlog_pcr_text(cli, log, event->event.pcr), hex, talk_color(cli, TALK_DIM),
           words.component, *words.summary ? ": " : "", words.summary, talk_color(cli, TALK_PLAIN));
    if (match->is_in_log)
        printf("     what event %u holds\n", log->events[match->explained].event.number);
    else
        component_print_found(cli, match->found, match->n_found);
    return true;
}

static bool answer_log(struct cli *cli, const struct wanted *wanted,
                       const struct component_index *index, json_t *object,
                       enum exit_status *status)
{
    struct component_matches matches;
    struct error error = {0};
    json_t *list = json_array();
    bool good;

    json_object_set_new(object, "events", list);
    good = component_match_log(index, &wanted->log, &cli->arena, &matches, &error);
    for (size_t i = 0; good && i < matches.n_matches; i++)
        good = answer_event(cli, &wanted->log, &matches.matches[i], list, &error);
    if (!good) {
        *status = talk_error(cli, cli->values[OPTION_EVENTLOG], &error);
        return false;
    }
    json_object_set_new(object, "unknown", json_integer((json_int_t)matches.n_unknown));
    if (!cli->json)
        printf("%zu measured components, %zu unknown in PCR 4, 9 and 11\n", matches.n_matches,
               matches.n_unknown);
    if (matches.n_unknown)
        *status = EXIT_HOLDS_NOT;
    return true;
}

static bool answer(struct cli *cli, const struct wanted *wanted, const struct component_set *set,
                   json_t *object, enum exit_status *status)
{
    struct component_index index;
    struct error error = {0};

    if (!wanted->n_digests && !wanted->has_log) {
        if (cli->json)
            json_object_set_new(object, "components", component_json_all(set));
        else
            component_print_all(cli, set);
        return true;
    }
    if (!component_index_build(set, &cli->arena, &index, &error)) {
        *status = talk_error(cli, NULL, &error);
        return false;
    }
    if (wanted->n_digests && !answer_digests(cli, wanted, &index, object))
        *status = EXIT_HOLDS_NOT;
    return !wanted->has_log || answer_log(cli, wanted, &index, object, status);
}

enum exit_status component_name(struct cli *cli)
{
    struct wanted wanted = {0};
    struct component_set set;
    enum exit_status status;
    json_t *object;

    if (!read_wanted(cli, &wanted, &status) || !read_sources(cli, &wanted, &set, &status))
        return status;
    object = talk_schema("component");
    status = EXIT_HOLDS;
    if (!answer(cli, &wanted, &set, object, &status) || !cli->json)
        json_decref(object);
    else
        talk_json(object);
    return status;
}
