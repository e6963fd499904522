/* Evidence between bytes and struct: the schema of docs/protocol.md, section 3.
 *
 * Owns nothing: spans point into the input, the inventory's index is in the caller's arena. Trusts
 * nothing; digests named here are not checked here (src/appraise does). Never accepts a key it does
 * not know, a repeated log kind, or bytes behind the covered part of a log that cannot grow. */
#include "wire/evidence.h"

#include <stdlib.h>

#include "wire/cbor.h"

enum {
    PROTOCOL_VERSION = 1,
    SHA256_LEN = 32,
    KEY_VERSION = 1,
    KEY_HOST_ID = 2,
    KEY_NONCE = 3,
    KEY_BANK = 4,
    KEY_QUOTE = 5,
    KEY_QUOTE_SIGNATURE = 6,
    KEY_LOGS = 7,
    KEY_IDENTITY = 8,
    KEY_INVENTORY = 9,
    KEY_AK_PUBLIC = 10,
    KEY_CHANNEL_BINDING = 11,
    KEY_PCR_VALUES = 12,
    N_KEYS = 12,
    LOG_KEYS = 4,
    IDENTITY_KEYS = 3,
    ITEM_OVERHEAD = 16, /* heads and keys around one item, at most */
};

static const char CLAUSE[] = "Bootseal protocol, section 3";

/* Keys that evidence must have; the others may be absent. */
static const uint32_t REQUIRED_KEYS = 1u << KEY_VERSION | 1u << KEY_HOST_ID | 1u << KEY_NONCE |
                                      1u << KEY_BANK | 1u << KEY_QUOTE | 1u << KEY_QUOTE_SIGNATURE |
                                      1u << KEY_LOGS | 1u << KEY_INVENTORY;

static bool is_known(enum evidence_log_kind kind)
{
    return kind >= EVIDENCE_LOG_TCG && kind <= EVIDENCE_LOG_SYSTEMD;
}

size_t evidence_log_cap(enum evidence_log_kind kind)
{
    switch (kind) {
    case EVIDENCE_LOG_IMA:
        return LIMIT_IMA_LEN;
    case EVIDENCE_LOG_SMBIOS:
        return LIMIT_SMBIOS_LEN;
    case EVIDENCE_LOG_SYSTEMD:
        return LIMIT_SYSTEMD_LOG_LEN;
    default:
        return LIMIT_EVENTLOG_LEN;
    }
}

/* Bytes of exactly len. */
static struct span read_exact(struct reader *reader, size_t len, const char *what)
{
    struct span bytes = cbor_read_bytes(reader, len, what);

    if (reader_ok(reader) && bytes.len != len)
        reader_fail(reader, ERROR_MALFORMED, "%s has %zu bytes, expected %zu", what, bytes.len,
                    len);
    return bytes;
}

/* Bytes that may not be empty: an empty member has another form, namely to be absent. */
static struct span read_some(struct reader *reader, size_t cap, const char *what)
{
    struct span bytes = cbor_read_bytes(reader, cap, what);

    if (reader_ok(reader) && bytes.len == 0)
        reader_fail(reader, ERROR_MALFORMED, "%s is empty", what);
    return bytes;
}

static void read_log_member(struct reader *reader, uint64_t key, struct evidence_log *log)
{
    switch (key) {
    case 1:
        log->kind = (enum evidence_log_kind)cbor_read_uint(reader, UINT16_MAX, "log kind");
        if (reader_ok(reader) && !is_known(log->kind))
            reader_fail(reader, ERROR_UNSUPPORTED, "log kind %d is not known", (int)log->kind);
        break;
    case 2:
        log->sha256 = read_exact(reader, SHA256_LEN, "log digest");
        break;
    case 3:
        log->covered_len = cbor_read_uint(reader, evidence_log_cap(log->kind), "covered length");
        break;
    case 4:
        log->bytes = cbor_read_bytes(reader, evidence_log_cap(log->kind), "log");
        log->has_bytes = true;
        break;
    default:
        reader_fail(reader, ERROR_MALFORMED, "log key %llu is not known", (unsigned long long)key);
    }
}

