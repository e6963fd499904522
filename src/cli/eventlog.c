/* bootseal eventlog show, replay, claims. Reads logs, prints what they say; decides nothing. */
#include "cli/eventlog.h"

#include "base/text.h"
#include "claims/describe.h"
#include "claims/quirks.h"
#include "cli/print.h"
#include "cli/secureboot.h"
#include "msg/result_json.h"
#include "verify/systemd_measurements.h"
#include "wire/cbor.h"
#include "wire/event_type.h"
#include "wire/systemd_log.h"

#include <stdlib.h>

static bool choose_bank(struct cli *cli, const char *path, struct span bytes, uint16_t *alg,
                        enum exit_status *status)
{
    static const uint16_t PREFERRED[] = {TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512,
                                         TPM_ALG_SM3_256, TPM_ALG_SHA1};
    struct eventlog log;
    struct error error = {0};

    if (!talk_bank(cli, alg, status))
        return false;
    if (*alg)
        return true;
    if (!eventlog_open(&log, bytes, &error)) {
        *status = talk_error(cli, path, &error);
        return false;
    }
    for (size_t i = 0; i < sizeof PREFERRED / sizeof *PREFERRED; i++)
        for (size_t k = 0; k < log.n_banks; k++)
            if (log.banks[k].alg == PREFERRED[i]) {
                *alg = PREFERRED[i];
                return true;
            }
    error_plain(&error, ERROR_UNSUPPORTED, "the log carries no bank with a known hash");
    *status = talk_error(cli, path, &error);
    return false;
}

bool eventlog_measure(struct cli *cli, const char *path, struct span bytes,
                      struct measured_log *log, enum exit_status *status)
{
    struct error error = {0};
    uint16_t alg;

    if (!choose_bank(cli, path, bytes, &alg, status))
        return false;
    if (measured_log_read(cli->crypto, bytes, alg, &cli->arena, log, &error))
        return true;
    *status = talk_error(cli, path, &error);
    return false;
}

bool eventlog_is_bundle(struct span bytes)
{
    return bytes.len && bytes.data[0] >> 5 == CBOR_MAP;
}

/* The logs of one boot, and the files that they come from. */
struct boot_logs {
    const char *path, *systemd_path;
    struct evidence evidence; /* all zero when path is no bundle */
    struct span tcg;
    struct span launch;  /* of a dynamic launch; empty when there is none */
    struct span systemd; /* likewise */
};

struct span eventlog_bundled(const struct evidence *evidence, enum evidence_log_kind kind)
{
    const struct evidence_log *log = evidence_find_log(evidence, kind);

    return log && log->has_bytes ? log->bytes : (struct span){0};
}

static bool take_bundled(struct cli *cli, struct boot_logs *logs, enum exit_status *status)
{
    struct error error = {0};

    if (evidence_decode(logs->tcg, &cli->arena, &logs->evidence, &error)) {
        logs->launch = eventlog_bundled(&logs->evidence, EVIDENCE_LOG_DRTM);
        logs->systemd = eventlog_bundled(&logs->evidence, EVIDENCE_LOG_SYSTEMD);
        logs->tcg = eventlog_bundled(&logs->evidence, EVIDENCE_LOG_TCG);
        if (logs->tcg.len)
            return true;
        error_plain(&error, ERROR_NOT_FOUND, "the bundle holds no event log");
    }
    *status = talk_error(cli, logs->path, &error);
    return false;
}

/* The log in bytes, or that of the bundle there; and systemd's of --systemd-log, or of the bundle. */
static bool take_logs(struct cli *cli, const char *path, struct span bytes, struct boot_logs *logs,
                      enum exit_status *status)
{
    const char *systemd_path = cli->values[OPTION_SYSTEMD_LOG];

    *logs = (struct boot_logs){
        .path = path, .systemd_path = systemd_path ? systemd_path : path, .tcg = bytes};
    if (eventlog_is_bundle(bytes) && !take_bundled(cli, logs, status))
        return false;
    return !systemd_path ||
           talk_read(cli, systemd_path, LIMIT_SYSTEMD_LOG_LEN, &logs->systemd, status);
}

