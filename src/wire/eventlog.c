/* Framing of TCG event logs. Owns nothing; trusts nothing, every length and count is the host's.
 * Must never hash, never believe a type, and never skip bytes that it does not understand. */
#include "wire/eventlog.h"

#include "wire/event_type.h"

static const char CLAUSE_EVENT[] = "TCG PFP 1.06, 10.2.1 TCG_PCR_EVENT";
static const char CLAUSE_EVENT2[] = "TCG PFP 1.06, 10.2.2 TCG_PCR_EVENT2";
static const char CLAUSE_SPEC_ID[] = "TCG PFP 1.06, 10.4.5.1 TCG_EfiSpecIdEvent";
static const char CLAUSE_CONTAINER[] = "Intel TXT Software Development Guide, appendix F";

enum { SPEC_ID_SIGNATURE_LEN = 16, CONTAINER_SIGNATURE_LEN = 20, SHA1_LEN = 20 };

/* TPM 1.2 and Secure Launch on it: the events stand in a container that says where they end. */
static bool open_container(struct eventlog *log)
{
    struct reader head = reader_init(log->bytes, CLAUSE_CONTAINER, log->error);
    uint32_t container_len, first, next;

    reader_bytes(&head, CONTAINER_SIGNATURE_LEN, "signature");
    reader_bytes(&head, 12, "reserved bytes");
    reader_bytes(&head, 4, "versions");
    container_len = reader_le32(&head);
    first = reader_le32(&head);
    next = reader_le32(&head);
    if (!reader_ok(&head))
        return false;
    if (first < reader_offset(&head) || first > next || next > container_len)
        return reader_fail(&head, ERROR_MALFORMED,
                           "the events are said to be bytes %u to %u of %u in the container", first,
                           next, container_len);
    log->reader = reader_init(log->bytes, CLAUSE_EVENT, log->error);
    reader_bytes(&log->reader, first, "container header");
    log->reader = reader_child(&log->reader, next - first, CLAUSE_EVENT);
    return reader_ok(&log->reader);
}

static bool bank_known(const struct eventlog *log, uint16_t alg, uint16_t *digest_len)
{
    for (size_t i = 0; i < log->n_banks; i++)
        if (log->banks[i].alg == alg) {
            *digest_len = log->banks[i].digest_len;
            return true;
        }
    return false;
}

static void read_bank(struct eventlog *log, struct reader *spec)
{
    struct eventlog_bank bank = {.alg = reader_le16(spec), .digest_len = reader_le16(spec)};
    size_t known_len = tpm_digest_len(bank.alg);
    uint16_t ignored;

    if (!reader_ok(spec))
        return;
    if (bank_known(log, bank.alg, &ignored))
        reader_fail(spec, ERROR_MALFORMED, "the header declares algorithm 0x%04x twice", bank.alg);
    else if (bank.digest_len == 0 || (known_len && known_len != bank.digest_len))
        reader_fail(spec, ERROR_MALFORMED, "the header gives algorithm 0x%04x digests of %u bytes",
                    bank.alg, bank.digest_len);
    else if (reader_cap(spec, bank.digest_len, LIMIT_TPM_DIGEST_LEN, "digest size"))
        log->banks[log->n_banks++] = bank;
}

/* td-shim writes its header with index 0 and its events with the indices of measurement registers;
 * its name in the vendor information is the only sign of it. */
static bool vendor_has_measurement_registers(struct span vendor)
{
    return span_is(vendor, "td-shim");
}

/* The element by which Intel's heap points to a log of TPM 2.0 (event log pointer 2.1): address and
 * size of the area, first and next event as offsets in it. TrenchBoot's secure kernel loader has it
 * in its header. It has no magic: what does not fit this log is somebody else's vendor information.
 * A log cut short by it fails no check here; its replay then leads to other PCRs. */
static void end_where_header_says(struct eventlog *log)
{
    struct error ignored;
    struct reader element = reader_init(log->vendor_info, CLAUSE_CONTAINER, &ignored);
    uint64_t address = reader_le64(&element);
    uint32_t area_len = reader_le32(&element);
    uint32_t first = reader_le32(&element);
    uint32_t next = reader_le32(&element);
    size_t header_end = (size_t)(log->vendor_info.data + log->vendor_info.len - log->bytes.data);

    if (!reader_end(&element) || address == 0 || first != 0 || next < header_end ||
        next > area_len || next > log->bytes.len)
        return;
    log->reader = reader_init(span_of(log->bytes.data, next), CLAUSE_EVENT2, log->error);
}

