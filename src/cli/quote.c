/* bootseal quote verify: a quote as tpm2-tools writes it, and the logs behind it.
 *
 * Holds only when everything does. Trusts the key given; whether it is a TPM's at all is said only
 * when it comes as a TPM public area. */
#include "verify/quote.h"

#include "base/text.h"
#include "cli/eventlog.h"
#include "cli/print.h"
#include "msg/result_json.h"
#include "os/file.h"
#include "verify/endorsement.h"
#include "verify/quoted_logs.h"
#include "wire/event_type.h"

#include <string.h>

struct quote_files {
    struct crypto_key *key;
    bool key_has_attributes; /* it came as a TPM public area, not as PEM */
    bool key_accepted;       /* nothing is wrong with these */
    struct tpm_attest attest;
    struct tpm_signature signature;
    uint8_t nonce[LIMIT_TPM_DATA_LEN];
    struct quote_expectation expectation;
};

static bool read_option(struct cli *cli, enum cli_option option, size_t cap, struct span *bytes,
                        enum exit_status *status)
{
    if (!cli->values[option]) {
        *status = talk_usage(cli, option, cli_option_help(option));
        return false;
    }
    return talk_read(cli, cli->values[option], cap, bytes, status);
}

/* PEM begins with dashes and SubjectPublicKeyInfo with a SEQUENCE; a TPM public area with neither.
 */
static bool read_key(struct cli *cli, struct quote_files *files, struct reasons *reasons,
                     enum exit_status *status)
{
    struct span bytes;
    struct tpm_public public_area;
    struct error error = {0};
    bool ok;

    if (!read_option(cli, OPTION_AK, LIMIT_CERTIFICATE_LEN, &bytes, status))
        return false;
    files->key_has_attributes = bytes.len && bytes.data[0] != '-' && bytes.data[0] != 0x30;
    if (!files->key_has_attributes)
        ok = crypto_key_from_spki(cli->crypto, bytes, &files->key, &error);
    else
        ok = tpm_public_decode(bytes, &public_area, &error) &&
             crypto_key_from_tpm(cli->crypto, &public_area, &files->key, &error);
    if (!ok) {
        *status = talk_error(cli, cli->values[OPTION_AK], &error);
        return false;
    }
    files->key_accepted = !files->key_has_attributes || ak_check(&public_area, reasons);
    return true;
}

static bool read_nonce(struct cli *cli, struct quote_files *files, enum exit_status *status)
{
    const char *hex = cli->values[OPTION_NONCE];
    size_t len = 0;

    if (!hex || !text_unhex(span_text(hex), files->nonce, sizeof files->nonce, &len) || len == 0) {
        *status = talk_usage(cli, OPTION_NONCE, "the demanded qualifying data in hexadecimal");
        return false;
    }
    files->expectation.qualifying_data = span_of(files->nonce, len);
    return true;
}

static bool read_selection(struct cli *cli, struct quote_files *files, enum exit_status *status)
{
    const char *text = cli->values[OPTION_PCRS];
    struct error error = {0};

    files->expectation.selection = files->attest.quote.selection;
    if (!text || tpm_pcr_selection_parse(span_text(text), &files->expectation.selection, &error))
        return true;
    *status = talk_usage(cli, OPTION_PCRS, "a selection such as sha256:0,1,2,7");
    return false;
}

static bool read_files(struct cli *cli, struct quote_files *files, struct reasons *reasons,
                       enum exit_status *status)
{
    struct span quote, signature;
    struct error error = {0};

    if (!read_nonce(cli, files, status) || !read_key(cli, files, reasons, status) ||
        !read_option(cli, OPTION_QUOTE, LIMIT_TPM_STRUCT_LEN, &quote, status) ||
        !read_option(cli, OPTION_SIGNATURE, LIMIT_TPM_STRUCT_LEN, &signature, status))
        return false;
    if (!tpm_attest_decode(quote, &files->attest, &error)) {
        *status = talk_error(cli, cli->values[OPTION_QUOTE], &error);
        return false;
    }
    if (!tpm_signature_decode(signature, &files->signature, &error)) {
        *status = talk_error(cli, cli->values[OPTION_SIGNATURE], &error);
        return false;
    }
    return read_selection(cli, files, status);
}

/* The option's file, or else the one that tpm2_quote writes beside the quote by convention; empty
 * when there is none. A hint only: quoted_logs_check believes it when it hashes to what was signed.
 */