static bool read_logs(struct cli *cli, const char *path, struct boot_logs *logs,
                      enum exit_status *status)
{
    struct span bytes;

    return talk_read(cli, path, LIMIT_EVIDENCE_LEN, &bytes, status) &&
           take_logs(cli, path, bytes, logs, status);
}

bool eventlog_continue(struct cli *cli, const char *path, struct span systemd_log,
                       struct measured_log *log, enum exit_status *status)
{
    struct error error = {0};

    if (systemd_log.len == 0 ||
        systemd_measurements_append(cli->crypto, systemd_log, &cli->arena, log, &error))
        return true;
    *status = talk_error(cli, path, &error);
    return false;
}

static bool measure_logs(struct cli *cli, const struct boot_logs *logs, struct measured_log *log,
                         enum exit_status *status)
{
    const struct measured_addition launch = {
        .kind = EVIDENCE_LOG_DRTM, .pcrs = EVENT_PCRS_DRTM, .log = logs->launch};
    struct error error = {0};

    if (!eventlog_measure(cli, logs->path, logs->tcg, log, status))
        return false;
    if (launch.log.len && !measured_log_append(cli->crypto, &launch, &cli->arena, log, &error)) {
        *status = talk_error(cli, logs->path, &error);
        return false;
    }
    return eventlog_continue(cli, logs->systemd_path, logs->systemd, log, status);
}

bool eventlog_load_bytes(struct cli *cli, const char *path, struct span bytes,
                         struct measured_log *log, struct evidence *evidence,
                         enum exit_status *status)
{
    struct boot_logs logs;

    if (!take_logs(cli, path, bytes, &logs, status) || !measure_logs(cli, &logs, log, status))
        return false;
    *evidence = logs.evidence;
    return true;
}

bool eventlog_load_evidence(struct cli *cli, const char *path, struct measured_log *log,
                            struct evidence *evidence, enum exit_status *status)
{
    struct span bytes;

    return talk_read(cli, path, LIMIT_EVIDENCE_LEN, &bytes, status) &&
           eventlog_load_bytes(cli, path, bytes, log, evidence, status);
}

bool eventlog_load(struct cli *cli, const char *path, struct measured_log *log,
                   enum exit_status *status)
{
    struct evidence evidence;

    return eventlog_load_evidence(cli, path, log, &evidence, status);
}

/* "EV_SEPARATOR", or "0x00000099" for a type that the table does not have; in the arena. */
static const char *type_text(struct cli *cli, uint32_t type)
{
    const char *name = type == MEASURED_NO_TYPE ? "systemd" : event_type_name(type);

    return name ? name : arena_printf(&cli->arena, "0x%08x", type);
}

const char *eventlog_pcr_text(struct cli *cli, const struct measured_log *log, uint32_t pcr)
{
    if (log->measurement_registers)
        return arena_printf(&cli->arena, "MR %u", pcr);
    if (pcr >= LIMIT_PCRS)
        return "no PCR";
    return arena_printf(&cli->arena, "PCR %u", pcr);
}

/* --pcr 4,7 as a mask; every PCR and also events of none when it is not given. */
static bool wanted_pcrs(struct cli *cli, uint32_t *mask, enum exit_status *status)
{
    const char *text = cli->values[OPTION_PCR];

    *mask = UINT32_MAX;
    if (!text)
        return true;
    *mask = 0;
    do {
        char *end;
        unsigned long pcr = strtoul(text, &end, 10);
        if (end == text || pcr >= LIMIT_PCRS || (*end && *end != ',')) {
            *status = talk_usage(cli, OPTION_PCR, "a list of PCRs 0-23, such as 4,7");
            return false;
        }
        *mask |= UINT32_C(1) << pcr;
        text = *end ? end + 1 : end;
    } while (*text);
    return true;
}

static bool is_wanted(uint32_t mask, uint32_t pcr)
{
    return pcr < LIMIT_PCRS ? mask >> pcr & 1 : mask == UINT32_MAX;
}

