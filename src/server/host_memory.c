#include "server/host_memory.h"

#include "ca/ca.h"
#include "wire/cbor.h"

enum { PARTS_BEFORE_CERTIFICATE = 7, PARTS = 9, WORK_CAP = 1024 };

bool host_memory_encode(const struct host_memory *memory, struct arena *arena, struct span *bytes,
                        struct error *error)
{
    struct cbor_writer writer = cbor_writer_init(arena);

    cbor_write_array(&writer, PARTS);
    cbor_write_bytes(&writer, memory->policy_sha256);
    cbor_write_bytes(&writer, memory->work);
    cbor_write_bytes(&writer, memory->identity_spki);
    cbor_write_uint(&writer, memory->approval.bank);
    cbor_write_uint(&writer, memory->approval.pcrs);
    cbor_write_bytes(&writer, span_of(memory->approval.policy,
                                      memory->approval.wanted ? OUTCOME_POLICY_LEN : 0));
    cbor_write_bytes(&writer, memory->approval_signature);
    cbor_write_bytes(&writer, memory->certificate_serial);
    cbor_write_uint(&writer, (uint64_t)memory->certificate_ends_s);
    return cbor_writer_done(&writer, bytes, error);
}

bool host_memory_decode(struct span bytes, struct host_memory *memory, struct error *error)
{
    struct reader reader = reader_init(bytes, "bootseald host memory", error);
    struct host_memory decoded = {0};
    struct span policy;
    size_t n_parts;

    if (bytes.len == 0) {
        *memory = decoded;
        return true;
    }
    n_parts = cbor_read_array(&reader, PARTS, "memory");
    if (n_parts != PARTS && n_parts != PARTS_BEFORE_CERTIFICATE)
        reader_fail(&reader, ERROR_MALFORMED, "a host's memory has %d parts", PARTS);
    decoded.policy_sha256 = cbor_read_bytes(&reader, STORE_DIGEST_LEN, "policy");
    decoded.work = cbor_read_bytes(&reader, WORK_CAP, "worker's memory");
    decoded.identity_spki = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "identity key");
    decoded.approval.bank = (uint16_t)cbor_read_uint(&reader, UINT16_MAX, "bank");
    decoded.approval.pcrs = (uint32_t)cbor_read_uint(&reader, UINT32_MAX, "PCRs");
    policy = cbor_read_bytes(&reader, OUTCOME_POLICY_LEN, "approved policy");
    decoded.approval.wanted = policy.len == OUTCOME_POLICY_LEN;
    if (decoded.approval.wanted)
        memcpy(decoded.approval.policy, policy.data, policy.len);
    decoded.approval_signature = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "approval");
    if (n_parts == PARTS) {
        decoded.certificate_serial = cbor_read_bytes(&reader, CA_SERIAL_LEN, "serial");
        decoded.certificate_ends_s = (int64_t)cbor_read_uint(&reader, INT64_MAX, "end");
    }
    if (!reader_end(&reader))
        return false;
    *memory = decoded;
    return true;
}
