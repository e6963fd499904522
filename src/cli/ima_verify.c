/* bootseal ima verify: the list recomputed; on demand whose boot it is, who signed its files, and
 * which policy was measured. */
#include "base/text.h"
#include "cli/ima_certificates.h"
#include "msg/result_json.h"
#include "verify/ima.h"
#include "verify/ima_boot_aggregate.h"

/* What was asked for, and what came of it. */
struct verification {
    struct cli *cli;
    struct ima_replay replay;
    uint16_t bank;

    const struct measured_log *log; /* NULL: not asked */
    enum ima_boot_aggregate boot;

    struct ima_certificates *certificates; /* NULL: not asked */
    unsigned n_signed[IMA_SIGNED_STATES];
    json_t *signatures; /* an array; NULL in text */

    bool wants_policy;
    struct span expected;                  /* the policy's text */
    unsigned n_policies, n_other_policies; /* measured ones that are it, and that are not */

    unsigned n_unreadable;
};

bool cli_ima_certificates(struct cli *cli, struct ima_certificates **certificates,
                          enum exit_status *status)
{
    const char *path = cli->values[OPTION_CERTIFICATES];
    struct span text;
    struct error error;

    *certificates = NULL;
    if (!path)
        return true;
    if (!talk_read(cli, path, LIMIT_IMA_CERTIFICATES_LEN, &text, status))
        return false;
    if (!ima_certificates_new(cli->crypto, text, certificates, &error)) {
        *status = talk_error(cli, path, &error);
        return false;
    }
    return true;
}

static const char *printable(struct cli *cli, struct span bytes)
{
    const char *text = text_printable(&cli->arena, bytes);

    return text ? text : "";
}

static void read_signature(struct verification *verification, const struct ima_entry *entry,
                           const struct ima_fields *fields)
{
    struct cli *cli = verification->cli;
    struct ima_signer signer = ima_signature_check(cli->crypto, verification->certificates, entry,
                                                   fields);
    const char *state = ima_signed_name(signer.state), *name = printable(cli, fields->name);

    verification->n_signed[signer.state]++;
    if (verification->signatures) {
        json_array_append_new(
            verification->signatures,
            json_pack("{s:I, s:s, s:s, s:o, s:s?}", "number", (json_int_t)entry->number, "name",
                      name, "state", state, "key_id",
                      signer.key_id ? json_sprintf("%08x", signer.key_id) : json_null(), "signer",
                      signer.subject));
        return;
    }
    printf("%5u  %-11s  %s", entry->number, state, name);
    if (signer.subject)
        printf("  (%s)", signer.subject);
    else if (signer.key_id)
        printf("  (key %08x)", signer.key_id);
    printf("\n");
}

/* The policy is known by its digest, in whatever algorithm IMA measured it. */
static void read_policy(struct verification *verification, const struct ima_fields *fields)
{
    uint16_t alg = tpm_hash_by_name(fields->digest.alg.len ? fields->digest.alg
                                                           : span_text("sha1"));
    struct crypto_digest digest = {.len = 0};

    if (alg)
        crypto_hash_span(verification->cli->crypto, alg, verification->expected, &digest);
    if (alg && span_equal(crypto_digest_span(&digest), fields->digest.bytes))
        verification->n_policies++;
    else if (ima_is_policy_path(fields->name))
        verification->n_other_policies++;
}

static void read_entry(struct verification *verification, const struct ima_entry *entry)
{
    struct ima_fields fields;
    struct crypto_digest expected;
    struct error ignored; /* an entry without readable fields is counted, and replayed */

    if (!ima_entry_decode(entry, &fields, &ignored)) {
        verification->n_unreadable++;
        return;
    }
    if (entry->number == 0 && verification->log)
        verification->boot = entry->violation || !ima_is_boot_aggregate(&fields)
                                 ? IMA_BOOT_AGGREGATE_DIFFERS
                                 : ima_boot_aggregate_check(verification->cli->crypto,
                                                            verification->log, &fields.digest,
                                                            &expected);
    if (entry->violation || ima_is_boot_aggregate(&fields) || fields.buffer.len)
        return; /* nothing that a file would be */
    if (verification->wants_policy)
        read_policy(verification, &fields);
    if (verification->certificates)
        read_signature(verification, entry, &fields);
}

static bool boot_holds(const struct verification *verification)
{
    return !verification->log || verification->boot != IMA_BOOT_AGGREGATE_DIFFERS;
}

static bool policy_holds(const struct verification *verification)
{
    return !verification->wants_policy ||
           (verification->n_policies && !verification->n_other_policies);
}

static bool all_holds(const struct verification *verification)
{
    return verification->replay.n_bad_template_hashes == 0 && boot_holds(verification) &&
           verification->n_signed[IMA_SIGNED_INVALID] == 0 && policy_holds(verification);
}

static const char *boot_name(enum ima_boot_aggregate boot)
{
    static const char *const NAMES[] = {
        [IMA_BOOT_AGGREGATE_UNKNOWN] = "unknown",
        [IMA_BOOT_AGGREGATE_MATCHES] = "matches",
        [IMA_BOOT_AGGREGATE_DIFFERS] = "differs",
    };

    return NAMES[boot];
}

static const char *policy_name_of(const struct verification *verification)
{
    if (verification->n_other_policies)
        return "differs";
    return verification->n_policies ? "matches" : "not measured";
}