static bool read_pcr_values(struct cli *cli, struct span *values, enum exit_status *status)
{
    const char *path = cli->values[OPTION_PCR_VALUES], *quote = cli->values[OPTION_QUOTE];
    const char *dot = strrchr(quote, '.');
    struct error error = {0};

    *values = span_of(NULL, 0);
    if (path)
        return talk_read(cli, path, LIMIT_PCRS * LIMIT_TPM_DIGEST_LEN, values, status);
    if (dot && !strchr(dot, '/') &&
        !os_file_read(arena_printf(&cli->arena, "%.*s.pcrs", (int)(dot - quote), quote),
                      LIMIT_PCRS * LIMIT_TPM_DIGEST_LEN, &cli->arena, values, &error))
        *values = span_of(NULL, 0);
    return true;
}

/* The event log and the log of a dynamic launch, or one of them, in the quoted bank. */
static bool read_logs(struct cli *cli, const struct quote_files *files, struct measured_log *log,
                      enum exit_status *status)
{
    const char *log_path = cli->values[OPTION_EVENTLOG],
               *launch_path = cli->values[OPTION_DRTM_LOG];
    uint16_t bank = files->expectation.selection.banks[0].alg;
    struct measured_addition launch = {.kind = EVIDENCE_LOG_DRTM, .pcrs = EVENT_PCRS_DRTM};
    struct error error = {0};
    struct span bytes;

    if (log_path && !talk_read(cli, log_path, LIMIT_EVENTLOG_LEN, &bytes, status))
        return false;
    if (log_path && !measured_log_read(cli->crypto, bytes, bank, &cli->arena, log, &error)) {
        *status = talk_error(cli, log_path, &error);
        return false;
    }
    if (!launch_path)
        return true;
    if (!talk_read(cli, launch_path, LIMIT_EVENTLOG_LEN, &launch.log, status))
        return false;
    if (launch.log.len == 0) {
        error_set(&error, ERROR_TRUNCATED, 0, NULL, "a log of a launch has events");
        *status = talk_error(cli, launch_path, &error);
        return false;
    }
    if (log_path ? measured_log_append(cli->crypto, &launch, &cli->arena, log, &error)
                 : measured_log_read(cli->crypto, launch.log, bank, &cli->arena, log, &error))
        return true;
    *status = talk_error(cli, launch_path, &error);
    return false;
}

/* A log of which the quote covers no event is proven by nothing, though nothing speaks against it. */
static bool covers_each_log(const struct quote_files *files, const struct measured_log *log,
                            struct reasons *reasons)
{
    uint32_t quoted = files->attest.quote.selection.banks[0].pcrs;
    bool all = true;

    for (size_t i = 0; i < log->n_sources; i++) {
        size_t event = log->sources[i].first;
        size_t end = i + 1 < log->n_sources ? log->sources[i + 1].first : log->n_events;
        uint32_t pcrs = 0;

        for (; event < end; event++)
            if (log->events[event].coverage != COVERAGE_UNMEASURED)
                pcrs |= UINT32_C(1) << log->events[event].event.pcr;
        if (pcrs == 0 || pcrs & quoted)
            continue;
        reason_add(reasons,
                   (struct reason){.code = REASON_QUOTE_SELECTION,
                                   .pcr = __builtin_ctz(pcrs),
                                   .event = REASON_NO_EVENT,
                                   .component = evidence_log_kind_name(log->sources[i].kind),
                                   .expected = "a quote that covers the log",
                                   .found = "a quote that covers none of its PCRs"});
        all = false;
    }
    return all;
}

/* Whether the logs that were given reproduce the quote. True without logs. */
static bool check_logs(struct cli *cli, const struct quote_files *files, struct reasons *reasons,
                       struct quoted_logs_result *result, bool *hold, enum exit_status *status)
{
    const char *ima_path = cli->values[OPTION_IMA], *systemd_path = cli->values[OPTION_SYSTEMD_LOG];
    bool has_log = cli->values[OPTION_EVENTLOG] || cli->values[OPTION_DRTM_LOG];
    struct measured_log log;
    struct quoted_logs logs = {0};
    struct span bytes;

