#include "server/work_examine.h"

#include "server/work_parts.h"

bool work_examine_encode(const struct work_examine *request, struct arena *arena,
                         struct span *message, struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_EXAMINE, 9);

    cbor_write_bytes(&writer, request->evidence);
    cbor_write_bytes(&writer, request->ak_public);
    cbor_write_bytes(&writer, request->identity_policy);
    work_write_endorsed(&writer, &request->endorsed);
    cbor_write_uint(&writer, request->pcrs);
    work_write_policies(&writer, &request->policies);
    work_write_catalog(&writer, &request->catalog);
    cbor_write_bool(&writer, request->features);
    return cbor_writer_done(&writer, message, error);
}

bool work_examine_decode(struct span message, struct arena *arena, struct work_examine *request,
                         struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_examine decoded = {0};

    work_begin(&reader, WORK_EXAMINE, 9);
    decoded.evidence = cbor_read_bytes(&reader, LIMIT_EVIDENCE_LEN, "evidence");
    decoded.ak_public = cbor_read_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "AK");
    decoded.identity_policy = cbor_read_bytes(&reader, LIMIT_TPM_DIGEST_LEN, "identity policy");
    decoded.endorsed = work_read_endorsed(&reader);
    decoded.pcrs = work_read_u32(&reader, "PCRs");
    decoded.policies = work_read_policies(&reader, arena);
    decoded.catalog = work_read_catalog(&reader);
    decoded.features = cbor_read_bool(&reader, "features");
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool work_diff_encode(const struct work_diff *request, struct arena *arena, struct span *message,
                      struct error *error)
{
    struct cbor_writer writer = work_start(arena, WORK_DIFF, 5);

    cbor_write_bytes(&writer, request->before);
    cbor_write_bytes(&writer, request->after);
    work_write_endorsed(&writer, &request->endorsed);
    work_write_catalog(&writer, &request->catalog);
    return cbor_writer_done(&writer, message, error);
}

bool work_diff_decode(struct span message, struct work_diff *request, struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct work_diff decoded = {0};

    work_begin(&reader, WORK_DIFF, 5);
    decoded.before = cbor_read_bytes(&reader, LIMIT_EVIDENCE_LEN, "evidence before");
    decoded.after = cbor_read_bytes(&reader, LIMIT_EVIDENCE_LEN, "evidence after");
    decoded.endorsed = work_read_endorsed(&reader);
    decoded.catalog = work_read_catalog(&reader);
    if (!reader_end(&reader))
        return false;
    *request = decoded;
    return true;
}

bool work_json_encode(enum work_kind kind, struct span json, struct arena *arena,
                      struct span *message, struct error *error)
{
    struct cbor_writer writer = work_start(arena, kind, 2);

    cbor_write_bytes(&writer, json);
    return cbor_writer_done(&writer, message, error);
}

bool work_json_decode(struct span message, enum work_kind kind, struct span *json,
                      struct error *error)
{
    struct reader reader = reader_init(message, WORK_CLAUSE, error);
    struct span decoded;

    work_begin(&reader, kind, 2);
    decoded = cbor_read_bytes(&reader, LIMIT_LIST_ANSWER_LEN, "JSON");
    if (!reader_end(&reader))
        return false;
    *json = decoded;
    return true;
}
