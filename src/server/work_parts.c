#include "server/work_parts.h"

uint64_t work_read_u64(struct reader *reader, const char *what)
{
    return cbor_read_uint(reader, UINT64_MAX, what);
}

uint32_t work_read_u32(struct reader *reader, const char *what)
{
    return (uint32_t)cbor_read_uint(reader, UINT32_MAX, what);
}

/* Every message is one array of fixed length that starts with its kind. */
bool work_begin(struct reader *reader, enum work_kind kind, size_t n_items)
{
    if (cbor_read_array(reader, 64, "message") != n_items ||
        cbor_read_uint(reader, 64, "kind") != kind)
        return reader_fail(reader, ERROR_MALFORMED, "another message was expected");
    return reader_ok(reader);
}

struct cbor_writer work_start(struct arena *arena, enum work_kind kind, size_t n_items)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    cbor_write_array(&writer, n_items);
    cbor_write_uint(&writer, kind);
    return writer;
}

/* --- Reasons --- */

static void write_text(struct cbor_writer *writer, const char *text)
{
    struct span bytes = span_text(text ? text : "");

    if (bytes.len > WORK_TEXT_CAP)
        bytes.len = WORK_TEXT_CAP;
    cbor_write_bytes(writer, bytes); /* bytes: a cut may split a character */
}

static const char *read_text(struct reader *reader, struct arena *arena, const char *what)
{
    struct span bytes = cbor_read_bytes(reader, WORK_TEXT_CAP, what);
    char *text;

    if (bytes.len == 0)
        return NULL;
    text = arena_text(arena, bytes);
    if (!text)
        reader_fail(reader, ERROR_MEMORY, "no memory for %s", what);
    return text;
}

void work_write_reasons(struct cbor_writer *writer, const struct reasons *reasons)
{
    cbor_write_bool(writer, reasons->overflow);
    cbor_write_array(writer, reasons->n_items);
    for (size_t i = 0; i < reasons->n_items; i++) {
        const struct reason *reason = &reasons->items[i];

        cbor_write_array(writer, 12);
        cbor_write_uint(writer, reason->code);
        cbor_write_uint(writer, reason->weight);
        cbor_write_uint(writer, (uint64_t)reason->pcr + 1 /* no PCR is -1 */);
        cbor_write_uint(writer, reason->event);
        write_text(writer, reason->component);
        write_text(writer, reason->expected);
        write_text(writer, reason->found);
        write_text(writer, reason->policy);
        write_text(writer, reason->rule);
        write_text(writer, reason->claim);
        write_text(writer, reason->message);
        write_text(writer, reason->action);
    }
}

static struct reason read_reason(struct reader *reader, struct arena *arena)
{
    struct reason reason = {0};

    if (cbor_read_array(reader, 12, "reason") != 12)
        reader_fail(reader, ERROR_MALFORMED, "a reason has twelve parts");
    reason.code = (enum reason_code)cbor_read_uint(reader, REASON_CODES - 1, "reason code");
    reason.weight = (enum reason_weight)cbor_read_uint(reader, REASON_WEIGHT_UNTRUSTED, "weight");
    reason.pcr = (int)cbor_read_uint(reader, LIMIT_PCRS, "PCR") - 1;
    reason.event = work_read_u32(reader, "event");
    reason.component = read_text(reader, arena, "component");
    reason.expected = read_text(reader, arena, "expected");
    reason.found = read_text(reader, arena, "found");
    reason.policy = read_text(reader, arena, "policy");
    reason.rule = read_text(reader, arena, "rule");
    reason.claim = read_text(reader, arena, "claim");
    reason.message = read_text(reader, arena, "message");
    reason.action = read_text(reader, arena, "action");
    return reason;
}

struct reasons *work_read_reasons(struct reader *reader, struct arena *arena)
{
    struct reasons *reasons = arena_new(arena, struct reasons);
    size_t n_items;

    if (!reasons) {
        reader_fail(reader, ERROR_MEMORY, "no memory for reasons");
        return NULL;
    }
    reasons->overflow = cbor_read_bool(reader, "overflow");
    n_items = cbor_read_array(reader, LIMIT_REASONS, "reasons");
    for (size_t i = 0; i < n_items && reader_ok(reader); i++)
        reasons->items[reasons->n_items++] = read_reason(reader, arena);
    return reasons;
}

/* --- Policies --- */

static void write_texts(struct cbor_writer *writer, const struct span *texts, size_t n_texts)
{
    cbor_write_array(writer, n_texts);
    for (size_t i = 0; i < n_texts; i++)
        cbor_write_bytes(writer, texts[i]);
}

static const struct span *read_texts(struct reader *reader, struct arena *arena, size_t *n_texts)
{
    size_t n = cbor_read_array(reader, LIMIT_POLICY_SOURCES, "texts");
    struct span *texts = arena_array(arena, n + 1, sizeof *texts);

    if (!texts) {
        reader_fail(reader, ERROR_MEMORY, "no memory for texts");
        return NULL;
    }
    for (size_t i = 0; i < n && reader_ok(reader); i++)
        texts[i] = cbor_read_bytes(reader, LIMIT_DOCUMENT_LEN, "text");
    *n_texts = n;
    return texts;
}

void work_write_endorsed(struct cbor_writer *writer, const struct endorsed *endorsed)
{
    cbor_write_array(writer, ENDORSED_TEXTS);
    for (int i = 0; i < ENDORSED_TEXTS; i++)
        cbor_write_bytes(writer, endorsed->texts[i]);
}

