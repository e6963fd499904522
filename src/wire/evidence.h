/* Evidence: what one host sends for one attestation, and the saved bundle on disk (same bytes).
 *
 * Deterministic CBOR (RFC 8949 section 4.2), a map with integer keys (docs/protocol.md):
 *    1 version (1)           2 host id (32 bytes)        3 nonce
 *    4 bank (TPM_ALG_ID)     5 quote (TPMS_ATTEST)       6 quote signature (TPMT_SIGNATURE)
 *    7 logs: array of {1 kind, 2 sha256, 3 covered length, 4 bytes (absent: known by digest)}
 *    8 identity key: {1 TPMT_PUBLIC, 2 certify TPMS_ATTEST, 3 signature}; absent when unchanged
 *    9 inventory: map of text to text, host-said facts
 *   10 AK (TPMT_PUBLIC): in saved bundles, so that they stand alone; the service uses its own
 *   11 channel binding (32 bytes): in saved bundles; the service uses its own
 *   12 values of the quoted PCRs, ascending, one after the other: a hint that names wrong PCRs
 * Unknown keys are refused: an old service must not accept what it does not understand. */
#ifndef BOOTSEAL_WIRE_EVIDENCE_H
#define BOOTSEAL_WIRE_EVIDENCE_H

#include "base/arena.h"
#include "base/limits.h"

enum evidence_log_kind {
    EVIDENCE_LOG_NONE = 0,
    EVIDENCE_LOG_TCG = 1,     /* binary_bios_measurements */
    EVIDENCE_LOG_IMA = 2,     /* binary_runtime_measurements */
    EVIDENCE_LOG_DRTM = 3,    /* TXT, SKINIT or Windows DRTM log */
    EVIDENCE_LOG_SMBIOS = 4,  /* entry point and tables: wire/smbios.h */
    EVIDENCE_LOG_MOK = 5,     /* MokListRT: shim's list of the owner's keys */
    EVIDENCE_LOG_SYSTEMD = 6, /* /run/log/systemd/tpm2-measure.log */
};

struct evidence_log {
    enum evidence_log_kind kind;
    struct span sha256;   /* of the first covered_len bytes */
    uint64_t covered_len; /* how much the qualifying data vouches for; IMA grows after the quote */
    struct span bytes;
    bool has_bytes; /* false: the service is to know it by digest */
};

struct evidence_item {
    struct span name, value; /* UTF-8 */
};

struct evidence {
    struct span host_id;
    struct span nonce;
    uint16_t bank;
    struct span quote, quote_signature;
    struct evidence_log logs[LIMIT_EVIDENCE_LOGS];
    size_t n_logs;
    struct { /* all empty when absent */
        struct span public_area, certify, certify_signature;
    } identity;
    struct evidence_item *inventory; /* in the arena, sorted by name */
    size_t n_inventory;
    struct span ak_public;       /* empty when absent */
    struct span channel_binding; /* empty when absent */
    struct span pcr_values;      /* of the quoted PCRs, ascending; a hint; empty when absent */
};

/* Decodes; spans point into bytes. */
bool evidence_decode(struct span bytes, struct arena *arena, struct evidence *evidence,
                     struct error *error) MUST_CHECK;

/* Encodes into the arena. inventory is sorted in place. */
bool evidence_encode(struct evidence *evidence, struct arena *arena, struct span *bytes,
                     struct error *error) MUST_CHECK;

/* "TCG event log", "IMA list", "DRTM log". */
const char *evidence_log_kind_name(enum evidence_log_kind kind);

/* The most bytes that a log of a kind may have. */
size_t evidence_log_cap(enum evidence_log_kind kind);

/* The log of a kind, or NULL. */
const struct evidence_log *evidence_find_log(const struct evidence *evidence,
                                             enum evidence_log_kind kind);

#endif
