/* Encoding and decoding of the host messages. See protocol.h for what this file owns.
 *
 * Each message is a map with integer keys; a decoder walks it once, notes which keys it saw, and at
 * the end demands exactly the keys that docs/protocol.md makes mandatory. */
#include "msg/protocol.h"

#include "wire/cbor.h"

#include <stdlib.h>

static const char CLAUSE_ENROL[] = "docs/protocol.md, 1";
static const char CLAUSE_CHALLENGE[] = "docs/protocol.md, 2";
static const char CLAUSE_ATTEST[] = "docs/protocol.md, 3";

#define KEY(number) (1u << (number))

/* A map being read: which keys came, and the reader they come from. */
struct fields {
    struct reader *reader;
    struct cbor_map map;
    uint32_t seen;
};

static struct fields fields_open(struct reader *reader, const char *what)
{
    return (struct fields){.reader = reader, .map = cbor_read_map(reader, 31, what)};
}

static bool fields_next(struct fields *fields, uint64_t *key)
{
    if (!cbor_map_next(fields->reader, &fields->map, key))
        return false;
    if (*key < 32)
        fields->seen |= KEY(*key);
    return true;
}

static void fields_unknown(struct fields *fields, uint64_t key)
{
    reader_fail(fields->reader, ERROR_MALFORMED, "key %llu means nothing here",
                (unsigned long long)key);
}

static void fields_demand(struct fields *fields, uint32_t keys)
{
    uint32_t missing = keys & ~fields->seen;

    if (missing && reader_ok(fields->reader))
        reader_fail(fields->reader, ERROR_MALFORMED, "key %d is missing", __builtin_ctz(missing));
}

/* Bytes that must be there and of which a cap holds. */
static struct span read_some(struct reader *reader, size_t cap, const char *what)
{
    struct span bytes = cbor_read_bytes(reader, cap, what);

    if (reader_ok(reader) && bytes.len == 0)
        reader_fail(reader, ERROR_MALFORMED, "%s is empty", what);
    return bytes;
}

static struct span read_exactly(struct reader *reader, size_t len, const char *what)
{
    struct span bytes = cbor_read_bytes(reader, len, what);

    if (reader_ok(reader) && bytes.len != len)
        reader_fail(reader, ERROR_MALFORMED, "%s has %zu bytes and not %zu", what, bytes.len, len);
    return bytes;
}

static size_t read_certificates(struct reader *reader, struct span *certificates)
{
    size_t n = cbor_read_array(reader, LIMIT_CHAIN_CERTIFICATES, "certificate chain");

    for (size_t i = 0; i < n; i++)
        certificates[i] = read_some(reader, LIMIT_CERTIFICATE_LEN, "certificate");
    return n;
}

static void write_certificates(struct cbor_writer *writer, const struct span *certificates,
                               size_t n)
{
    cbor_write_array(writer, n);
    for (size_t i = 0; i < n; i++)
        cbor_write_bytes(writer, certificates[i]);
}

static struct reader message_reader(struct span bytes, const char *clause, struct error *error)
{
    struct reader reader = reader_init(bytes, clause, error);

    reader_cap(&reader, bytes.len, LIMIT_MESSAGE_LEN, "message length");
    return reader;
}

static bool unencodable(struct error *error, const char *what)
{
    return error_plain(error, ERROR_USAGE, "%s cannot be sent: its size is not the protocol's",
                       what);
}

static bool fits(struct span bytes, size_t cap)
{
    return bytes.len > 0 && bytes.len <= cap;
}

static bool all_fit(const struct span *items, size_t n, size_t n_cap, size_t len_cap)
{
    if (n > n_cap)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!fits(items[i], len_cap))
            return false;
    return true;
}

static bool certificates_fit(const struct span *certificates, size_t n)
{
    return all_fit(certificates, n, LIMIT_CHAIN_CERTIFICATES, LIMIT_CERTIFICATE_LEN);
}

/* --- inventory --- */

