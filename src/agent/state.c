/* See state.h. */
#include "agent/state.h"

#include "os/file.h"
#include "wire/cbor.h"

static const char CLAUSE[] = "the agent's state, version 1";

enum {
    VERSION = 1,
    KEY_VERSION = 1,
    KEY_URL,
    KEY_CA,
    KEY_HOST_ID,
    KEY_NAME,
    KEY_AK,
    KEY_IDENTITY,
    KEY_CHALLENGE,
    KEY_ANSWERED,
    KEY_ANSWER,
    KEY_CERTIFICATES,
    KEY_APPROVAL,
    KEY_SENT,
    N_KEYS = KEY_SENT,
};

/* --- decoding --- */

static void read_key(struct reader *reader, struct agent_key *key)
{
    if (cbor_read_array(reader, 2, "key") != 2 && reader_ok(reader))
        reader_fail(reader, ERROR_MALFORMED, "a key is handle and name");
    key->handle = (uint32_t)cbor_read_uint(reader, UINT32_MAX, "handle");
    key->name = cbor_read_bytes(reader, 2 + LIMIT_TPM_DIGEST_LEN, "key name");
}

static size_t read_list(struct reader *reader, struct span *items, size_t cap, size_t len_cap,
                        const char *what)
{
    size_t n = cbor_read_array(reader, cap, what);

    for (size_t i = 0; i < n; i++)
        items[i] = cbor_read_bytes(reader, len_cap, what);
    return n;
}

static void read_approval(struct reader *reader, struct tpm_approval *approval)
{
    if (cbor_read_array(reader, 6, "approval") != 6 && reader_ok(reader))
        reader_fail(reader, ERROR_MALFORMED, "an approval has six parts");
    approval->bank = (uint16_t)cbor_read_uint(reader, UINT16_MAX, "bank");
    approval->pcrs = (uint32_t)cbor_read_uint(reader, (1u << LIMIT_PCRS) - 1, "PCRs");
    approval->policy = cbor_read_bytes(reader, LIMIT_TPM_DIGEST_LEN, "policy");
    approval->signature = cbor_read_bytes(reader, LIMIT_TPM_STRUCT_LEN, "signature");
    approval->policy_key = cbor_read_bytes(reader, LIMIT_TPM_STRUCT_LEN, "policy key");
    approval->policy_ref = cbor_read_bytes(reader, LIMIT_POLICY_REF_LEN, "policy reference");
}

static void read_field(struct reader *reader, uint64_t key, struct agent_state *state)
{
    switch (key) {
    case KEY_VERSION:
        if (cbor_read_uint(reader, UINT32_MAX, "version") != VERSION)
            reader_fail(reader, ERROR_UNSUPPORTED, "it was written by another version");
        break;
    case KEY_URL:
        state->url = cbor_read_text(reader, LIMIT_URL_LEN, "URL");
        break;
    case KEY_CA:
        state->ca = cbor_read_text(reader, LIMIT_CA_LEN, "CA");
        break;
    case KEY_HOST_ID:
        state->host_id = cbor_read_bytes(reader, PROTOCOL_HOST_ID_LEN, "host id");
        break;
    case KEY_NAME:
        state->name = cbor_read_text(reader, LIMIT_NAME_LEN, "host name");
        break;
    case KEY_AK:
        read_key(reader, &state->ak);
        break;
    case KEY_IDENTITY:
        read_key(reader, &state->identity);
        break;
    case KEY_CHALLENGE:
        state->challenge = cbor_read_bytes(reader, LIMIT_MESSAGE_LEN, "challenge");
        break;
    case KEY_ANSWERED:
        state->answered_s = (int64_t)cbor_read_uint(reader, INT64_MAX, "time of the answer");
        break;
    case KEY_ANSWER:
        state->answer = cbor_read_bytes(reader, LIMIT_MESSAGE_LEN, "answer");
        break;
    case KEY_CERTIFICATES:
        state->n_certificates = read_list(reader, state->certificates, LIMIT_CHAIN_CERTIFICATES,
                                          LIMIT_CERTIFICATE_LEN, "certificates");
        break;
    case KEY_APPROVAL:
        read_approval(reader, &state->approval);
        break;
    case KEY_SENT:
        state->n_sent = read_list(reader, state->sent, LIMIT_EVIDENCE_LOGS,
                                  tpm_digest_len(TPM_ALG_SHA256), "logs sent");
        break;
    default:
        reader_fail(reader, ERROR_MALFORMED, "key %llu means nothing here",
                    (unsigned long long)key);
    }
}

/* The URL is used as a C string later. */
static bool terminate_url(struct agent_state *state, struct arena *arena, struct error *error)
{
    char *url = arena_text(arena, state->url);

    if (!url)
        return arena_error(arena, error);
    if (strlen(url) != state->url.len)
        return error_plain(error, ERROR_MALFORMED, "The service's URL holds a zero byte");
    state->url = span_text(url);
    return true;
}