static void read_log(struct reader *reader, struct evidence_log *log)
{
    struct cbor_map map = cbor_read_map(reader, LOG_KEYS, "log entry");
    uint32_t seen = 0;
    uint64_t key;

    while (cbor_map_next(reader, &map, &key)) {
        read_log_member(reader, key, log);
        seen |= key <= LOG_KEYS ? 1u << key : 0;
    }
    if (!reader_ok(reader))
        return;
    if ((seen & 0xE) != 0xE) {
        reader_fail(reader, ERROR_MALFORMED, "a log entry lacks kind, digest or covered length");
        return;
    }
    if (!log->has_bytes)
        return;
    if (log->covered_len > log->bytes.len)
        reader_fail(reader, ERROR_MALFORMED, "a log covers %llu bytes and has %zu",
                    (unsigned long long)log->covered_len, log->bytes.len);
    else if (log->kind != EVIDENCE_LOG_IMA && log->covered_len != log->bytes.len)
        reader_fail(reader, ERROR_MALFORMED, "only an IMA list may go on behind its covered part");
}

static void read_logs(struct reader *reader, struct evidence *evidence)
{
    size_t n_logs = cbor_read_array(reader, LIMIT_EVIDENCE_LOGS, "logs");

    for (size_t i = 0; i < n_logs && reader_ok(reader); i++) {
        struct evidence_log log = {0};

        read_log(reader, &log);
        if (reader_ok(reader) && evidence_find_log(evidence, log.kind))
            reader_fail(reader, ERROR_MALFORMED, "log kind %d is there twice", (int)log.kind);
        evidence->logs[evidence->n_logs++] = log;
    }
}

static void read_identity(struct reader *reader, struct evidence *evidence)
{
    struct cbor_map map = cbor_read_map(reader, IDENTITY_KEYS, "identity key");
    struct span *const members[] = {&evidence->identity.public_area, &evidence->identity.certify,
                                    &evidence->identity.certify_signature};
    uint64_t key;
    size_t n_members = 0;

    while (cbor_map_next(reader, &map, &key)) {
        if (key < 1 || key > IDENTITY_KEYS) {
            reader_fail(reader, ERROR_MALFORMED, "identity key's key %llu is not known",
                        (unsigned long long)key);
            return;
        }
        *members[key - 1] = read_some(reader, LIMIT_TPM_STRUCT_LEN, "identity key's member");
        n_members++;
    }
    if (reader_ok(reader) && n_members != IDENTITY_KEYS)
        reader_fail(reader, ERROR_MALFORMED, "the identity key lacks a member");
}

static void read_inventory(struct reader *reader, struct arena *arena, struct evidence *evidence)
{
    struct cbor_text_map map = cbor_read_text_map(reader, LIMIT_INVENTORY_ITEMS, "inventory");
    struct span name;

    if (map.left == 0)
        return;
    evidence->inventory = arena_array(arena, map.left, sizeof *evidence->inventory);
    if (!evidence->inventory) {
        reader_fail(reader, ERROR_MEMORY, "no memory for the inventory");
        return;
    }
    while (cbor_text_map_next(reader, &map, LIMIT_INVENTORY_TEXT_LEN, &name)) {
        struct span value = cbor_read_text(reader, LIMIT_INVENTORY_TEXT_LEN, "inventory value");

        evidence->inventory[evidence->n_inventory++] = (struct evidence_item){.name = name,
                                                                              .value = value};
    }
}