static void read_inventory(struct reader *reader, struct arena *arena,
                           struct evidence_item **inventory, size_t *n_inventory)
{
    struct cbor_text_map map = cbor_read_text_map(reader, LIMIT_INVENTORY_ITEMS, "inventory");
    struct evidence_item *items = arena_array(arena, map.left + 1, sizeof *items);
    struct span name;
    size_t n = 0;

    if (!items) {
        reader_fail(reader, ERROR_MEMORY, "no memory for the inventory");
        return;
    }
    while (cbor_text_map_next(reader, &map, LIMIT_NAME_LEN, &name)) {
        items[n].name = name;
        items[n++].value = cbor_read_text(reader, LIMIT_INVENTORY_TEXT_LEN, "inventory value");
    }
    *inventory = items;
    *n_inventory = n;
}

static int item_order(const void *a, const void *b)
{
    const struct evidence_item *first = a, *second = b;

    return cbor_text_key_compare(first->name, second->name);
}

static bool write_inventory(struct cbor_writer *writer, struct evidence_item *items, size_t n,
                            struct error *error)
{
    if (n > LIMIT_INVENTORY_ITEMS)
        return unencodable(error, "inventory");
    if (n)
        qsort(items, n, sizeof *items, item_order);
    cbor_write_map(writer, n);
    for (size_t i = 0; i < n; i++) {
        if (!fits(items[i].name, LIMIT_NAME_LEN) || items[i].value.len > LIMIT_INVENTORY_TEXT_LEN ||
            (i && span_equal(items[i].name, items[i - 1].name)))
            return unencodable(error, "inventory item");
        cbor_write_text(writer, items[i].name);
        cbor_write_text(writer, items[i].value);
    }
    return true;
}

bool inventory_encode(struct evidence_item *items, size_t n_items, struct arena *arena,
                      struct span *bytes, struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    return write_inventory(&writer, items, n_items, error) &&
           cbor_writer_done(&writer, bytes, error);
}

bool inventory_decode(struct span bytes, struct arena *arena, struct evidence_item **items,
                      size_t *n_items, struct error *error)
{
    struct reader reader = message_reader(bytes, CLAUSE_ENROL, error);
    struct evidence_item *found = NULL;
    size_t n_found = 0;

    read_inventory(&reader, arena, &found, &n_found);
    if (!reader_end(&reader))
        return false;
    *items = found;
    *n_items = n_found;
    return true;
}

/* --- challenge --- */

static struct challenge read_challenge(struct reader *reader)
{
    struct fields fields = fields_open(reader, "challenge");
    struct challenge challenge = {0};
    uint64_t key;

    while (fields_next(&fields, &key)) {
        if (key == 1)
            challenge.nonce = read_exactly(reader, PROTOCOL_NONCE_LEN, "nonce");
        else if (key == 2)
            challenge.bank = (uint16_t)cbor_read_uint(reader, UINT16_MAX, "bank");
        else if (key == 3)
            challenge.pcrs = (uint32_t)cbor_read_uint(reader, (1u << LIMIT_PCRS) - 1,
                                                      "demanded PCRs");
        else if (key == 4)
            challenge.policy_key = read_some(reader, LIMIT_TPM_STRUCT_LEN, "policy key");
        else if (key == 5)
            challenge.policy_ref = cbor_read_bytes(reader, LIMIT_POLICY_REF_LEN,
                                                   "policy reference");
        else
            fields_unknown(&fields, key);
    }
    fields_demand(&fields, KEY(1) | KEY(2) | KEY(3) | KEY(4) | KEY(5));
    return challenge;
}

static bool write_challenge(struct cbor_writer *writer, const struct challenge *challenge,
                            struct error *error)
{
    if (challenge->nonce.len != PROTOCOL_NONCE_LEN || challenge->pcrs >> LIMIT_PCRS ||
        !fits(challenge->policy_key, LIMIT_TPM_STRUCT_LEN) ||
        challenge->policy_ref.len > LIMIT_POLICY_REF_LEN)
        return unencodable(error, "challenge");
    cbor_write_map(writer, 5);
    cbor_write_uint(writer, 1);
    cbor_write_bytes(writer, challenge->nonce);
    cbor_write_uint(writer, 2);
    cbor_write_uint(writer, challenge->bank);
    cbor_write_uint(writer, 3);
    cbor_write_uint(writer, challenge->pcrs);
    cbor_write_uint(writer, 4);
    cbor_write_bytes(writer, challenge->policy_key);
    cbor_write_uint(writer, 5);
    cbor_write_bytes(writer, challenge->policy_ref);
    return true;
}