static bool read_spec_id(struct eventlog *log, const struct eventlog_event *header)
{
    struct reader spec = reader_init(header->data, CLAUSE_SPEC_ID, log->error);
    uint32_t n_banks;

    spec.base = header->data_offset;
    reader_bytes(&spec, SPEC_ID_SIGNATURE_LEN, "signature");
    reader_le32(&spec); /* platform class */
    log->spec_minor = reader_u8(&spec);
    log->spec_major = reader_u8(&spec);
    log->spec_errata = reader_u8(&spec);
    reader_u8(&spec); /* size of UINTN */
    if (log->format == EVENTLOG_FORMAT_TCG_1_2)
        return reader_ok(&spec); /* vendor information follows, which 1.2 firmware gets wrong */

    n_banks = reader_le32(&spec);
    if (reader_ok(&spec) && n_banks == 0)
        return reader_fail(&spec, ERROR_MALFORMED, "the header declares no algorithm");
    if (!reader_cap(&spec, n_banks, LIMIT_EVENTLOG_BANKS, "number of algorithms"))
        return false;
    while (n_banks-- > 0)
        read_bank(log, &spec);
    log->vendor_info = reader_bytes(&spec, reader_u8(&spec), "vendor info");
    if (vendor_has_measurement_registers(log->vendor_info))
        log->measurement_registers = true;
    return reader_end(&spec);
}

/* TCG_PCR_EVENT: the header event, and all events of the TPM 1.2 format. */
static void read_event_1_2(struct reader *reader, struct eventlog_event *event)
{
    event->pcr = reader_le32(reader);
    event->type = reader_le32(reader);
    event->digests[0].alg = TPM_ALG_SHA1;
    event->digests[0].bytes = reader_bytes(reader, SHA1_LEN, "SHA-1 digest");
    event->n_digests = 1;
    event->data = reader_le32_bytes(reader, LIMIT_EVENT_DATA_LEN, "event data");
    event->data_offset = reader_offset(reader) - event->data.len;
}

/* CCEL numbers its registers from 1 on (0 is MRTD, which no log extends). OVMF gives the header
 * index 1; a PCR log has its header in PCR 0. */
static bool header_names_register(const struct eventlog_event *header)
{
    return header->pcr == 1;
}

static void be_tcg_1_2(struct eventlog *log)
{
    log->format = EVENTLOG_FORMAT_TCG_1_2;
    log->reader.clause = CLAUSE_EVENT;
    log->banks[0] = (struct eventlog_bank){TPM_ALG_SHA1, SHA1_LEN};
    log->n_banks = 1;
}

/* Firmware fills the log area with 0x00 or 0xFF after the last event, to the end. Returns where the
 * last run of such a byte begins; the last event's own data may end inside it. */
static size_t padding_begin(struct span input)
{
    uint8_t fill = input.len ? input.data[input.len - 1] : 1;
    size_t at = input.len;

    if (fill == 0x00 || fill == 0xFF)
        while (at > 0 && input.data[at - 1] == fill)
            at--;
    return at;
}

static bool has_spec_id(const struct eventlog_event *header, const char *signature)
{
    return header->type == EV_NO_ACTION &&
           span_begins(header->data, span_of(signature, SPEC_ID_SIGNATURE_LEN));
}

static bool read_header(struct eventlog *log)
{
    struct eventlog_event header = {0};
    struct reader peek = log->reader;

    read_event_1_2(&peek, &header);
    if (!reader_ok(&peek))
        return false;
    if (has_spec_id(&header, "Spec ID Event03")) {
        log->format = EVENTLOG_FORMAT_CRYPTO_AGILE;
        log->measurement_registers = header_names_register(&header);
        return read_spec_id(log, &header);
    }
    be_tcg_1_2(log);
    if (has_spec_id(&header, "Spec ID Event00") || has_spec_id(&header, "Spec ID Event02"))
        return read_spec_id(log, &header);
    return true;
}

