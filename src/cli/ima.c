/* bootseal ima show, verify: the kernel's binary measurement list, in words and recomputed. */
#include "wire/ima.h"

#include "base/text.h"
#include "cli/talk.h"
#include "msg/result_json.h"
#include "verify/ima.h"

static const char *printable(struct cli *cli, struct span bytes)
{
    const char *text = text_printable(&cli->arena, bytes);

    return text ? text : "";
}

static json_t *entry_json(struct cli *cli, const struct ima_entry *entry,
                          const struct ima_fields *fields)
{
    return json_pack("{s:I, s:I, s:I, s:s, s:o, s:b, s:s, s:o, s:s, s:o, s:o}", "number",
                     (json_int_t)entry->number, "offset", (json_int_t)entry->offset, "pcr",
                     (json_int_t)entry->pcr, "template", printable(cli, entry->template_name),
                     "template_hash", result_json_hex(entry->template_hash), "violation",
                     entry->violation, "digest_alg", printable(cli, fields->digest.alg), "digest",
                     result_json_hex(fields->digest.bytes), "name", printable(cli, fields->name),
                     "signature", result_json_hex(fields->signature), "buffer",
                     result_json_hex(fields->buffer));
}

static void print_entry(struct cli *cli, const struct ima_entry *entry,
                        const struct ima_fields *fields)
{
    struct span alg = fields->digest.alg.len ? fields->digest.alg : span_text("sha1");

    printf("%5u  %-8s %s", entry->number, printable(cli, entry->template_name),
           entry->violation ? "violation " : "");
    if (fields->digest.bytes.len)
        printf("%s:%s ", printable(cli, alg), text_hex(&cli->arena, fields->digest.bytes));
    printf("%s", printable(cli, fields->name));
    if (fields->signature.len)
        printf("  [signature, %zu bytes]", fields->signature.len);
    if (fields->buffer.len)
        printf("  [buffer, %zu bytes]", fields->buffer.len);
    printf("\n");
}

enum exit_status ima_show(struct cli *cli)
{
    const char *path = cli->arguments[0];
    struct ima_list list;
    struct ima_entry entry;
    struct ima_fields fields;
    struct error error = {0}, unknown = {0};
    struct span bytes;
    enum exit_status status;
    enum ima_step step;
    json_t *entries, *object;

    if (!talk_read(cli, path, LIMIT_IMA_LEN, &bytes, &status))
        return status;
    if (!ima_list_open(&list, bytes, &error))
        return talk_error(cli, path, &error);
    entries = json_array();
    while ((step = ima_list_next(&list, &entry)) == IMA_ENTRY) {
        fields = (struct ima_fields){0};
        /* An unknown template is shown with its name and hash alone. */
        if (!ima_entry_decode(&entry, &fields, &unknown) && !cli->json)
            printf("%5u  %s: %s\n", entry.number, printable(cli, entry.template_name),
                   unknown.message);
        else if (cli->json)
            json_array_append_new(entries, entry_json(cli, &entry, &fields));
        else
            print_entry(cli, &entry, &fields);
    }
    if (step == IMA_FAILED) {
        json_decref(entries);
        return talk_error(cli, path, &error);
    }
    if (cli->json) {
        object = talk_schema("ima");
        json_object_set(object, "entries", entries);
        talk_json(object);
    }
    json_decref(entries);
    return EXIT_HOLDS;
}

enum exit_status ima_verify(struct cli *cli)
{
    const char *path = cli->arguments[0];
    struct ima_replay replay = {0};
    struct error error = {0};
    struct span bytes;
    enum exit_status status;
    uint16_t alg;
    bool found, holds;
    char hex[2 * LIMIT_TPM_DIGEST_LEN + 1];
    json_t *object;

    if (!talk_bank(cli, &alg, &status) || !talk_read(cli, path, LIMIT_IMA_LEN, &bytes, &status))
        return status;
    if (alg == 0)
        alg = TPM_ALG_SHA256;
    if (!ima_replay_list(cli->crypto, bytes, alg, false, NULL, NULL, &found, &replay, &error))
        return talk_error(cli, path, &error);
    holds = replay.n_bad_template_hashes == 0;
    text_hex_into(hex, span_of(replay.pcr, replay.digest_len));
    if (cli->json) {
        object = talk_schema("ima-verification");
        json_object_set_new(object, "holds", json_boolean(holds));
        json_object_set_new(object, "entries", json_integer(replay.n_entries));
        json_object_set_new(object, "violations", json_integer(replay.n_violations));
        json_object_set_new(object, "bad_template_hashes",
                            json_integer(replay.n_bad_template_hashes));
        json_object_set_new(object, "first_bad_template_hash",
                            holds ? json_null() : json_integer(replay.first_bad_template_hash));
        json_object_set_new(object, "bank", json_string(tpm_alg_name(alg)));
        json_object_set_new(object, "pcr_10", json_string(hex));
        talk_json(object);
    } else {
        printf("%s%s%s  %u entries, %u violations\n", talk_color(cli, holds ? TALK_GOOD : TALK_BAD),
               holds ? "holds" : "does not hold", talk_color(cli, TALK_PLAIN), replay.n_entries,
               replay.n_violations);
        printf("    PCR 10 (%s) must be %s\n", tpm_alg_name(alg), hex);
        if (!holds)
            printf("    %u entries do not match their template hash; the first is entry %u\n",
                   replay.n_bad_template_hashes, replay.first_bad_template_hash);
    }
    return holds ? EXIT_HOLDS : EXIT_HOLDS_NOT;
}