bool agent_state_decode(struct span bytes, struct arena *arena, struct agent_state *state,
                        struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE, error);
    struct cbor_map map = cbor_read_map(&reader, N_KEYS, "state");
    struct agent_state decoded = {0};
    uint64_t key, n_keys = 0;

    for (; cbor_map_next(&reader, &map, &key); n_keys++)
        read_field(&reader, key, &decoded);
    if (reader_ok(&reader) && n_keys != N_KEYS)
        reader_fail(&reader, ERROR_MALFORMED, "a key is missing");
    if (!reader_end(&reader) || !terminate_url(&decoded, arena, error))
        return false;
    *state = decoded;
    return true;
}

/* --- encoding --- */

static void write_member(struct cbor_writer *writer, uint64_t key, struct span bytes)
{
    cbor_write_uint(writer, key);
    cbor_write_bytes(writer, bytes);
}

static void write_text(struct cbor_writer *writer, uint64_t key, struct span text)
{
    cbor_write_uint(writer, key);
    cbor_write_text(writer, text);
}

static void write_key(struct cbor_writer *writer, uint64_t number, const struct agent_key *key)
{
    cbor_write_uint(writer, number);
    cbor_write_array(writer, 2);
    cbor_write_uint(writer, key->handle);
    cbor_write_bytes(writer, key->name);
}

static void write_list(struct cbor_writer *writer, uint64_t key, const struct span *items, size_t n)
{
    cbor_write_uint(writer, key);
    cbor_write_array(writer, n);
    for (size_t i = 0; i < n; i++)
        cbor_write_bytes(writer, items[i]);
}

static void write_approval(struct cbor_writer *writer, const struct tpm_approval *approval)
{
    cbor_write_uint(writer, KEY_APPROVAL);
    cbor_write_array(writer, 6);
    cbor_write_uint(writer, approval->bank);
    cbor_write_uint(writer, approval->pcrs);
    cbor_write_bytes(writer, approval->policy);
    cbor_write_bytes(writer, approval->signature);
    cbor_write_bytes(writer, approval->policy_key);
    cbor_write_bytes(writer, approval->policy_ref);
}

bool agent_state_encode(const struct agent_state *state, struct arena *arena, struct span *bytes,
                        struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    cbor_write_map(&writer, N_KEYS);
    cbor_write_uint(&writer, KEY_VERSION);
    cbor_write_uint(&writer, VERSION);
    write_text(&writer, KEY_URL, state->url);
    write_text(&writer, KEY_CA, state->ca);
    write_member(&writer, KEY_HOST_ID, state->host_id);
    write_text(&writer, KEY_NAME, state->name);
    write_key(&writer, KEY_AK, &state->ak);
    write_key(&writer, KEY_IDENTITY, &state->identity);
    write_member(&writer, KEY_CHALLENGE, state->challenge);
    cbor_write_uint(&writer, KEY_ANSWERED);
    cbor_write_uint(&writer, (uint64_t)state->answered_s);
    write_member(&writer, KEY_ANSWER, state->answer);
    write_list(&writer, KEY_CERTIFICATES, state->certificates, state->n_certificates);
    write_approval(&writer, &state->approval);
    write_list(&writer, KEY_SENT, state->sent, state->n_sent);
    return cbor_writer_done(&writer, bytes, error);
}

/* --- the file --- */

static const char *state_path(const char *dir, struct arena *arena)
{
    return arena_printf(arena, "%s/state", dir);
}

bool agent_state_load(const char *dir, struct arena *arena, struct agent_state *state,
                      struct error *error)
{
    const char *path = state_path(dir, arena);
    struct error reason;
    struct span bytes;

    if (!path)
        return arena_error(arena, error);
    if (!os_file_read(path, LIMIT_AGENT_STATE_LEN, arena, &bytes, error)) {
        if (error->code != ERROR_NOT_FOUND)
            return false;
        return error_plain(error, ERROR_NOT_FOUND,
                           "This host is not enrolled (%s does not exist). Run: bootseal-agent "
                           "enroll URL --ca-fingerprint HEX",
                           path);
    }
    if (!agent_state_decode(bytes, arena, state, &reason))
        return error_set(error, reason.code, reason.offset, reason.clause,
                         "%s is damaged: %.120s. Remove it and enrol again", path, reason.message);
    return true;
}

bool agent_state_save(const char *dir, const struct agent_state *state, struct arena *arena,
                      struct error *error)
{
    const char *path = state_path(dir, arena);
    struct span bytes;

    if (!path)
        return arena_error(arena, error);
    return agent_state_encode(state, arena, &bytes, error) && os_directory_make(dir, error) &&
           os_file_write(path, OS_FILE_PUBLIC, bytes, error);
}

bool agent_state_check_tpm(const struct agent_state *state, struct tpm *tpm, struct arena *arena,
                           struct error *error)
{
    struct tpm_key ak;

    if (tpm_key_read(tpm, state->ak.handle, arena, &ak, error)) {
        if (span_equal(ak.name, state->ak.name))
            return true;
    } else if (error->code != ERROR_NOT_FOUND) {
        return false;
    }
    return error_plain(error, ERROR_CONFLICT,
                       "The TPM was cleared or replaced: the attestation key of this enrolment is "
                       "gone. Enrol again: bootseal-agent enroll %s --ca FILE",
                       (const char *)state->url.data);
}
