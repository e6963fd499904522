#include "server/work_parts.h"

enum work_kind work_kind_of(struct span message)
{
    struct error error;
    struct reader reader = reader_init(message, WORK_CLAUSE, &error);
    size_t n_items = cbor_read_array(&reader, 64, "message");
    uint64_t kind = n_items ? cbor_read_uint(&reader, WORK_KINDS - 1, "kind") : WORK_NONE;

    return reader_ok(&reader) ? (enum work_kind)kind : WORK_NONE;
}

static void write_history(struct cbor_writer *writer, const struct quote_history *history)
{
    cbor_write_array(writer, 5);
    cbor_write_bool(writer, history->known);
    cbor_write_uint(writer, history->reset_count);
    cbor_write_uint(writer, history->restart_count);
    cbor_write_uint(writer, history->clock_ms);
    cbor_write_uint(writer, history->firmware_version);
}

static struct quote_history read_history(struct reader *reader)
{
    struct quote_history history = {0};

    if (cbor_read_array(reader, 5, "history") != 5)
        reader_fail(reader, ERROR_MALFORMED, "a history has five parts");
    history.known = cbor_read_bool(reader, "known");
    history.reset_count = work_read_u32(reader, "reset count");
    history.restart_count = work_read_u32(reader, "restart count");
    history.clock_ms = work_read_u64(reader, "clock");
    history.firmware_version = work_read_u64(reader, "firmware version");
    return history;
}

static void write_approval(struct cbor_writer *writer, const struct outcome_approval *approval)
{
    cbor_write_array(writer, 4);
    cbor_write_bool(writer, approval->wanted);
    cbor_write_uint(writer, approval->bank);
    cbor_write_uint(writer, approval->pcrs);
    cbor_write_bytes(writer, span_of(approval->policy, sizeof approval->policy));
}

static struct outcome_approval read_approval(struct reader *reader)
{
    struct outcome_approval approval = {0};
    struct span policy;

    if (cbor_read_array(reader, 4, "approval") != 4)
        reader_fail(reader, ERROR_MALFORMED, "an approval has four parts");
    approval.wanted = cbor_read_bool(reader, "wanted");
    approval.bank = (uint16_t)cbor_read_uint(reader, UINT16_MAX, "bank");
    approval.pcrs = work_read_u32(reader, "PCRs");
    policy = cbor_read_bytes(reader, OUTCOME_POLICY_LEN, "policy digest");
    if (policy.len == sizeof approval.policy)
        memcpy(approval.policy, policy.data, policy.len);
    else
        reader_fail(reader, ERROR_MALFORMED, "a policy digest has 32 bytes");
    return approval;
}

/* --- Documents --- */

bool work_check_encode(const struct work_check *request, struct arena *arena, struct span *message,
                       struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_CHECK, 3);

    cbor_write_uint(&writer, request->kind);
    work_write_sources(&writer, &request->sources);
    return cbor_writer_done(&writer, message, error);
}

bool work_check_decode(struct span message, struct arena *arena, struct work_check *request,
                       struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_check decoded = {0};

    work_begin(&reader, WORK_CHECK, 3);
    decoded.kind = (enum store_document_kind)cbor_read_uint(&reader, STORE_DOCUMENT_UPDATE, "kind");
    decoded.sources = work_read_sources(&reader, arena);
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool work_check_answer_encode(const struct work_check_answer *answer, struct arena *arena,
                              struct span *message, struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_CHECK, 13);

    cbor_write_bool(&writer, answer->valid);
    cbor_write_bytes(&writer, answer->name);
    cbor_write_bytes(&writer, answer->version);
    cbor_write_uint(&writer, answer->n_rules);
    cbor_write_uint(&writer, answer->cost);
    cbor_write_uint(&writer, answer->n_values);
    cbor_write_uint(&writer, answer->source);
    cbor_write_uint(&writer, answer->line);
    cbor_write_uint(&writer, answer->column);
    cbor_write_bytes(&writer, answer->message);
    cbor_write_bytes(&writer, answer->claims_read);
    cbor_write_bytes(&writer, answer->basis);
    return cbor_writer_done(&writer, message, error);
}

