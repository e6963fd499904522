/* bootseal ima show: the kernel's binary measurement list in words. */
#include "wire/ima.h"

#include "base/text.h"
#include "claims/claims.h"
#include "cli/talk.h"
#include "msg/result_json.h"
#include "wire/ima_signature.h"

static const char *printable(struct cli *cli, struct span bytes)
{
    const char *text = text_printable(&cli->arena, bytes);

    return text ? text : "";
}

static json_t *entry_json(struct cli *cli, const struct ima_entry *entry,
                          const struct ima_fields *fields)
{
    return json_pack("{s:I, s:I, s:I, s:s, s:o, s:b, s:s, s:s, s:o, s:s, s:o, s:o, s:o}", "number",
                     (json_int_t)entry->number, "offset", (json_int_t)entry->offset, "pcr",
                     (json_int_t)entry->pcr, "template", printable(cli, entry->template_name),
                     "template_hash", result_json_hex(entry->template_hash), "violation",
                     entry->violation, "digest_kind", printable(cli, fields->digest.kind),
                     "digest_alg", printable(cli, fields->digest.alg), "digest",
                     result_json_hex(fields->digest.bytes), "name", printable(cli, fields->name),
                     "signature", result_json_hex(fields->signature), "buffer",
                     result_json_hex(fields->buffer), "modsig", result_json_hex(fields->modsig));
}

static const char *describe_signature(struct cli *cli, struct span bytes)
{
    struct ima_signature signature;
    struct error error;
    const char *text;

    if (!ima_signature_decode(bytes, &signature, &error))
        return error.code == ERROR_UNSUPPORTED ? "signature of a kind that is not known"
                                               : "broken signature";
    text = arena_printf(&cli->arena, "%s signature v%u, %s, key %08x",
                        signature.type == IMA_SIGNATURE_FILE     ? "file"
                        : signature.type == IMA_SIGNATURE_VERITY ? "fs-verity"
                                                                 : "metadata (EVM)",
                        signature.version, signature.hash->name, signature.key_id);
    return text ? text : "";
}

/* A key by its subject; text as text; else the length. */
static const char *describe_buffer(struct cli *cli, struct span buffer)
{
    const struct claim_item item = {.kind = CLAIM_ITEM_CERTIFICATE, .bytes = buffer};
    const char *text;

    if (buffer.data[0] == 0x30) { /* SEQUENCE of DER */
        text = claim_item_print(cli->crypto, &item, &cli->arena);
    } else {
        text = printable(cli, buffer);
        if (strlen(text) > 200)
            text = arena_printf(&cli->arena, "%zu bytes", buffer.len);
    }
    return text ? text : "";
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
        printf("  [%s]", describe_signature(cli, fields->signature));
    if (fields->modsig.len)
        printf("  [appended signature, %zu bytes]", fields->modsig.len);
    if (fields->buffer.len)
        printf("  [%s]", describe_buffer(cli, fields->buffer));
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