static void read_member(struct reader *reader, uint64_t key, struct arena *arena,
                        struct evidence *evidence)
{
    switch (key) {
    case KEY_VERSION:
        if (cbor_read_uint(reader, UINT64_MAX, "version") != PROTOCOL_VERSION)
            reader_fail(reader, ERROR_UNSUPPORTED, "the evidence is not of version 1");
        break;
    case KEY_HOST_ID:
        evidence->host_id = read_exact(reader, SHA256_LEN, "host id");
        break;
    case KEY_NONCE:
        evidence->nonce = read_some(reader, LIMIT_NONCE_LEN, "nonce");
        break;
    case KEY_BANK:
        evidence->bank = (uint16_t)cbor_read_uint(reader, UINT16_MAX, "bank");
        break;
    case KEY_QUOTE:
        evidence->quote = cbor_read_bytes(reader, LIMIT_TPM_STRUCT_LEN, "quote");
        break;
    case KEY_QUOTE_SIGNATURE:
        evidence->quote_signature = cbor_read_bytes(reader, LIMIT_TPM_STRUCT_LEN, "signature");
        break;
    case KEY_LOGS:
        read_logs(reader, evidence);
        break;
    case KEY_IDENTITY:
        read_identity(reader, evidence);
        break;
    case KEY_INVENTORY:
        read_inventory(reader, arena, evidence);
        break;
    case KEY_AK_PUBLIC:
        evidence->ak_public = read_some(reader, LIMIT_TPM_STRUCT_LEN, "AK");
        break;
    case KEY_CHANNEL_BINDING:
        evidence->channel_binding = read_exact(reader, SHA256_LEN, "channel binding");
        break;
    case KEY_PCR_VALUES:
        evidence->pcr_values = read_some(reader, LIMIT_PCRS * LIMIT_TPM_DIGEST_LEN, "PCR values");
        break;
    default:
        reader_fail(reader, ERROR_MALFORMED, "key %llu is not known", (unsigned long long)key);
    }
}

bool evidence_decode(struct span bytes, struct arena *arena, struct evidence *evidence,
                     struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE, error);
    struct evidence found = {0};
    struct cbor_map map;
    uint32_t seen = 0;
    uint64_t key;

    if (!reader_cap(&reader, bytes.len, LIMIT_EVIDENCE_LEN, "evidence"))
        return false;
    map = cbor_read_map(&reader, N_KEYS, "evidence");
    while (cbor_map_next(&reader, &map, &key)) {
        read_member(&reader, key, arena, &found);
        seen |= key <= N_KEYS ? 1u << key : 0;
    }
    if (reader_ok(&reader) && (seen & REQUIRED_KEYS) != REQUIRED_KEYS)
        return reader_fail(&reader, ERROR_MALFORMED, "key %d is missing",
                           __builtin_ctz(REQUIRED_KEYS & ~seen));
    if (!reader_end(&reader))
        return false;
    *evidence = found;
    return true;
}

static int compare_items(const void *a, const void *b)
{
    const struct evidence_item *first = a, *second = b;

    return cbor_text_key_compare(first->name, second->name);
}

static void write_member(struct cbor_writer *writer, uint64_t key, struct span bytes)
{
    cbor_write_uint(writer, key);
    cbor_write_bytes(writer, bytes);
}

static void write_log(struct cbor_writer *writer, const struct evidence_log *log)
{
    cbor_write_map(writer, log->has_bytes ? LOG_KEYS : LOG_KEYS - 1);
    cbor_write_uint(writer, 1);
    cbor_write_uint(writer, log->kind);
    write_member(writer, 2, log->sha256);
    cbor_write_uint(writer, 3);
    cbor_write_uint(writer, log->covered_len);
    if (log->has_bytes)
        write_member(writer, 4, log->bytes);
}

/* An upper bound of the encoding's length: every member once, with room for heads. */
static size_t encoded_len_cap(const struct evidence *evidence)
{
    size_t len = 64 + N_KEYS * ITEM_OVERHEAD + IDENTITY_KEYS * ITEM_OVERHEAD +
                 evidence->host_id.len + evidence->nonce.len + evidence->quote.len +
                 evidence->quote_signature.len + evidence->identity.public_area.len +
                 evidence->identity.certify.len + evidence->identity.certify_signature.len +
                 evidence->ak_public.len + evidence->channel_binding.len + evidence->pcr_values.len;

    for (size_t i = 0; i < evidence->n_logs; i++)
        len += LOG_KEYS * ITEM_OVERHEAD + SHA256_LEN + evidence->logs[i].bytes.len;
    for (size_t i = 0; i < evidence->n_inventory; i++)
        len += 2 * ITEM_OVERHEAD + evidence->inventory[i].name.len +
               evidence->inventory[i].value.len;
    return len;
}