bool work_check_answer_decode(struct span message, struct work_check_answer *answer,
                              struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_check_answer decoded;

    work_begin(&reader, WORK_CHECK, 13);
    decoded.valid = cbor_read_bool(&reader, "valid");
    decoded.name = cbor_read_bytes(&reader, WORK_TEXT_CAP, "name");
    decoded.version = cbor_read_bytes(&reader, WORK_TEXT_CAP, "version");
    decoded.n_rules = work_read_u64(&reader, "rules");
    decoded.cost = work_read_u64(&reader, "cost");
    decoded.n_values = work_read_u64(&reader, "values");
    decoded.source = work_read_u64(&reader, "source");
    decoded.line = work_read_u64(&reader, "line");
    decoded.column = work_read_u64(&reader, "column");
    decoded.message = cbor_read_bytes(&reader, WORK_TEXT_CAP, "message");
    decoded.claims_read = cbor_read_bytes(&reader, CLAIM_IDS, "claims read");
    decoded.basis = cbor_read_bytes(&reader, STORE_DIGEST_LEN, "basis");
    if (!reader_end(&reader))
        return false;
    *answer = decoded;
    return true;
}

bool work_catalog_check_encode(const struct work_catalog_check *request, struct arena *arena,
                               struct span *message, struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_CATALOG, 4);

    cbor_write_bytes(&writer, request->text);
    cbor_write_bytes(&writer, request->signature);
    cbor_write_bool(&writer, request->is_draft);
    return cbor_writer_done(&writer, message, error);
}

bool work_catalog_check_decode(struct span message, struct work_catalog_check *request,
                               struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_catalog_check decoded = {0};

    work_begin(&reader, WORK_CATALOG, 4);
    decoded.text = cbor_read_bytes(&reader, LIMIT_DOCUMENT_LEN, "catalogue");
    decoded.signature = cbor_read_bytes(&reader, LIMIT_CATALOG_SIGNATURE_LEN, "signature");
    decoded.is_draft = cbor_read_bool(&reader, "draft");
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool work_catalog_answer_encode(const struct work_catalog_answer *answer, struct arena *arena,
                                struct span *message, struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_CATALOG, 11);

    cbor_write_bool(&writer, answer->valid);
    cbor_write_bytes(&writer, answer->name);
    cbor_write_uint(&writer, (uint64_t)answer->version);
    cbor_write_uint(&writer, (uint64_t)answer->issued_s);
    cbor_write_uint(&writer, (uint64_t)answer->valid_until_s);
    cbor_write_uint(&writer, answer->n_models);
    cbor_write_bytes(&writer, answer->signer);
    cbor_write_uint(&writer, answer->line);
    cbor_write_uint(&writer, answer->column);
    cbor_write_bytes(&writer, answer->message);
    return cbor_writer_done(&writer, message, error);
}

bool work_catalog_answer_decode(struct span message, struct work_catalog_answer *answer,
                                struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_catalog_answer decoded = {0};

    work_begin(&reader, WORK_CATALOG, 11);
    decoded.valid = cbor_read_bool(&reader, "valid");
    decoded.name = cbor_read_bytes(&reader, WORK_TEXT_CAP, "name");
    decoded.version = (int64_t)cbor_read_uint(&reader, INT64_MAX, "version");
    decoded.issued_s = (int64_t)cbor_read_uint(&reader, INT64_MAX, "issued");
    decoded.valid_until_s = (int64_t)cbor_read_uint(&reader, INT64_MAX, "valid until");
    decoded.n_models = work_read_u64(&reader, "models");
    decoded.signer = cbor_read_bytes(&reader, WORK_TEXT_CAP, "signer");
    decoded.line = work_read_u64(&reader, "line");
    decoded.column = work_read_u64(&reader, "column");
    decoded.message = cbor_read_bytes(&reader, WORK_TEXT_CAP, "message");
    if (!reader_end(&reader))
        return false;
    *answer = decoded;
    return true;
}

/* --- Enrolment --- */

bool work_enrol_encode(const struct work_enrol *request, struct arena *arena, struct span *message,
                       struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_ENROL, 7);

    cbor_write_uint(&writer, (uint64_t)request->now_s);
    cbor_write_bytes(&writer, request->ek_public);
    cbor_write_bytes(&writer, request->ak_public);
    cbor_write_array(&writer, request->n_certificates);
    for (size_t i = 0; i < request->n_certificates; i++)
        cbor_write_bytes(&writer, request->certificates[i]);
    cbor_write_bytes(&writer, request->credential);
    cbor_write_array(&writer, request->n_platform_certificates);
    for (size_t i = 0; i < request->n_platform_certificates; i++)
        cbor_write_bytes(&writer, request->platform_certificates[i]);
    return cbor_writer_done(&writer, message, error);
}