static void print_json(const struct verification *verification, const char *pcr_10)
{
    const struct ima_replay *replay = &verification->replay;
    json_t *object = talk_schema("ima-verification"), *counts;

    json_object_set_new(object, "holds", json_boolean(all_holds(verification)));
    json_object_set_new(object, "entries", json_integer(replay->n_entries));
    json_object_set_new(object, "violations", json_integer(replay->n_violations));
    json_object_set_new(object, "other_pcr", json_integer(replay->n_other_pcr));
    json_object_set_new(object, "unreadable", json_integer(verification->n_unreadable));
    json_object_set_new(object, "bad_template_hashes", json_integer(replay->n_bad_template_hashes));
    json_object_set_new(object, "first_bad_template_hash",
                        replay->n_bad_template_hashes
                            ? json_integer(replay->first_bad_template_hash)
                            : json_null());
    json_object_set_new(object, "bank", json_string(tpm_alg_name(verification->bank)));
    json_object_set_new(object, "pcr_10", json_string(pcr_10));
    json_object_set_new(object, "boot_aggregate",
                        verification->log ? json_string(boot_name(verification->boot))
                                          : json_null());
    json_object_set_new(object, "policy",
                        verification->wants_policy ? json_string(policy_name_of(verification))
                                                   : json_null());
    if (verification->certificates) {
        counts = json_object();
        for (int state = 0; state < IMA_SIGNED_STATES; state++)
            json_object_set_new(counts, ima_signed_name((enum ima_signed)state),
                                json_integer(verification->n_signed[state]));
        json_object_set_new(object, "signature_counts", counts);
        json_object_set(object, "signatures", verification->signatures);
    }
    talk_json(object);
}

static void print_text(const struct verification *verification, const char *pcr_10)
{
    const struct ima_replay *replay = &verification->replay;
    struct cli *cli = verification->cli;
    bool holds = all_holds(verification);

    printf("%s%s%s  %u entries, %u violations\n", talk_color(cli, holds ? TALK_GOOD : TALK_BAD),
           holds ? "holds" : "does not hold", talk_color(cli, TALK_PLAIN), replay->n_entries,
           replay->n_violations);
    printf("    PCR 10 (%s) must be %s\n", tpm_alg_name(verification->bank), pcr_10);
    if (replay->n_bad_template_hashes)
        printf("    %u entries do not match their template hash; the first is entry %u\n",
               replay->n_bad_template_hashes, replay->first_bad_template_hash);
    if (replay->n_other_pcr)
        printf("    %u entries name another PCR, and are not part of this one\n",
               replay->n_other_pcr);
    if (verification->n_unreadable)
        printf("    %u entries have fields that cannot be read\n", verification->n_unreadable);
    if (verification->log)
        printf("    boot_aggregate: %s\n", boot_name(verification->boot));
    if (verification->wants_policy)
        printf("    policy: %s\n", policy_name_of(verification));
    if (verification->certificates) {
        printf("    signatures:");
        for (int state = 0; state < IMA_SIGNED_STATES; state++)
            printf("%s %u %s", state ? "," : "", verification->n_signed[state],
                   ima_signed_name((enum ima_signed)state));
        printf("\n");
    }
}

/* Reads what the options name. On false all has been said. */
static bool prepare(struct verification *verification, enum exit_status *status)
{
    struct cli *cli = verification->cli;
    const char *log_path = cli->values[OPTION_EVENTLOG],
               *policy_path = cli->values[OPTION_EXPECTED];
    struct measured_log *log;
    struct span bytes;
    struct error error;

    if (!talk_bank(cli, &verification->bank, status))
        return false;
    if (verification->bank == 0)
        verification->bank = TPM_ALG_SHA256;
    if (policy_path &&
        !talk_read(cli, policy_path, LIMIT_POLICY_LEN, &verification->expected, status))
        return false;
    verification->wants_policy = policy_path != NULL;
    if (log_path) {
        log = arena_new(&cli->arena, struct measured_log);
        if (!talk_read(cli, log_path, LIMIT_EVENTLOG_LEN, &bytes, status))
            return false;
        if (!log ||
            !measured_log_read(cli->crypto, bytes, verification->bank, &cli->arena, log, &error)) {
            *status = talk_error(cli, log_path, &error);
            return false;
        }
        verification->log = log;
    }
    if (!cli_ima_certificates(cli, &verification->certificates, status))
        return false;
    if (verification->certificates && cli->json)
        verification->signatures = json_array();
    return true;
}

static bool read_list(struct verification *verification, struct span bytes, struct error *error)
{
    struct ima_list list;
    struct ima_entry entry;
    enum ima_step step;

    if (!ima_replay_list(verification->cli->crypto, bytes, verification->bank, false, NULL, NULL,
                         NULL, &verification->replay, error) ||
        !ima_list_open(&list, bytes, error))
        return false;
    while ((step = ima_list_next(&list, &entry)) == IMA_ENTRY)
        read_entry(verification, &entry);
    return step == IMA_END;
}

enum exit_status ima_verify(struct cli *cli)
{
    struct verification verification = {.cli = cli};
    const char *path = cli->arguments[0];
    struct span bytes;
    struct error error = {0};
    enum exit_status status;
    char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];

    if (prepare(&verification, &status) && talk_read(cli, path, LIMIT_IMA_LEN, &bytes, &status)) {
        if (!read_list(&verification, bytes, &error)) {
            status = talk_error(cli, path, &error);
        } else {
            text_hex_into(hex, span_of(verification.replay.pcr, verification.replay.digest_len));
            (cli->json ? print_json : print_text)(&verification, hex);
            status = all_holds(&verification) ? EXIT_HOLDS : EXIT_HOLDS_NOT;
        }
    }
    json_decref(verification.signatures);
    ima_certificates_free(verification.certificates);
    return status;
}