struct endorsed work_read_endorsed(struct reader *reader)
{
    struct endorsed endorsed = {0};

    if (cbor_read_array(reader, ENDORSED_TEXTS, "endorsed texts") != ENDORSED_TEXTS)
        reader_fail(reader, ERROR_MALFORMED, "certificates endorse %d texts", ENDORSED_TEXTS);
    for (int i = 0; i < ENDORSED_TEXTS && reader_ok(reader); i++)
        endorsed.texts[i] = cbor_read_bytes(reader, WORK_TEXT_CAP, "endorsed text");
    return endorsed;
}

void work_write_sources(struct cbor_writer *writer, const struct policy_sources *sources)
{
    cbor_write_array(writer, 4);
    cbor_write_bytes(writer, sources->text);
    write_texts(writer, sources->references, sources->n_references);
    write_texts(writer, sources->updates, sources->n_updates);
    cbor_write_uint(writer, sources->n_retiring);
}

struct policy_sources work_read_sources(struct reader *reader, struct arena *arena)
{
    struct policy_sources sources = {0};

    if (cbor_read_array(reader, 4, "sources") != 4)
        reader_fail(reader, ERROR_MALFORMED, "sources have four parts");
    sources.text = cbor_read_bytes(reader, LIMIT_DOCUMENT_LEN, "text");
    sources.references = read_texts(reader, arena, &sources.n_references);
    sources.updates = read_texts(reader, arena, &sources.n_updates);
    sources.n_retiring = (size_t)cbor_read_uint(reader, sources.n_updates, "retiring updates");
    return sources;
}

/* A policy is [id] where the worker knows it and [id, sources] where it may not. */
void work_write_policies(struct cbor_writer *writer, const struct work_policies *policies)
{
    cbor_write_array(writer, 2);
    cbor_write_uint(writer, policies->n_judging);
    cbor_write_array(writer, policies->n_items);
    for (size_t i = 0; i < policies->n_items; i++) {
        const struct work_policy *policy = &policies->items[i];

        cbor_write_array(writer, policy->has_sources ? 2 : 1);
        cbor_write_bytes(writer, span_of(policy->id, sizeof policy->id));
        if (policy->has_sources)
            work_write_sources(writer, &policy->sources);
    }
}

static void read_digest(struct reader *reader, uint8_t digest[STORE_DIGEST_LEN], const char *what)
{
    struct span found = cbor_read_bytes(reader, STORE_DIGEST_LEN, what);

    if (found.len == STORE_DIGEST_LEN)
        memcpy(digest, found.data, found.len);
    else
        reader_fail(reader, ERROR_MALFORMED, "a %s has %d bytes", what, STORE_DIGEST_LEN);
}

static void read_policy(struct reader *reader, struct arena *arena, struct work_policy *policy)
{
    size_t n_parts = cbor_read_array(reader, 2, "policy");

    if (n_parts == 0)
        reader_fail(reader, ERROR_MALFORMED, "a policy has its id and perhaps its sources");
    read_digest(reader, policy->id, "policy's id");
    policy->has_sources = n_parts == 2;
    if (policy->has_sources)
        policy->sources = work_read_sources(reader, arena);
}

struct work_policies work_read_policies(struct reader *reader, struct arena *arena)
{
    struct work_policies policies = {0};
    struct work_policy *items;

    if (cbor_read_array(reader, 2, "policies") != 2)
        reader_fail(reader, ERROR_MALFORMED, "policies have two parts");
    policies.n_judging = (size_t)cbor_read_uint(reader, LIMIT_HOST_POLICIES, "judging policies");
    policies.n_items = cbor_read_array(reader, LIMIT_HOST_POLICIES, "policies");
    items = arena_array(arena, policies.n_items + 1, sizeof *items);
    if (!items) {
        reader_fail(reader, ERROR_MEMORY, "no memory for policies");
        return policies;
    }
    for (size_t i = 0; i < policies.n_items && reader_ok(reader); i++)
        read_policy(reader, arena, &items[i]);
    if (reader_ok(reader) && policies.n_judging > policies.n_items)
        reader_fail(reader, ERROR_MALFORMED, "more policies judge than there are");
    policies.items = items;
    return policies;
}

/* --- Catalogues --- */

/* [] for none, [digest] where the worker knows it, [digest, text, signature] where it may not. */
void work_write_catalog(struct cbor_writer *writer, const struct work_catalog *catalog)
{
    cbor_write_array(writer, !catalog->given ? 0 : catalog->has_text ? 3 : 1);
    if (!catalog->given)
        return;
    cbor_write_bytes(writer, span_of(catalog->sha256, sizeof catalog->sha256));
    if (!catalog->has_text)
        return;
    cbor_write_bytes(writer, catalog->text);
    cbor_write_bytes(writer, catalog->signature);
}

struct work_catalog work_read_catalog(struct reader *reader)
{
    struct work_catalog catalog = {0};
    size_t n_parts = cbor_read_array(reader, 3, "catalogue");

    if (n_parts == 2)
        reader_fail(reader, ERROR_MALFORMED, "a catalogue with its text has a signature too");
    catalog.given = n_parts > 0;
    catalog.has_text = n_parts == 3;
    if (catalog.given)
        read_digest(reader, catalog.sha256, "catalogue's digest");
    if (catalog.has_text) {
        catalog.text = cbor_read_bytes(reader, LIMIT_DOCUMENT_LEN, "catalogue");
        catalog.signature = cbor_read_bytes(reader, LIMIT_CATALOG_SIGNATURE_LEN, "signature");
    }
    return catalog;
}