bool work_enrol_decode(struct span message, struct work_enrol *request, struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_enrol decoded = {0};

    work_begin(&reader, WORK_ENROL, 7);
    decoded.now_s = (int64_t)cbor_read_uint(&reader, INT64_MAX, "time");
    decoded.ek_public = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "EK");
    decoded.ak_public = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "AK");
    decoded.n_certificates = cbor_read_array(&reader, LIMIT_CHAIN_CERTIFICATES, "certificates");
    for (size_t i = 0; i < decoded.n_certificates; i++)
        decoded.certificates[i] = cbor_read_bytes(&reader, LIMIT_CERTIFICATE_LEN, "certificate");
    decoded.credential = cbor_read_bytes(&reader, ENDORSEMENT_SECRET_LEN, "credential");
    decoded.n_platform_certificates = cbor_read_array(&reader, LIMIT_PLATFORM_CERTIFICATES,
                                                      "platform certificates");
    for (size_t i = 0; i < decoded.n_platform_certificates; i++)
        decoded.platform_certificates[i] = cbor_read_bytes(&reader, LIMIT_PLATFORM_CERTIFICATE_LEN,
                                                           "platform certificate");
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool work_enrol_answer_encode(const struct work_enrol_answer *answer, struct arena *arena,
                              struct span *message, struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_ENROL, 13 + WORK_PLATFORM_TEXTS);

    cbor_write_bool(&writer, answer->accepted);
    cbor_write_uint(&writer, answer->endorsement);
    cbor_write_bytes(&writer, answer->host_id);
    cbor_write_bytes(&writer, answer->ak_name);
    cbor_write_bytes(&writer, answer->issuer);
    cbor_write_bytes(&writer, answer->manufacturer);
    cbor_write_bytes(&writer, answer->model);
    cbor_write_bytes(&writer, answer->version);
    for (size_t i = 0; i < WORK_PLATFORM_TEXTS; i++)
        cbor_write_bytes(&writer, answer->platform[i]);
    cbor_write_bytes(&writer, answer->id_object);
    cbor_write_bytes(&writer, answer->secret);
    work_write_reasons(&writer, answer->reasons);
    return cbor_writer_done(&writer, message, error);
}

bool work_enrol_answer_decode(struct span message, struct arena *arena,
                              struct work_enrol_answer *answer, struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_enrol_answer decoded = {0};

    work_begin(&reader, WORK_ENROL, 13 + WORK_PLATFORM_TEXTS);
    decoded.accepted = cbor_read_bool(&reader, "accepted");
    decoded.endorsement = (enum endorsement)cbor_read_uint(&reader, ENDORSEMENT_UNPROVEN,
                                                           "endorsement");
    decoded.host_id = cbor_read_bytes(&reader, ENDORSEMENT_ID_LEN, "host id");
    decoded.ak_name = cbor_read_bytes(&reader, 2 + LIMIT_TPM_DIGEST_LEN, "AK name");
    decoded.issuer = cbor_read_bytes(&reader, WORK_TEXT_CAP, "issuer");
    decoded.manufacturer = cbor_read_bytes(&reader, WORK_TEXT_CAP, "manufacturer");
    decoded.model = cbor_read_bytes(&reader, WORK_TEXT_CAP, "model");
    decoded.version = cbor_read_bytes(&reader, WORK_TEXT_CAP, "version");
    for (size_t i = 0; i < WORK_PLATFORM_TEXTS; i++)
        decoded.platform[i] = cbor_read_bytes(&reader, WORK_TEXT_CAP, "platform text");
    decoded.id_object = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "id object");
    decoded.secret = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "secret");
    decoded.reasons = work_read_reasons(&reader, arena);
    if (reader_ok(&reader) && decoded.accepted && decoded.host_id.len != ENDORSEMENT_ID_LEN)
        reader_fail(&reader, ERROR_MALFORMED, "a host id has 32 bytes");
    if (!reader_end(&reader))
        return false;
    *answer = decoded;
    return true;
}

