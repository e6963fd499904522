/* Is a host in a hardware catalogue, for which level, and how well is that proven?
 *
 * A model is matched by everything that its entry demands, each held against the claim of the same
 * meaning; the match is proven no better than the worst of them. The machine's name is that of its
 * platform certificate, where it has one that is proven; a host whose SMBIOS names another machine than
 * that matches nothing. Must never take a model's name for proven because its firmware is, unless the
 * catalogue says that these images prove the model. */
#ifndef BOOTSEAL_CLAIMS_CERTIFICATION_H
#define BOOTSEAL_CLAIMS_CERTIFICATION_H

#include "claims/claims.h"

enum certification_criterion {
    CERTIFICATION_MANUFACTURER,
    CERTIFICATION_PRODUCT,
    CERTIFICATION_FIRMWARE,
    CERTIFICATION_IMAGES,
    CERTIFICATION_TPM_MANUFACTURER,
    CERTIFICATION_TPM_MODEL,
    CERTIFICATION_PLATFORM_ISSUER,
    CERTIFICATION_EK_ISSUER,
    CERTIFICATION_CRITERIA
};

enum certification_state {
    CERTIFICATION_NOT_ASKED = 0, /* the entry demands nothing here */
    CERTIFICATION_DIFFERS,
    CERTIFICATION_UNKNOWN, /* the host does not say, or not in the catalogue's hash */
    CERTIFICATION_HOLDS,
};

/* What an answer rests on. */
enum certification_proof {
    CERTIFICATION_BY_CLAIM = 0, /* the claim of the same meaning */
    CERTIFICATION_BY_IMAGES, /* images prove the model: the name itself is proven less, or not told */
    CERTIFICATION_BY_PLATFORM, /* the platform certificate */
};

struct certification_answer {
    enum certification_state state;
    enum claim_grade grade;
    enum certification_proof by;
};

struct certification {
    enum certification_state state;    /* never NOT_ASKED */
    enum claim_grade grade;            /* of state; UNPROVEN when it is UNKNOWN */
    const struct catalog_model *model; /* the one that holds best, or comes nearest */
    struct certification_answer answers[CERTIFICATION_CRITERIA]; /* of model */
    bool
        contradicted; /* SMBIOS and platform certificate name different machines: no model matches */
};

/* Holds the claims of a host against every model: the highest level that holds, then the best
 * grade. DIFFERS: every model differs somewhere, as well proven as grade says. */
void certification_find(const struct catalog *catalog, const struct claims *claims,
                        struct certification *certification);

/* The key of the catalogue that demands it, "firmware_images", and the claim that was held against it. */
const char *certification_key(enum certification_criterion criterion);
enum claim_id certification_claim(const struct certification *certification,
                                  enum certification_criterion criterion);

/* "firmware_images"; "" for the claim of the same meaning. */
const char *certification_proof_text(enum certification_proof by);

/* Sets the values of the CLAIM_IDS that are held against entries; the others stay as they are. */
void certification_mark_read(bool *claims);

/* "manufacturer reported, product reported, firmware_images attested": all that the model demands.
 * In the arena; NULL when it is full. */
const char *certification_print(const struct certification *certification, struct arena *arena);

/* Makes the claims that a catalogue answers anew, by another one (NULL: none): they follow from claims
 * alone. log is the one that the claims were collected from. Fails only for memory. */
bool certification_collect(const struct catalog *catalog, const struct measured_log *log,
                           struct arena *arena, struct claims *claims,
                           struct error *error) MUST_CHECK;

/* The catalogue's word for hosts that are as they should be: models of this level that match them,
 * one for all with the same manufacturer, product and firmware. ERROR_NOT_FOUND for a host by which
 * nothing could be recognised. Models and texts are in the arena. */
bool certification_learn(const struct claims *const *hosts, size_t n_hosts,
                         enum catalog_level level, struct arena *arena, struct catalog *catalog,
                         struct error *error) MUST_CHECK;

#endif