    *hold = true;
    if (systemd_path && !cli->values[OPTION_EVENTLOG]) {
        *status = talk_usage(cli, OPTION_SYSTEMD_LOG,
                             "a file, and --eventlog with what was before it");
        return false;
    }
    if (!has_log && !ima_path)
        return true;
    if (has_log) {
        if (!read_logs(cli, files, &log, status))
            return false;
        if (systemd_path && (!talk_read(cli, systemd_path, LIMIT_SYSTEMD_LOG_LEN, &bytes, status) ||
                             !eventlog_continue(cli, systemd_path, bytes, &log, status)))
            return false;
        logs.log = &log;
    }
    if (ima_path && !talk_read(cli, ima_path, LIMIT_IMA_LEN, &logs.ima, status))
        return false;
    if (!read_pcr_values(cli, &logs.pcr_values, status))
        return false;
    *hold = quoted_logs_check(cli->crypto, &files->attest, files->signature.hash, &logs,
                              &cli->arena, result, reasons);
    *hold = (!logs.log || covers_each_log(files, logs.log, reasons)) && *hold;
    return true;
}

static json_t *pcr_list_json(uint32_t pcrs)
{
    json_t *list = json_array();

    for (int pcr = 0; pcr < LIMIT_PCRS; pcr++)
        if (pcrs >> pcr & 1)
            json_array_append_new(list, json_integer(pcr));
    return list;
}

static void say_result(struct cli *cli, const struct quote_files *files, bool holds,
                       const struct quoted_logs_result *logs, const struct reasons *reasons)
{
    const struct tpm_attest *attest = &files->attest;
    char selection[256];
    json_t *object;

    tpm_pcr_selection_print(&attest->quote.selection, selection, sizeof selection);
    if (!cli->json) {
        printf("%s%s%s  quote over %s, reset count %u, restart count %u, clock %llu ms\n",
               talk_color(cli, holds ? TALK_GOOD : TALK_BAD), holds ? "holds" : "does not hold",
               talk_color(cli, TALK_PLAIN), selection, attest->reset_count, attest->restart_count,
               (unsigned long long)attest->clock_ms);
        if (holds && cli->values[OPTION_IMA])
            printf("    %u entries of the IMA list are covered by the quote\n",
                   logs->n_ima_entries);
        if (holds && logs->unexplained_pcrs)
            printf("    PCR 16-23 (mask %06x) hold what no log given explains\n",
                   logs->unexplained_pcrs);
        if (!files->key_has_attributes)
            printf("    the key's attributes are unknown: it may not be a TPM's attestation key\n");
        print_reasons(cli, stdout, reasons);
        return;
    }
    object = talk_schema("quote");
    json_object_set_new(object, "holds", json_boolean(holds));
    json_object_set_new(object, "selection", json_string(selection));
    json_object_set_new(object, "pcr_digest", result_json_hex(attest->quote.pcr_digest));
    json_object_set_new(object, "reset_count", json_integer(attest->reset_count));
    json_object_set_new(object, "restart_count", json_integer(attest->restart_count));
    json_object_set_new(object, "clock_ms", json_integer((json_int_t)attest->clock_ms));
    json_object_set_new(object, "firmware_version",
                        json_sprintf("%016llx", (unsigned long long)attest->firmware_version));
    json_object_set_new(object, "key_attributes_checked", json_boolean(files->key_has_attributes));
    json_object_set_new(object, "ima_entries_proven", json_integer(logs->n_ima_entries));
    json_object_set_new(object, "unexplained_pcrs", pcr_list_json(logs->unexplained_pcrs));
    json_object_set_new(object, "reasons", result_json_reasons(reasons));
    talk_json(object);
}

enum exit_status quote_verify_files(struct cli *cli)
{
    struct reasons *reasons = arena_new(&cli->arena, struct reasons);
    struct quote_files files = {0};
    struct quoted_logs_result logs = {0};
    const struct quote_history no_history = {0};
    enum exit_status status = EXIT_INTERNAL;
    bool holds = true, done;

    done = read_files(cli, &files, reasons, &status);
    if (done) {
        holds = quote_verify(cli->crypto, files.key, &files.attest, &files.signature,
                             &files.expectation, &no_history, &cli->arena, reasons);
        done = !holds || check_logs(cli, &files, reasons, &logs, &holds, &status);
    }
    if (done) {
        holds = holds && files.key_accepted;
        say_result(cli, &files, holds, &logs, reasons);
        status = holds ? EXIT_HOLDS : EXIT_HOLDS_NOT;
    }
    crypto_key_free(files.key);
    return status;
}