/* --- Appraisal --- */

struct endorsed work_endorsed(const struct store_enrolment *enrolment)
{
    const struct store_platform *platform = &enrolment->platform;
    struct endorsed endorsed = {0};

    if (enrolment->endorsement != ENDORSEMENT_CHAIN)
        return endorsed;
    endorsed.texts[ENDORSED_EK_ISSUER] = span_text(enrolment->issuer);
    endorsed.texts[ENDORSED_TPM_MANUFACTURER] = span_text(enrolment->manufacturer);
    endorsed.texts[ENDORSED_TPM_MODEL] = span_text(enrolment->model);
    endorsed.texts[ENDORSED_PLATFORM_ISSUER] = span_text(platform->issuer);
    endorsed.texts[ENDORSED_PLATFORM_MANUFACTURER] = span_text(platform->manufacturer);
    endorsed.texts[ENDORSED_PLATFORM_MODEL] = span_text(platform->model);
    endorsed.texts[ENDORSED_PLATFORM_VERSION] = span_text(platform->version);
    endorsed.texts[ENDORSED_PLATFORM_SERIAL] = span_text(platform->serial);
    return endorsed;
}

bool work_appraise_encode(const struct work_appraise *request, struct arena *arena,
                          struct span *message, struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_APPRAISE, 16);

    cbor_write_bytes(&writer, request->evidence);
    cbor_write_bytes(&writer, request->ak_public);
    cbor_write_bytes(&writer, request->nonce);
    cbor_write_bool(&writer, request->channel_bound);
    cbor_write_bytes(&writer, request->channel_binding);
    cbor_write_uint(&writer, request->pcrs);
    cbor_write_bytes(&writer, request->identity_policy);
    write_history(&writer, &request->history);
    work_write_endorsed(&writer, &request->endorsed);
    cbor_write_bytes(&writer, request->memory);
    cbor_write_bool(&writer, request->steady_only);
    cbor_write_bool(&writer, request->logs_hashed);
    cbor_write_array(&writer, request->n_known_logs);
    for (size_t i = 0; i < request->n_known_logs; i++) {
        cbor_write_array(&writer, 2);
        cbor_write_bytes(&writer, request->known_logs[i].sha256);
        cbor_write_bytes(&writer, request->known_logs[i].bytes);
    }
    work_write_policies(&writer, &request->policies);
    work_write_catalog(&writer, &request->catalog);
    return cbor_writer_done(&writer, message, error);
}

bool work_appraise_decode(struct span message, struct arena *arena, struct work_appraise *request,
                          struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_appraise decoded = {0};

    work_begin(&reader, WORK_APPRAISE, 16);
    decoded.evidence = cbor_read_bytes(&reader, LIMIT_EVIDENCE_LEN, "evidence");
    decoded.ak_public = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "AK");
    decoded.nonce = cbor_read_bytes(&reader, LIMIT_NONCE_LEN, "nonce");
    decoded.channel_bound = cbor_read_bool(&reader, "channel bound");
    decoded.channel_binding = cbor_read_bytes(&reader, LIMIT_TPM_DIGEST_LEN, "channel binding");
    decoded.pcrs = work_read_u32(&reader, "PCRs");
    decoded.identity_policy = cbor_read_bytes(&reader, LIMIT_TPM_DIGEST_LEN, "identity policy");
    decoded.history = read_history(&reader);
    decoded.endorsed = work_read_endorsed(&reader);
    decoded.memory = cbor_read_bytes(&reader, WORK_MEMORY_CAP, "memory");
    decoded.steady_only = cbor_read_bool(&reader, "steady only");
    decoded.logs_hashed = cbor_read_bool(&reader, "logs hashed");
    decoded.n_known_logs = cbor_read_array(&reader, LIMIT_EVIDENCE_LOGS, "known logs");
    for (size_t i = 0; i < decoded.n_known_logs && reader_ok(&reader); i++) {
        if (cbor_read_array(&reader, 2, "known log") != 2)
            reader_fail(&reader, ERROR_MALFORMED, "a known log has two parts");
        decoded.known_logs[i].sha256 = cbor_read_bytes(&reader, 32, "digest");
        decoded.known_logs[i].bytes = cbor_read_bytes(&reader, LIMIT_EVIDENCE_LEN, "log");
    }
    decoded.policies = work_read_policies(&reader, arena);
    decoded.catalog = work_read_catalog(&reader);
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool work_appraise_answer_encode(const struct work_appraise_answer *answer, struct arena *arena,
                                 struct span *message, struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_APPRAISE, 19);

    cbor_write_bool(&writer, answer->applies);
    cbor_write_bool(&writer, answer->needs_sources);
    cbor_write_bool(&writer, answer->steady);
    cbor_write_uint(&writer, answer->verdict);
    cbor_write_bool(&writer, answer->quote_verified);
    cbor_write_bool(&writer, answer->logs_match);
    cbor_write_bool(&writer, answer->attributed);
    work_write_reasons(&writer, answer->reasons);
    write_history(&writer, &answer->history);
    cbor_write_bytes(&writer, answer->boot_sha256);
    cbor_write_bytes(&writer, answer->identity_spki);
    cbor_write_bytes(&writer, answer->memory);
    write_approval(&writer, &answer->approval);
    cbor_write_array(&writer, answer->observed != NULL);
    if (answer->observed)
        work_write_reasons(&writer, answer->observed);
    cbor_write_uint(&writer, answer->observed_verdict);
    cbor_write_bytes(&writer, answer->claims);
    cbor_write_bytes(&writer, answer->class_name);
    return cbor_writer_done(&writer, message, error);
}