static void write_evidence(struct cbor_writer *writer, const struct evidence *evidence)
{
    bool has_identity = evidence->identity.public_area.len != 0;

    cbor_write_map(writer, (size_t)8 + has_identity + (evidence->ak_public.len != 0) +
                               (evidence->channel_binding.len != 0) +
                               (evidence->pcr_values.len != 0));
    cbor_write_uint(writer, KEY_VERSION);
    cbor_write_uint(writer, PROTOCOL_VERSION);
    write_member(writer, KEY_HOST_ID, evidence->host_id);
    write_member(writer, KEY_NONCE, evidence->nonce);
    cbor_write_uint(writer, KEY_BANK);
    cbor_write_uint(writer, evidence->bank);
    write_member(writer, KEY_QUOTE, evidence->quote);
    write_member(writer, KEY_QUOTE_SIGNATURE, evidence->quote_signature);
    cbor_write_uint(writer, KEY_LOGS);
    cbor_write_array(writer, evidence->n_logs);
    for (size_t i = 0; i < evidence->n_logs; i++)
        write_log(writer, &evidence->logs[i]);
    if (has_identity) {
        cbor_write_uint(writer, KEY_IDENTITY);
        cbor_write_map(writer, IDENTITY_KEYS);
        write_member(writer, 1, evidence->identity.public_area);
        write_member(writer, 2, evidence->identity.certify);
        write_member(writer, 3, evidence->identity.certify_signature);
    }
    cbor_write_uint(writer, KEY_INVENTORY);
    cbor_write_map(writer, evidence->n_inventory);
    for (size_t i = 0; i < evidence->n_inventory; i++) {
        cbor_write_text(writer, evidence->inventory[i].name);
        cbor_write_text(writer, evidence->inventory[i].value);
    }
    if (evidence->ak_public.len)
        write_member(writer, KEY_AK_PUBLIC, evidence->ak_public);
    if (evidence->channel_binding.len)
        write_member(writer, KEY_CHANNEL_BINDING, evidence->channel_binding);
    if (evidence->pcr_values.len)
        write_member(writer, KEY_PCR_VALUES, evidence->pcr_values);
}

bool evidence_encode(struct evidence *evidence, struct arena *arena, struct span *bytes,
                     struct error *error)
{
    size_t cap = encoded_len_cap(evidence);
    uint8_t *buffer = arena_alloc(arena, cap);
    struct cbor_writer writer;

    if (!buffer)
        return arena_error(arena, error);
    if (evidence->n_inventory)
        qsort(evidence->inventory, evidence->n_inventory, sizeof *evidence->inventory,
              compare_items);
    writer = cbor_writer_into(buffer, cap);
    write_evidence(&writer, evidence);
    return cbor_writer_done(&writer, bytes, error);
}

const char *evidence_log_kind_name(enum evidence_log_kind kind)
{
    switch (kind) {
    case EVIDENCE_LOG_TCG:
        return "TCG event log";
    case EVIDENCE_LOG_IMA:
        return "IMA list";
    case EVIDENCE_LOG_DRTM:
        return "DRTM log";
    case EVIDENCE_LOG_SMBIOS:
        return "SMBIOS tables";
    case EVIDENCE_LOG_SYSTEMD:
        return "log of systemd's measurements";
    case EVIDENCE_LOG_MOK:
        return "MOK list";
    case EVIDENCE_LOG_NONE:
        break;
    }
    return "log";
}

const struct evidence_log *evidence_find_log(const struct evidence *evidence,
                                             enum evidence_log_kind kind)
{
    for (size_t i = 0; i < evidence->n_logs; i++)
        if (evidence->logs[i].kind == kind)
            return &evidence->logs[i];
    return NULL;
}