bool challenge_decode(struct span bytes, struct challenge *challenge, struct error *error)
{
    struct reader reader = message_reader(bytes, CLAUSE_CHALLENGE, error);
    struct challenge decoded = read_challenge(&reader);

    if (!reader_end(&reader))
        return false;
    *challenge = decoded;
    return true;
}

bool challenge_encode(const struct challenge *challenge, struct arena *arena, struct span *bytes,
                      struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    return write_challenge(&writer, challenge, error) && cbor_writer_done(&writer, bytes, error);
}

bool challenge_request_decode(struct span bytes, struct challenge_request *request,
                              struct error *error)
{
    struct reader reader = message_reader(bytes, CLAUSE_CHALLENGE, error);
    struct fields fields = fields_open(&reader, "challenge request");
    struct challenge_request decoded = {0};
    uint64_t key;

    while (fields_next(&fields, &key)) {
        if (key == 1)
            decoded.host_id = read_exactly(&reader, PROTOCOL_HOST_ID_LEN, "host id");
        else
            fields_unknown(&fields, key);
    }
    fields_demand(&fields, KEY(1));
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool challenge_request_encode(const struct challenge_request *request, struct arena *arena,
                              struct span *bytes, struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    if (request->host_id.len != PROTOCOL_HOST_ID_LEN)
        return unencodable(error, "host id");
    cbor_write_map(&writer, 1);
    cbor_write_uint(&writer, 1);
    cbor_write_bytes(&writer, request->host_id);
    return cbor_writer_done(&writer, bytes, error);
}

/* --- enrol --- */

static void read_platform_certificates(struct reader *reader, struct enrol_request *request)
{
    size_t n = cbor_read_array(reader, LIMIT_PLATFORM_CERTIFICATES, "platform certificates");

    if (reader_ok(reader) && n == 0)
        reader_fail(reader, ERROR_MALFORMED, "no platform certificate, where key 7 stays away");
    for (size_t i = 0; i < n; i++)
        request->platform_certificates[i] = read_some(reader, LIMIT_PLATFORM_CERTIFICATE_LEN,
                                                      "platform certificate");
    request->n_platform_certificates = n;
}

static void read_enrol_field(struct fields *fields, uint64_t key, struct arena *arena,
                             struct enrol_request *request)
{
    struct reader *reader = fields->reader;

    switch (key) {
    case 1:
        if (cbor_read_uint(reader, UINT32_MAX, "version") != PROTOCOL_VERSION && reader_ok(reader))
            reader_fail(reader, ERROR_UNSUPPORTED, "only protocol version 1 is spoken here");
        break;
    case 2:
        request->name = cbor_read_text(reader, LIMIT_NAME_LEN, "host name");
        break;
    case 3:
        request->ek_public = read_some(reader, LIMIT_TPM_STRUCT_LEN, "EK");
        break;
    case 4:
        request->n_certificates = read_certificates(reader, request->certificates);
        break;
    case 5:
        request->ak_public = read_some(reader, LIMIT_TPM_STRUCT_LEN, "AK");
        break;
    case 6:
        read_inventory(reader, arena, &request->inventory, &request->n_inventory);
        break;
    case 7:
        read_platform_certificates(reader, request);
        break;
    default:
        fields_unknown(fields, key);
    }
}

bool enrol_request_decode(struct span bytes, struct arena *arena, struct enrol_request *request,
                          struct error *error)
{
    struct reader reader = message_reader(bytes, CLAUSE_ENROL, error);
    struct fields fields = fields_open(&reader, "enrol request");
    struct enrol_request decoded = {0};
    uint64_t key;

