/* What the commands on documents of reference values share, and what reference import is made of. */
#ifndef BOOTSEAL_CLI_REFERENCE_H
#define BOOTSEAL_CLI_REFERENCE_H

#include "cli/talk.h"
#include "policy/policy.h"
#include "policy/reference_values.h"
#include "wire/cose_sign1.h"

/* Writes the values as a document of --name and --document-version, which defaults to 1, holds it
 * against the reader, and answers: the text to --output or standard output, or an object with --json. */
enum exit_status reference_answer(struct cli *cli, const struct reference_values *values,
                                  const char *name, const char *description);

/* The text as one line that a document's head or a label takes, in the arena; NULL when that is full. */
const char *reference_line(struct cli *cli, struct span text);

/* --- bootseal reference import --- */

/* The certificates of --certificates: those whose keys may sign; and those of --authorities, who may
 * certify signers. */
struct reference_signers {
    bool is_unsigned; /* --unsigned: nothing is checked */
    struct span ders[LIMIT_MANIFEST_SIGNERS];
    struct crypto_key *keys[LIMIT_MANIFEST_SIGNERS];
    const char *subjects[LIMIT_MANIFEST_SIGNERS];
    size_t n;
    struct crypto_trust *authorities; /* NULL: none */
};

/* Reads them; demands --certificates or --authorities, or else --unsigned. */
bool reference_signers_init(struct cli *cli, struct reference_signers *signers,
                            enum exit_status *status) MUST_CHECK;
void reference_signers_done(struct reference_signers *signers);

/* Finds who of them signed: *subject. ERROR_DENIED when nobody did. */
bool reference_signers_find(struct cli *cli, const struct reference_signers *signers,
                            const struct cose_sign1 *sign1, const char **subject,
                            struct error *error) MUST_CHECK;

/* What was imported. */
struct reference_import {
    struct reference_values values;
    enum claim_id claim; /* of --claim; CLAIM_IDS without it */
    const char *name;    /* of the document, where --name says nothing */
    const char *kind;    /* "CoRIM", "CoSWID", "TCG RIM" */
    const char *creator; /* who says to have made it; NULL: nobody */
    const char *signer;  /* its subject; NULL: unsigned */
};

/* Says an error of a manifest; one that nobody of the signers signed does not hold. */
enum exit_status reference_manifest_error(struct cli *cli, const struct error *error);

/* Adds a digest to the claim of --claim, or else to usual. */
bool reference_import_digest(struct reference_import *import, enum claim_id usual,
                             const char *label, uint16_t alg, struct span digest,
                             struct error *error) MUST_CHECK;

/* A CoRIM or CoSWID. On false all has been said. */
bool reference_import_corim(struct cli *cli, struct span bytes,
                            const struct reference_signers *signers,
                            struct reference_import *import, enum exit_status *status) MUST_CHECK;

/* A base RIM and its support RIMs. On false all has been said. */
bool reference_import_rim(struct cli *cli, struct span xml, const struct reference_signers *signers,
                          struct reference_import *import, enum exit_status *status) MUST_CHECK;

#endif