bool work_appraise_answer_decode(struct span message, struct arena *arena,
                                 struct work_appraise_answer *answer, struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_appraise_answer decoded = {0};

    work_begin(&reader, WORK_APPRAISE, 19);
    decoded.applies = cbor_read_bool(&reader, "applies");
    decoded.needs_sources = cbor_read_bool(&reader, "needs sources");
    decoded.steady = cbor_read_bool(&reader, "steady");
    decoded.verdict = (enum verdict)cbor_read_uint(&reader, VERDICT_PENDING, "verdict");
    decoded.quote_verified = cbor_read_bool(&reader, "quote verified");
    decoded.logs_match = cbor_read_bool(&reader, "logs match");
    decoded.attributed = cbor_read_bool(&reader, "attributed");
    decoded.reasons = work_read_reasons(&reader, arena);
    decoded.history = read_history(&reader);
    decoded.boot_sha256 = cbor_read_bytes(&reader, 32, "measured state");
    decoded.identity_spki = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "identity key");
    decoded.memory = cbor_read_bytes(&reader, WORK_MEMORY_CAP, "memory");
    decoded.approval = read_approval(&reader);
    if (cbor_read_array(&reader, 1, "observed") == 1)
        decoded.observed = work_read_reasons(&reader, arena);
    decoded.observed_verdict = (enum verdict)cbor_read_uint(&reader, VERDICT_PENDING, "verdict");
    decoded.claims = cbor_read_bytes(&reader, sizeof(struct work_claims), "claims");
    decoded.class_name = cbor_read_bytes(&reader, WORK_TEXT_CAP, "class");
    if (reader_ok(&reader) && decoded.applies && !decoded.needs_sources &&
        (decoded.boot_sha256.len != STORE_DIGEST_LEN ||
         (!decoded.steady && decoded.claims.len != sizeof(struct work_claims))))
        reader_fail(&reader, ERROR_MALFORMED, "a measured state or its claims are cut short");
    if (!reader_end(&reader))
        return false;
    *answer = decoded;
    return true;
}

/* --- Trials --- */

bool work_try_encode(const struct work_try *request, struct arena *arena, struct span *message,
                     struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_TRY, 10);

    cbor_write_bytes(&writer, request->evidence);
    cbor_write_bytes(&writer, request->ak_public);
    cbor_write_bytes(&writer, request->identity_policy);
    work_write_endorsed(&writer, &request->endorsed);
    cbor_write_uint(&writer, request->pcrs);
    work_write_policies(&writer, &request->present);
    work_write_policies(&writer, &request->draft);
    work_write_catalog(&writer, &request->catalog);
    work_write_catalog(&writer, &request->draft_catalog);
    return cbor_writer_done(&writer, message, error);
}

