/* TCG event logs: TCG PC Client Platform Firmware Profile (PFP) 1.06, section 10; TPM 1.2 format
 * (TCG_PCR_EVENT) and crypto-agile (TCG_PCR_EVENT2); CCEL (measurement registers of confidential
 * VMs); logs of a dynamic launch, which lie in an area larger than they are: "TXT Event Container"
 * (TPM 1.2), and crypto-agile logs whose header says where they end (secure kernel loader). What is
 * in the area behind the end is left from other boots, and no part of the log.
 *
 * Frames events, no more: no hashing, no meaning of data, nothing is believed. Knows the header
 * (Spec ID Event), padding with 0x00 or 0xFF after the last event, digests missing from an event,
 * and PCR indices that are none (Windows trust points: 0xFFFFFFFF). */
#ifndef BOOTSEAL_WIRE_EVENTLOG_H
#define BOOTSEAL_WIRE_EVENTLOG_H

#include "base/limits.h"
#include "base/reader.h"
#include "wire/tpm_alg.h"

enum eventlog_format {
    EVENTLOG_FORMAT_NONE = 0,
    EVENTLOG_FORMAT_TCG_1_2,      /* SHA-1 only; "tcg-1.2" in JSON */
    EVENTLOG_FORMAT_CRYPTO_AGILE, /* "crypto-agile" */
};

/* Event types: src/wire/event_types.def; the enum EV_... is made from it in wire/event_type.h. */

struct eventlog_bank {
    uint16_t alg;
    uint16_t digest_len; /* as the header declares it; unknown algorithms keep their size */
};

struct eventlog_digest {
    uint16_t alg;
    struct span bytes;
};

struct eventlog_event {
    uint32_t number; /* the header is event 0 */
    size_t offset;   /* of the event in the log */
    uint32_t pcr;    /* as written; may be over 23 */
    uint32_t type;
    struct eventlog_digest digests[LIMIT_EVENTLOG_BANKS];
    size_t n_digests;
    struct span data;
    size_t data_offset;
};

struct eventlog {
    struct span bytes;
    enum eventlog_format format;
    bool measurement_registers; /* CCEL: indices are measurement registers (PCR + 1), not PCRs */
    uint8_t spec_major, spec_minor, spec_errata; /* of the Spec ID Event; 0 without one */
    struct eventlog_bank banks[LIMIT_EVENTLOG_BANKS];
    size_t n_banks;
    struct reader reader;    /* private, as all that follows */
    struct span vendor_info; /* of the header */
    size_t padding;          /* where the fill bytes at the reader's end begin */
    uint32_t next_number;
    struct error *error;
};

enum eventlog_step { EVENTLOG_FAILED = 0, EVENTLOG_EVENT, EVENTLOG_END };

/* Reads the header, when there is one; the log's first event is then the header itself. bytes and
 * error must outlive the log. Over LIMIT_EVENTLOG_LEN is ERROR_LIMIT; an empty log is
 * ERROR_TRUNCATED. */
bool eventlog_open(struct eventlog *log, struct span bytes, struct error *error) MUST_CHECK;

/* The next event, header included. After EVENTLOG_FAILED the log's error is set. */
enum eventlog_step eventlog_next(struct eventlog *log, struct eventlog_event *event) MUST_CHECK;

/* The event's digest in a bank; false when it carries none. */
bool eventlog_event_digest(const struct eventlog_event *event, uint16_t alg, struct span *digest);

/* "tcg-1.2", "crypto-agile". */
const char *eventlog_format_name(enum eventlog_format format);

#endif