static json_t *quirks_json(quirk_set quirks)
{
    json_t *names = json_array();

    for (int i = 0; i < QUIRKS; i++)
        if (quirks >> i & 1)
            json_array_append_new(names, json_string(quirk_text((enum quirk)i)->name));
    return names;
}

static void print_quirks(struct cli *cli, quirk_set quirks)
{
    for (int i = 0; i < QUIRKS; i++)
        if (quirks >> i & 1)
            printf("     %squirk %s: %s%s\n", talk_color(cli, TALK_DIM),
                   quirk_text((enum quirk)i)->name, quirk_text((enum quirk)i)->deviation,
                   talk_color(cli, TALK_PLAIN));
}

/* The records at a depth, from *at on, with what each container holds. */
static json_t *records_json(const struct event_records *records, size_t *at, size_t depth)
{
    json_t *array = json_array();

    while (*at < records->n_records && records->records[*at].depth == depth) {
        const struct event_record *record = &records->records[(*at)++];
        char id[12];
        json_t *object;

        snprintf(id, sizeof id, "0x%08x", record->id);
        object = json_pack("{s:s, s:s, s:s?, s:b, s:s?}", "id", id, "name", record->name, "meaning",
                           record->meaning, "measured", record->measured, "value", record->value);
        if (record->container)
            json_object_set_new(object, "records", records_json(records, at, depth + 1));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *event_json(struct cli *cli, const struct measured_event *measured,
                          const struct event_description *words, quirk_set quirks,
                          const struct event_records *records)
{
    size_t at = 0;
    const struct eventlog_event *event = &measured->event;
    json_t *digests = json_object();
    json_t *object;

    for (size_t i = 0; i < event->n_digests; i++) {
        const char *name = tpm_alg_name(event->digests[i].alg);
        if (!name)
            name = arena_printf(&cli->arena, "0x%04x", event->digests[i].alg);
        json_object_set_new(digests, name, result_json_hex(event->digests[i].bytes));
    }
    object = json_pack("{s:I, s:I, s:I, s:s, s:I, s:s, s:s, s:s, s:b, s:s?, s:o, s:o, s:I}",
                       "number", (json_int_t)event->number, "offset", (json_int_t)event->offset,
                       "pcr", (json_int_t)event->pcr, "type", type_text(cli, event->type),
                       "type_value", (json_int_t)event->type, "component", words->component,
                       "summary", words->summary, "coverage", coverage_name(measured->coverage),
                       "proven", words->proven, "caveat", words->caveat, "quirks",
                       quirks_json(quirks), "digests", digests, "data_len",
                       (json_int_t)event->data.len);
    if (event_holds_records(event)) {
        json_object_set_new(object, "records", records_json(records, &at, 0));
        json_object_set_new(object, "records_broken",
                            records->broken ? json_string(records->broken) : json_null());
    }
    if (cli->values[OPTION_RAW])
        json_object_set_new(object, "data", result_json_hex(event->data));
    return object;
}

static void print_records(struct cli *cli, const struct event_records *records)
{
    for (size_t i = 0; i < records->n_records; i++) {
        const struct event_record *record = &records->records[i];

        printf("     %*s%s%s%s%s%s\n", (int)(2 * record->depth), "", talk_color(cli, TALK_DIM),
               record->name, talk_color(cli, TALK_PLAIN), record->value ? "  " : "",
               record->value ? record->value : "");
    }
    if (records->broken)
        printf("     %s%s%s\n", talk_color(cli, TALK_BAD), records->broken,
               talk_color(cli, TALK_PLAIN));
}

static void print_event(struct cli *cli, const struct measured_log *log,
                        const struct measured_event *measured,
                        const struct event_description *words, quirk_set quirks)
{
    const struct eventlog_event *event = &measured->event;
    char digest[2 * LIMIT_TPM_DIGEST_LEN + 1] = "";
    struct span shown = measured->digest;

    if (shown.len > 8)
        shown.len = 8; /* enough to recognise; all of it is in the JSON */
    text_hex_into(digest, shown);
    printf("%s%3u  %-7s %s%-28s %s%-16s%s  %s\n", talk_color(cli, TALK_DIM), event->number,
           eventlog_pcr_text(cli, log, event->pcr), talk_color(cli, TALK_PLAIN),
           type_text(cli, event->type), talk_color(cli, TALK_DIM), digest,
           talk_color(cli, TALK_PLAIN), words->component);
    if (*words->summary || words->caveat)
        printf("     %s%s%s%s%s\n", words->summary, *words->summary && words->caveat ? "  " : "",
               words->caveat ? "[" : "", words->caveat ? words->caveat : "",
               words->caveat ? "]" : "");
    print_quirks(cli, quirks);
    if (measured->coverage == COVERAGE_MISMATCH)
        printf("     %sdata does not match the digest: do not believe it%s\n",
               talk_color(cli, TALK_BAD), talk_color(cli, TALK_PLAIN));
    if (cli->values[OPTION_RAW])
        printf("     data %s\n", text_hex(&cli->arena, event->data));
}

/* Prints the events of these PCRs, or adds them to the array. */
static bool show_events(struct cli *cli, const struct measured_log *log, uint32_t pcrs,
                        json_t *events, struct error *error)
{
    struct quirk_scan scan;

    quirk_scan_init(&scan, log);
    for (size_t i = 0; i < log->n_events; i++) {
        quirk_set quirks = quirk_scan_next(&scan);
        struct event_description words;
        struct event_records records;

        if (!is_wanted(pcrs, log->events[i].event.pcr))
            continue;
        if (!event_describe(log, i, cli->crypto, &cli->arena, &words, error) ||
            !event_records(log, i, cli->crypto, &cli->arena, &records, error))
            return false;
        if (cli->json) {
            json_array_append_new(events,
                                  event_json(cli, &log->events[i], &words, quirks, &records));
        } else {
            print_event(cli, log, &log->events[i], &words, quirks);
            print_records(cli, &records);
        }
    }
    return true;
}

enum exit_status eventlog_show(struct cli *cli)
{
    struct measured_log log;
    struct error error = {0};
    enum exit_status status;
    uint32_t pcrs;
    const char *technology;
    json_t *events, *object;

    if (!wanted_pcrs(cli, &pcrs, &status) || !eventlog_load(cli, cli->arguments[0], &log, &status))
        return status;
    technology = launch_technology(&log);
    events = json_array();
    if (!cli->json) {
        printf("%s log, %s bank, %zu events%s%s\n", eventlog_format_name(log.format),
               tpm_alg_name(log.bank), log.n_events,
               technology ? ", with a dynamic launch by " : "", technology ? technology : "");
        print_quirks(cli, quirks_of_log(&log));
    }
    if (!show_events(cli, &log, pcrs, events, &error)) {
        json_decref(events);
        return talk_error(cli, cli->arguments[0], &error);
    }
    if (!cli->json && pcrs == UINT32_MAX && !eventlog_print_boot(cli, &log, &error)) {
        json_decref(events);
        return talk_error(cli, cli->arguments[0], &error);
    }
    if (cli->json) {
        object = talk_schema("eventlog");
        json_object_set_new(object, "format", json_string(eventlog_format_name(log.format)));
        json_object_set_new(object, "bank", json_string(tpm_alg_name(log.bank)));
        json_object_set_new(object, "launch", technology ? json_string(technology) : json_null());
        json_object_set_new(object, "quirks", quirks_json(quirks_of_log(&log)));
        json_object_set(object, "events", events);
        talk_json(object);
    }
    json_decref(events);
    return EXIT_HOLDS;
}

static json_t *bank_json(const struct replay_bank *bank)
{
    json_t *pcrs = json_object();

    for (int pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        char name[4];
        if (!(bank->extended >> pcr & 1) || bank->incomplete >> pcr & 1)
            continue;
        snprintf(name, sizeof name, "%d", pcr);
        json_object_set_new(pcrs, name,
                            result_json_hex(span_of(bank->pcrs[pcr], bank->digest_len)));
    }
    return pcrs;
}

static json_t *incomplete_json(const struct replay *replay)
{
    json_t *object = json_object();

    for (size_t i = 0; i < replay->n_banks; i++) {
        json_t *list = json_array();
        for (int pcr = 0; pcr < LIMIT_PCRS; pcr++)
            if (replay->banks[i].incomplete >> pcr & 1)
                json_array_append_new(list, json_integer(pcr));
        json_object_set_new(object, tpm_alg_name(replay->banks[i].alg), list);
    }
    return object;
}

static void print_bank(struct cli *cli, const struct replay_bank *bank)
{
    char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];

    printf("%s%s%s\n", talk_color(cli, TALK_BOLD), tpm_alg_name(bank->alg),
           talk_color(cli, TALK_PLAIN));
    for (int pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        if (bank->incomplete >> pcr & 1) {
            printf("  %-2d cannot be computed: event %u carries no %s digest\n", pcr,
                   bank->first_incomplete_event, tpm_alg_name(bank->alg));
        } else if (bank->extended >> pcr & 1) {
            text_hex_into(hex, span_of(bank->pcrs[pcr], bank->digest_len));
            printf("  %-2d %s\n", pcr, hex);
        }
    }
}

static const char *log_format(struct span bytes)
{
    struct eventlog log;
    struct error error = {0};

    return eventlog_open(&log, bytes, &error) ? eventlog_format_name(log.format) : "none";
}

/* Replays in every bank, or in that of --bank; what systemd measured goes on where the boot ended. */
static bool replay_logs(struct cli *cli, const struct boot_logs *logs, struct replay *replay,
                        enum exit_status *status)
{
    struct measured_log measured;
    struct systemd_log systemd = {0};
    struct error error = {0};
    uint16_t alg;

    if (!talk_bank(cli, &alg, status))
        return false;
    if (!replay_eventlog(cli->crypto, logs->tcg, alg, replay, &error)) {
        *status = talk_error(cli, logs->path, &error);
        return false;
    }
    if (logs->systemd.len == 0)
        return true;
    if (!measure_logs(cli, logs, &measured, status)) /* checks each record against its PCR */
        return false;
    if (!systemd_log_decode(logs->systemd, &cli->arena, &systemd, &error)) {
        *status = talk_error(cli, logs->systemd_path, &error);
        return false;
    }
    for (size_t i = 0; i < systemd.n_events; i++)
        replay_event(cli->crypto, replay, &systemd.events[i]);
    return true;
}

enum exit_status eventlog_replay(struct cli *cli)
{
    struct replay *replay = arena_new(&cli->arena, struct replay);
    struct boot_logs logs;
    enum exit_status status;
    json_t *object, *pcrs;

    if (!read_logs(cli, cli->arguments[0], &logs, &status) ||
        !replay_logs(cli, &logs, replay, &status))
        return status;
    if (!cli->json) {
        for (size_t i = 0; i < replay->n_banks; i++)
            print_bank(cli, &replay->banks[i]);
        return EXIT_HOLDS;
    }
    object = talk_schema("replay");
    json_object_set_new(object, "format", json_string(log_format(logs.tcg)));
    json_object_set_new(object, "startup_locality", json_integer(replay->startup_locality));
    pcrs = json_object();
    for (size_t i = 0; i < replay->n_banks; i++)
        json_object_set_new(pcrs, tpm_alg_name(replay->banks[i].alg), bank_json(&replay->banks[i]));
    json_object_set_new(object, "pcrs", pcrs);
    json_object_set_new(object, "incomplete", incomplete_json(replay));
    talk_json(object);
    return EXIT_HOLDS;
}

enum exit_status eventlog_claims(struct cli *cli)
{
    struct secureboot_host host;
    enum exit_status status;
    json_t *object;

    if (!secureboot_load(cli, &host, &status))
        return status;
    if (!cli->json) {
        print_claims(cli, host.claims);
        print_reasons(cli, stdout, host.reasons);
        return EXIT_HOLDS;
    }
    object = talk_schema("claims");
    json_object_set_new(object, "format", json_string(eventlog_format_name(host.log.format)));
    json_object_set_new(object, "claims",
                        result_json_claims(cli->crypto, host.claims, &cli->arena));
    json_object_set_new(object, "reasons", result_json_reasons(host.reasons));
    talk_json(object);
    return EXIT_HOLDS;
}