    while (fields_next(&fields, &key))
        read_enrol_field(&fields, key, arena, &decoded);
    fields_demand(&fields, KEY(1) | KEY(2) | KEY(3) | KEY(4) | KEY(5) | KEY(6));
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool enrol_request_encode(struct enrol_request *request, struct arena *arena, struct span *bytes,
                          struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    if (request->name.len > LIMIT_NAME_LEN || !fits(request->ek_public, LIMIT_TPM_STRUCT_LEN) ||
        !fits(request->ak_public, LIMIT_TPM_STRUCT_LEN) ||
        !certificates_fit(request->certificates, request->n_certificates) ||
        !all_fit(request->platform_certificates, request->n_platform_certificates,
                 LIMIT_PLATFORM_CERTIFICATES, LIMIT_PLATFORM_CERTIFICATE_LEN))
        return unencodable(error, "enrol request");
    cbor_write_map(&writer, request->n_platform_certificates ? 7 : 6);
    cbor_write_uint(&writer, 1);
    cbor_write_uint(&writer, PROTOCOL_VERSION);
    cbor_write_uint(&writer, 2);
    cbor_write_text(&writer, request->name);
    cbor_write_uint(&writer, 3);
    cbor_write_bytes(&writer, request->ek_public);
    cbor_write_uint(&writer, 4);
    write_certificates(&writer, request->certificates, request->n_certificates);
    cbor_write_uint(&writer, 5);
    cbor_write_bytes(&writer, request->ak_public);
    cbor_write_uint(&writer, 6);
    if (!write_inventory(&writer, request->inventory, request->n_inventory, error))
        return false;
    if (request->n_platform_certificates) {
        cbor_write_uint(&writer, 7);
        write_certificates(&writer, request->platform_certificates,
                           request->n_platform_certificates);
    }
    return cbor_writer_done(&writer, bytes, error);
}

bool enrol_answer_decode(struct span bytes, struct enrol_answer *answer, struct error *error)
{
    struct reader reader = message_reader(bytes, CLAUSE_ENROL, error);
    struct fields fields = fields_open(&reader, "enrol answer");
    struct enrol_answer decoded = {0};
    uint64_t key;

    while (fields_next(&fields, &key)) {
        if (key == 1)
            decoded.attempt_id = read_exactly(&reader, PROTOCOL_ATTEMPT_ID_LEN, "attempt id");
        else if (key == 2)
            decoded.id_object = read_some(&reader, LIMIT_TPM_STRUCT_LEN, "TPM2B_ID_OBJECT");
        else if (key == 3)
            decoded.secret = read_some(&reader, LIMIT_TPM_STRUCT_LEN, "TPM2B_ENCRYPTED_SECRET");
        else
            fields_unknown(&fields, key);
    }
    fields_demand(&fields, KEY(1) | KEY(2) | KEY(3));
    if (!reader_end(&reader))
        return false;
    *answer = decoded;
    return true;
}

bool enrol_answer_encode(const struct enrol_answer *answer, struct arena *arena, struct span *bytes,
                         struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    if (answer->attempt_id.len != PROTOCOL_ATTEMPT_ID_LEN ||
        !fits(answer->id_object, LIMIT_TPM_STRUCT_LEN) ||
        !fits(answer->secret, LIMIT_TPM_STRUCT_LEN))
        return unencodable(error, "enrol answer");
    cbor_write_map(&writer, 3);
    cbor_write_uint(&writer, 1);
    cbor_write_bytes(&writer, answer->attempt_id);
    cbor_write_uint(&writer, 2);
    cbor_write_bytes(&writer, answer->id_object);
    cbor_write_uint(&writer, 3);
    cbor_write_bytes(&writer, answer->secret);
    return cbor_writer_done(&writer, bytes, error);
}

/* --- activate --- */

bool activate_request_decode(struct span bytes, struct activate_request *request,
                             struct error *error)
{
    struct reader reader = message_reader(bytes, CLAUSE_ENROL, error);
    struct fields fields = fields_open(&reader, "activate request");
    struct activate_request decoded = {0};
    uint64_t key;