bool eventlog_open(struct eventlog *log, struct span bytes, struct error *error)
{
    static const char container[CONTAINER_SIGNATURE_LEN] = "TXT Event Container";
    struct eventlog opened = {.bytes = bytes, .error = error};

    if (bytes.len > LIMIT_EVENTLOG_LEN)
        return error_set(error, ERROR_LIMIT, LIMIT_EVENTLOG_LEN, CLAUSE_EVENT,
                         "the log has %zu bytes, over the limit of %d", bytes.len,
                         LIMIT_EVENTLOG_LEN);
    opened.reader = reader_init(bytes, CLAUSE_EVENT, error);
    if (span_begins(bytes, span_of(container, sizeof container)) && !open_container(&opened))
        return false;
    if (!read_header(&opened))
        return false;
    if (opened.vendor_info.len && opened.reader.input.data == bytes.data)
        end_where_header_says(&opened);
    opened.padding = padding_begin(opened.reader.input);
    *log = opened;
    return true;
}

/* TCG_PCR_EVENT2: digests by algorithm, each of the size that the header declares. */
static void read_event_2(struct eventlog *log, struct eventlog_event *event)
{
    struct reader *reader = &log->reader;
    uint32_t n_digests;
    bool in_order = true; /* as the header declares the algorithms, each of them once */

    event->pcr = reader_le32(reader);
    event->type = reader_le32(reader);
    n_digests = reader_le32(reader);
    event->n_digests = 0;
    if (reader_ok(reader) && n_digests > log->n_banks)
        reader_fail(reader, ERROR_MALFORMED,
                    "the event has %u digests, the header declares %zu algorithms", n_digests,
                    log->n_banks);
    while (event->n_digests < n_digests && reader_ok(reader)) {
        struct eventlog_digest digest = {.alg = reader_le16(reader)};
        struct span twice;
        uint16_t len = 0;

        in_order &= log->banks[event->n_digests].alg == digest.alg;
        if (in_order)
            len = log->banks[event->n_digests].digest_len;
        else if (reader_ok(reader) && !bank_known(log, digest.alg, &len))
            reader_fail(reader, ERROR_MALFORMED,
                        "a digest is of algorithm 0x%04x, which the header does not declare",
                        digest.alg);
        else if (eventlog_event_digest(event, digest.alg, &twice))
            reader_fail(reader, ERROR_MALFORMED, "the event has two digests of algorithm 0x%04x",
                        digest.alg);
        digest.bytes = reader_bytes(reader, len, "digest");
        event->digests[event->n_digests++] = digest;
    }
    event->data = reader_le32_bytes(reader, LIMIT_EVENT_DATA_LEN, "event data");
    event->data_offset = reader_offset(reader) - event->data.len;
}

enum eventlog_step eventlog_next(struct eventlog *log, struct eventlog_event *event)
{
    struct reader *reader = &log->reader;

    if (!reader_ok(reader))
        return EVENTLOG_FAILED;
    if (reader->at >= log->padding)
        return EVENTLOG_END;
    if (!reader_cap(reader, log->next_number + 1u, LIMIT_EVENTLOG_EVENTS, "number of events"))
        return EVENTLOG_FAILED;
    event->number = log->next_number;
    event->offset = reader_offset(reader);
    if (log->format == EVENTLOG_FORMAT_CRYPTO_AGILE && log->next_number > 0) {
        reader->clause = CLAUSE_EVENT2;
        read_event_2(log, event);
    } else {
        read_event_1_2(reader, event);
    }
    if (!reader_ok(reader))
        return EVENTLOG_FAILED;
    log->next_number++;
    return EVENTLOG_EVENT;
}

bool eventlog_event_digest(const struct eventlog_event *event, uint16_t alg, struct span *digest)
{
    for (size_t i = 0; i < event->n_digests; i++)
        if (event->digests[i].alg == alg) {
            *digest = event->digests[i].bytes;
            return true;
        }
    return false;
}

const char *eventlog_format_name(enum eventlog_format format)
{
    switch (format) {
    case EVENTLOG_FORMAT_TCG_1_2:
        return "tcg-1.2";
    case EVENTLOG_FORMAT_CRYPTO_AGILE:
        return "crypto-agile";
    case EVENTLOG_FORMAT_NONE:
        break;
    }
    return "none";
}
