/* SIPA records: what the Windows boot chain measures in EV_EVENT_TAG (Windows SDK wbcl.h).
 *
 * A sequence of {id, size, payload}, little endian and without padding; a record with the
 * aggregation bit holds records in turn. Walks them in order, containers first, in bounded depth.
 * Only PCR 12, 13 and 14 (and 17-22 of a dynamic launch) carry them; other makers use the event
 * type elsewhere. */
#ifndef BOOTSEAL_WIRE_SIPA_H
#define BOOTSEAL_WIRE_SIPA_H

#include "base/limits.h"
#include "base/reader.h"

enum sipa_payload {
    SIPA_PAYLOAD_BYTES = 0,
    SIPA_PAYLOAD_CONTAINER,
    SIPA_PAYLOAD_BOOL, /* 1 byte */
    SIPA_PAYLOAD_U8,
    SIPA_PAYLOAD_U32,
    SIPA_PAYLOAD_U64,
    SIPA_PAYLOAD_STATUS, /* NTSTATUS */
    SIPA_PAYLOAD_UTF16,
    SIPA_PAYLOAD_DIGEST,
    SIPA_PAYLOAD_SI_POLICY,
    SIPA_PAYLOAD_REVOCATION_LIST,
    SIPA_PAYLOAD_SBCP,
    SIPA_PAYLOAD_KEY, /* SubjectPublicKeyInfo */
    SIPA_PAYLOAD_VSM_KEY,
    SIPA_PAYLOAD_SIGNER,
    SIPA_PAYLOAD_SIGNATURE, /* KSR */
    SIPA_PAYLOAD_ATTEST,    /* TPMS_ATTEST; of a TPM 1.2 a quote structure */
};

enum sipa_id {
#define SIPA(symbol, id, payload, meaning) SIPA_##symbol = (int)(id),
#include "wire/sipa.def"
#undef SIPA
};

enum { SIPA_FLAG_AGGREGATION = 0x40000000 };
#define SIPA_FLAG_UNMEASURED 0x80000000u

struct sipa_record {
    uint32_t id;
    struct span payload;
    size_t offset; /* of the record in the input */
    size_t depth;  /* 0: not in a container */
};

struct sipa_walk {
    struct reader levels[LIMIT_SIPA_DEPTH]; /* private, like the rest */
    size_t depth;
    size_t n_records;
    struct error *error;
};

enum sipa_step { SIPA_FAILED = 0, SIPA_RECORD, SIPA_END };

/* True when data begins like a Windows record: these are numbered by category, 1 to 12, in the third
 * byte, and the low bits of the top byte are free (wbcl.h). Tags of others do not look like that. */
bool sipa_begins(struct span data);

/* Starts on an event's data. Both arguments must outlive the walk. */
void sipa_open(struct sipa_walk *walk, struct span bytes, struct error *error);

/* The next record, the contents of a container right after it. After SIPA_FAILED the error is set.
 */
enum sipa_step sipa_next(struct sipa_walk *walk, struct sipa_record *record) MUST_CHECK;

/* Leaves out what is in the container that sipa_next has just returned. */
void sipa_skip(struct sipa_walk *walk);

/* "BOOTDEBUGGING"; NULL for an id that is not in the table. Static, as the next two. */
const char *sipa_name(uint32_t id);
const char *sipa_meaning(uint32_t id);
enum sipa_payload sipa_payload_kind(uint32_t id);

/* Bytes of the number that a record of this id holds: 1, 4 or 8; 0 when it holds none. */
size_t sipa_number_len(uint32_t id);

/* A payload that is a number, as the id demands. False for any other size. */
bool sipa_number(const struct sipa_record *record, uint64_t *value) MUST_CHECK;

#endif