    while (fields_next(&fields, &key)) {
        if (key == 1)
            decoded.attempt_id = read_exactly(&reader, PROTOCOL_ATTEMPT_ID_LEN, "attempt id");
        else if (key == 2)
            decoded.credential = read_exactly(&reader, PROTOCOL_CREDENTIAL_LEN, "credential");
        else
            fields_unknown(&fields, key);
    }
    fields_demand(&fields, KEY(1) | KEY(2));
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool activate_request_encode(const struct activate_request *request, struct arena *arena,
                             struct span *bytes, struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    if (request->attempt_id.len != PROTOCOL_ATTEMPT_ID_LEN ||
        request->credential.len != PROTOCOL_CREDENTIAL_LEN)
        return unencodable(error, "activate request");
    cbor_write_map(&writer, 2);
    cbor_write_uint(&writer, 1);
    cbor_write_bytes(&writer, request->attempt_id);
    cbor_write_uint(&writer, 2);
    cbor_write_bytes(&writer, request->credential);
    return cbor_writer_done(&writer, bytes, error);
}

const char *enrolment_state_name(enum enrolment_state state)
{
    static const char *const NAMES[] = {"none", "enrolled", "pending"};

    return NAMES[state];
}

static enum enrolment_state read_enrolment_state(struct reader *reader)
{
    struct span text = cbor_read_text(reader, LIMIT_NAME_LEN, "state");

    for (int i = ENROLMENT_STATE_ENROLLED; i <= ENROLMENT_STATE_PENDING; i++)
        if (span_is(text, enrolment_state_name((enum enrolment_state)i)))
            return (enum enrolment_state)i;
    reader_fail(reader, ERROR_MALFORMED, "unknown state of an enrolment");
    return ENROLMENT_STATE_NONE;
}

bool activate_answer_decode(struct span bytes, struct activate_answer *answer, struct error *error)
{
    struct reader reader = message_reader(bytes, CLAUSE_ENROL, error);
    struct fields fields = fields_open(&reader, "activate answer");
    struct activate_answer decoded = {0};
    uint64_t key;

    while (fields_next(&fields, &key)) {
        if (key == 1)
            decoded.host_id = read_exactly(&reader, PROTOCOL_HOST_ID_LEN, "host id");
        else if (key == 2)
            decoded.state = read_enrolment_state(&reader);
        else if (key == 3)
            decoded.challenge = read_challenge(&reader);
        else if (key == 4)
            decoded.ca_certificate = read_some(&reader, LIMIT_CERTIFICATE_LEN, "CA certificate");
        else
            fields_unknown(&fields, key);
    }
    fields_demand(&fields, KEY(1) | KEY(2) | KEY(3) | KEY(4));
    if (!reader_end(&reader))
        return false;
    *answer = decoded;
    return true;
}

bool activate_answer_encode(const struct activate_answer *answer, struct arena *arena,
                            struct span *bytes, struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    if (answer->host_id.len != PROTOCOL_HOST_ID_LEN || answer->state == ENROLMENT_STATE_NONE ||
        !fits(answer->ca_certificate, LIMIT_CERTIFICATE_LEN))
        return unencodable(error, "activate answer");
    cbor_write_map(&writer, 4);
    cbor_write_uint(&writer, 1);
    cbor_write_bytes(&writer, answer->host_id);
    cbor_write_uint(&writer, 2);
    cbor_write_text(&writer, span_text(enrolment_state_name(answer->state)));
    cbor_write_uint(&writer, 3);
    if (!write_challenge(&writer, &answer->challenge, error))
        return false;
    cbor_write_uint(&writer, 4);
    cbor_write_bytes(&writer, answer->ca_certificate);
    return cbor_writer_done(&writer, bytes, error);
}

/* --- attest answer --- */

/* The words on the wire (docs/protocol.md, 3); a verdict of none is never sent. */
static const char *const VERDICT_WORDS[] = {
    [VERDICT_TRUSTED] = "trusted",     [VERDICT_ATTENTION] = "attention",
    [VERDICT_UNTRUSTED] = "untrusted", [VERDICT_UNKNOWN] = "unknown",
    [VERDICT_PENDING] = "pending",
};

static enum verdict read_verdict(struct reader *reader)
{
    struct span text = cbor_read_text(reader, LIMIT_NAME_LEN, "verdict");