bool work_try_decode(struct span message, struct arena *arena, struct work_try *request,
                     struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_try decoded = {0};

    work_begin(&reader, WORK_TRY, 10);
    decoded.evidence = cbor_read_bytes(&reader, LIMIT_EVIDENCE_LEN, "evidence");
    decoded.ak_public = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "AK");
    decoded.identity_policy = cbor_read_bytes(&reader, LIMIT_TPM_DIGEST_LEN, "identity policy");
    decoded.endorsed = work_read_endorsed(&reader);
    decoded.pcrs = work_read_u32(&reader, "PCRs");
    decoded.present = work_read_policies(&reader, arena);
    decoded.draft = work_read_policies(&reader, arena);
    decoded.catalog = work_read_catalog(&reader);
    decoded.draft_catalog = work_read_catalog(&reader);
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool work_try_answer_encode(const struct work_try_answer *answer, struct arena *arena,
                            struct span *message, struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_TRY, 5);

    cbor_write_bool(&writer, answer->needs_sources);
    cbor_write_uint(&writer, answer->present);
    cbor_write_uint(&writer, answer->draft);
    work_write_reasons(&writer, answer->reasons);
    return cbor_writer_done(&writer, message, error);
}

bool work_try_answer_decode(struct span message, struct arena *arena,
                            struct work_try_answer *answer, struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_try_answer decoded = {0};

    work_begin(&reader, WORK_TRY, 5);
    decoded.needs_sources = cbor_read_bool(&reader, "needs sources");
    decoded.present = (enum verdict)cbor_read_uint(&reader, VERDICT_PENDING, "verdict");
    decoded.draft = (enum verdict)cbor_read_uint(&reader, VERDICT_PENDING, "verdict");
    decoded.reasons = work_read_reasons(&reader, arena);
    if (!reader_end(&reader))
        return false;
    *answer = decoded;
    return true;
}

/* --- Memory --- */

bool work_memory_encode(const struct work_memory *memory, struct arena *arena, struct span *message,
                        struct error *error)
{
    const struct appraise_memory *known = &memory->appraise;
    struct cbor_writer writer = cbor_writer_init(arena);

    cbor_write_array(&writer, 8);
    cbor_write_bool(&writer, known->valid);
    cbor_write_uint(&writer, known->pcrs);
    cbor_write_uint(&writer, known->bank);
    cbor_write_bytes(&writer, span_of(known->logs_digest, sizeof known->logs_digest));
    cbor_write_bytes(&writer, span_of(known->inventory_digest, sizeof known->inventory_digest));
    cbor_write_bytes(&writer, span_of(known->pcr_digest, known->pcr_digest_len));
    cbor_write_uint(&writer, known->verdict);
    write_approval(&writer, &memory->approval);
    return cbor_writer_done(&writer, message, error);
}

static void read_fixed(struct reader *reader, uint8_t *bytes, size_t len, const char *what)
{
    struct span found = cbor_read_bytes(reader, len, what);

    if (found.len == len)
        memcpy(bytes, found.data, len);
    else
        reader_fail(reader, ERROR_MALFORMED, "%s has %zu bytes", what, len);
}

bool work_memory_decode(struct span message, struct work_memory *memory, struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_memory decoded = {0};
    struct appraise_memory *known = &decoded.appraise;
    struct span pcr_digest;

    if (cbor_read_array(&reader, 8, "memory") != 8)
        reader_fail(&reader, ERROR_MALFORMED, "a memory has eight parts");
    known->valid = cbor_read_bool(&reader, "valid");
    known->pcrs = work_read_u32(&reader, "PCRs");
    known->bank = (uint16_t)cbor_read_uint(&reader, UINT16_MAX, "bank");
    read_fixed(&reader, known->logs_digest, sizeof known->logs_digest, "digest of logs");
    read_fixed(&reader, known->inventory_digest, sizeof known->inventory_digest,
               "digest of inventory");
    pcr_digest = cbor_read_bytes(&reader, sizeof known->pcr_digest, "PCR digest");
    known->pcr_digest_len = pcr_digest.len;
    if (pcr_digest.len)
        memcpy(known->pcr_digest, pcr_digest.data, pcr_digest.len);
    known->verdict = (enum verdict)cbor_read_uint(&reader, VERDICT_PENDING, "verdict");
    decoded.approval = read_approval(&reader);
    if (!reader_end(&reader))
        return false;
    *memory = decoded;
    return true;
}
