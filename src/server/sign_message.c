#include "server/sign_message.h"

#include "wire/cbor.h"

static const char CLAUSE[] = "bootseald signer message";

enum {
    REQUEST_PARTS = 8,
    ANSWER_PARTS = 6,
    DER_CAP = SIGN_FRAME_LEN,
};

bool sign_request_encode(const struct sign_request *request, struct arena *arena,
                         struct span *message, struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    cbor_write_array(&writer, REQUEST_PARTS);
    cbor_write_uint(&writer, request->kind);
    cbor_write_bytes(&writer, request->host_id);
    cbor_write_bytes(&writer, request->name);
    cbor_write_bytes(&writer, request->spki);
    cbor_write_uint(&writer, (uint64_t)request->not_after_s);
    cbor_write_bytes(&writer, request->policy);
    cbor_write_uint(&writer, request->crl_number);
    cbor_write_array(&writer, request->n_revoked);
    for (size_t i = 0; i < request->n_revoked; i++) {
        cbor_write_array(&writer, 2);
        cbor_write_bytes(&writer, span_of(request->revoked[i].serial, CA_SERIAL_LEN));
        cbor_write_uint(&writer, (uint64_t)request->revoked[i].revoked_s);
    }
    return cbor_writer_done(&writer, message, error);
}

static void read_revoked(struct reader *reader, struct arena *arena, struct sign_request *request)
{
    size_t n_revoked = cbor_read_array(reader, SIGN_CRL_ENTRIES, "revoked");

    if (n_revoked == 0)
        return;
    request->revoked = arena_array(arena, n_revoked, sizeof *request->revoked);
    if (!request->revoked) {
        reader_fail(reader, ERROR_MEMORY, "no memory for a revocation list");
        return;
    }
    for (size_t i = 0; i < n_revoked && reader_ok(reader); i++) {
        struct span serial;

        if (cbor_read_array(reader, 2, "entry") != 2)
            reader_fail(reader, ERROR_MALFORMED, "an entry has two parts");
        serial = cbor_read_bytes(reader, CA_SERIAL_LEN, "serial");
        request->revoked[i].revoked_s = (int64_t)cbor_read_uint(reader, INT64_MAX, "time");
        if (serial.len == CA_SERIAL_LEN)
            memcpy(request->revoked[i].serial, serial.data, CA_SERIAL_LEN);
        else
            reader_fail(reader, ERROR_MALFORMED, "a serial has %d bytes", CA_SERIAL_LEN);
    }
    request->n_revoked = n_revoked;
}

bool sign_request_decode(struct span message, struct arena *arena, struct sign_request *request,
                         struct error *error)
{
    struct reader reader = reader_init(message, CLAUSE, error);
    struct sign_request decoded = {0};

    if (cbor_read_array(&reader, REQUEST_PARTS, "request") != REQUEST_PARTS)
        reader_fail(&reader, ERROR_MALFORMED, "a request has %d parts", REQUEST_PARTS);
    decoded.kind = (enum sign_kind)cbor_read_uint(&reader, SIGN_CRL, "kind");
    decoded.host_id = cbor_read_bytes(&reader, CA_HOST_ID_LEN, "host id");
    decoded.name = cbor_read_bytes(&reader, LIMIT_NAME_LEN, "name");
    decoded.spki = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "key");
    decoded.not_after_s = (int64_t)cbor_read_uint(&reader, INT64_MAX, "end");
    decoded.policy = cbor_read_bytes(&reader, OUTCOME_POLICY_LEN, "policy digest");
    decoded.crl_number = cbor_read_uint(&reader, INT64_MAX, "number");
    read_revoked(&reader, arena, &decoded);
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool sign_answer_encode(const struct sign_answer *answer, struct arena *arena, struct span *message,
                        struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    cbor_write_array(&writer, ANSWER_PARTS);
    cbor_write_bool(&writer, answer->done);
    cbor_write_bytes(&writer, answer->message);
    cbor_write_bytes(&writer, answer->der);
    cbor_write_bytes(&writer, answer->serial);
    cbor_write_bytes(&writer, answer->policy_key);
    cbor_write_uint(&writer, (uint64_t)answer->not_after_s);
    return cbor_writer_done(&writer, message, error);
}

bool sign_answer_decode(struct span message, struct sign_answer *answer, struct error *error)
{
    struct reader reader = reader_init(message, CLAUSE, error);
    struct sign_answer decoded = {0};

    if (cbor_read_array(&reader, ANSWER_PARTS, "answer") != ANSWER_PARTS)
        reader_fail(&reader, ERROR_MALFORMED, "an answer has %d parts", ANSWER_PARTS);
    decoded.done = cbor_read_bool(&reader, "done");
    decoded.message = cbor_read_bytes(&reader, sizeof(struct error), "message");
    decoded.der = cbor_read_bytes(&reader, DER_CAP, "DER");
    decoded.serial = cbor_read_bytes(&reader, CA_SERIAL_LEN, "serial");
    decoded.policy_key = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "policy key");
    decoded.not_after_s = (int64_t)cbor_read_uint(&reader, INT64_MAX, "end");
    if (!reader_end(&reader))
        return false;
    *answer = decoded;
    return true;
}