    for (int i = VERDICT_TRUSTED; i <= VERDICT_PENDING; i++)
        if (span_is(text, VERDICT_WORDS[i]))
            return (enum verdict)i;
    reader_fail(reader, ERROR_MALFORMED, "unknown verdict");
    return VERDICT_NONE;
}

static struct attest_reason read_reason(struct reader *reader)
{
    struct fields fields = fields_open(reader, "reason");
    struct attest_reason reason = {0};
    uint64_t key;

    while (fields_next(&fields, &key)) {
        if (key == 1)
            reason.code = cbor_read_text(reader, LIMIT_NAME_LEN, "reason code");
        else if (key == 2)
            reason.text = cbor_read_text(reader, LIMIT_REASON_TEXT_LEN, "reason text");
        else
            fields_unknown(&fields, key);
    }
    fields_demand(&fields, KEY(1) | KEY(2));
    return reason;
}

static void read_reasons(struct reader *reader, struct arena *arena, struct attest_answer *answer)
{
    size_t n = cbor_read_array(reader, LIMIT_REASONS, "reasons");

    answer->reasons = arena_array(arena, n + 1, sizeof *answer->reasons);
    if (!answer->reasons) {
        reader_fail(reader, ERROR_MEMORY, "no memory for the reasons");
        return;
    }
    for (size_t i = 0; i < n && reader_ok(reader); i++)
        answer->reasons[i] = read_reason(reader);
    answer->n_reasons = n;
}

static void read_approval(struct reader *reader, struct attest_answer *answer)
{
    struct fields fields = fields_open(reader, "approval");
    uint64_t key;

    while (fields_next(&fields, &key)) {
        if (key == 1)
            answer->approval.bank = (uint16_t)cbor_read_uint(reader, UINT16_MAX, "approved bank");
        else if (key == 2)
            answer->approval.pcrs = (uint32_t)cbor_read_uint(reader, (1u << LIMIT_PCRS) - 1,
                                                             "approved PCRs");
        else if (key == 3)
            answer->approval.policy = read_exactly(reader, tpm_digest_len(TPM_ALG_SHA256),
                                                   "approved policy");
        else if (key == 4)
            answer->approval.signature = read_some(reader, LIMIT_TPM_STRUCT_LEN,
                                                   "approval signature");
        else
            fields_unknown(&fields, key);
    }
    fields_demand(&fields, KEY(1) | KEY(2) | KEY(3) | KEY(4));
}

static void read_attest_field(struct fields *fields, uint64_t key, struct arena *arena,
                              struct attest_answer *answer)
{
    struct reader *reader = fields->reader;

    switch (key) {
    case 1:
        answer->verdict = read_verdict(reader);
        break;
    case 2:
        answer->ends_s = cbor_read_uint(reader, INT64_MAX, "end of the verdict");
        break;
    case 3:
        answer->challenge = read_challenge(reader);
        break;
    case 4:
        read_reasons(reader, arena, answer);
        break;
    case 5:
        answer->n_certificates = read_certificates(reader, answer->certificates);
        if (reader_ok(reader) && answer->n_certificates == 0)
            reader_fail(reader, ERROR_MALFORMED, "an empty certificate chain is left out");
        break;
    case 6:
        read_approval(reader, answer);
        break;
    case 7:
        answer->send_logs = cbor_read_bool(reader, "wish for all logs");
        if (reader_ok(reader) && !answer->send_logs)
            reader_fail(reader, ERROR_MALFORMED, "a wish for logs that is none is left out");
        break;
    case 8:
        answer->verdict_id = cbor_read_text(reader, LIMIT_VERDICT_ID_LEN, "verdict id");
        break;
    default:
        fields_unknown(fields, key);
    }
}

bool attest_answer_decode(struct span bytes, struct arena *arena, struct attest_answer *answer,
                          struct error *error)
{
    struct reader reader = message_reader(bytes, CLAUSE_ATTEST, error);
    struct fields fields = fields_open(&reader, "attest answer");
    struct attest_answer decoded = {0};
    uint64_t key;

    while (fields_next(&fields, &key))
        read_attest_field(&fields, key, arena, &decoded);
    fields_demand(&fields, KEY(1) | KEY(2) | KEY(3) | KEY(4) | KEY(8));
    if (!reader_end(&reader))
        return false;
    *answer = decoded;
    return true;
}

static bool approval_fits(const struct attest_answer *answer)
{
    return answer->approval.signature.len == 0 ||
           (answer->approval.signature.len <= LIMIT_TPM_STRUCT_LEN &&
            answer->approval.policy.len == tpm_digest_len(TPM_ALG_SHA256) &&
            answer->approval.pcrs >> LIMIT_PCRS == 0);
}

static bool write_reasons(struct cbor_writer *writer, const struct attest_answer *answer,
                          struct error *error)
{
    if (answer->n_reasons > LIMIT_REASONS)
        return unencodable(error, "list of reasons");
    cbor_write_array(writer, answer->n_reasons);
    for (size_t i = 0; i < answer->n_reasons; i++) {
        if (answer->reasons[i].code.len > LIMIT_NAME_LEN ||
            answer->reasons[i].text.len > LIMIT_REASON_TEXT_LEN)
            return unencodable(error, "reason");
        cbor_write_map(writer, 2);
        cbor_write_uint(writer, 1);
        cbor_write_text(writer, answer->reasons[i].code);
        cbor_write_uint(writer, 2);
        cbor_write_text(writer, answer->reasons[i].text);
    }
    return true;
}

static void write_approval(struct cbor_writer *writer, const struct attest_answer *answer)
{
    cbor_write_map(writer, 4);
    cbor_write_uint(writer, 1);
    cbor_write_uint(writer, answer->approval.bank);
    cbor_write_uint(writer, 2);
    cbor_write_uint(writer, answer->approval.pcrs);
    cbor_write_uint(writer, 3);
    cbor_write_bytes(writer, answer->approval.policy);
    cbor_write_uint(writer, 4);
    cbor_write_bytes(writer, answer->approval.signature);
}

bool attest_answer_encode(const struct attest_answer *answer, struct arena *arena,
                          struct span *bytes, struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);
    bool approved = answer->approval.signature.len > 0;

    if (answer->verdict == VERDICT_NONE || answer->ends_s > INT64_MAX ||
        answer->verdict_id.len > LIMIT_VERDICT_ID_LEN || !approval_fits(answer) ||
        !certificates_fit(answer->certificates, answer->n_certificates))
        return unencodable(error, "attest answer");
    cbor_write_map(&writer, 5u + (answer->n_certificates > 0) + approved + answer->send_logs);
    cbor_write_uint(&writer, 1);
    cbor_write_text(&writer, span_text(VERDICT_WORDS[answer->verdict]));
    cbor_write_uint(&writer, 2);
    cbor_write_uint(&writer, answer->ends_s);
    cbor_write_uint(&writer, 3);
    if (!write_challenge(&writer, &answer->challenge, error))
        return false;
    cbor_write_uint(&writer, 4);
    if (!write_reasons(&writer, answer, error))
        return false;
    if (answer->n_certificates) {
        cbor_write_uint(&writer, 5);
        write_certificates(&writer, answer->certificates, answer->n_certificates);
    }
    if (approved) {
        cbor_write_uint(&writer, 6);
        write_approval(&writer, answer);
    }
    if (answer->send_logs) {
        cbor_write_uint(&writer, 7);
        cbor_write_bool(&writer, true);
    }
    cbor_write_uint(&writer, 8);
    cbor_write_text(&writer, answer->verdict_id);
    return cbor_writer_done(&writer, bytes, error);
}
