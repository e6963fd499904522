/* Hardware catalogues: models and firmware, and the level that each is certified for.
 *
 * A catalogue is a text that its maker signs (docs/catalog.md). Here it is read, checked and
 * written; src/claims holds hosts against it. Texts and digests are in the arena that the catalogue
 * was decoded into. Nothing in a catalogue counts before catalog_check_signature and
 * catalog_check_time have both said yes. */
#ifndef BOOTSEAL_CATALOG_CATALOG_H
#define BOOTSEAL_CATALOG_CATALOG_H

#include "base/arena.h"
#include "base/limits.h"
#include "crypto/crypto.h"

enum catalog_level {
    CATALOG_LEVEL_NONE = 0, /* not certified */
    CATALOG_LEVEL_RECOMMENDED_BASELINE,
    CATALOG_LEVEL_SECURED_CORE,
    CATALOG_LEVELS
};

struct catalog_texts {
    const char **items;
    size_t n_items; /* 0: the catalogue demands nothing here */
};

struct catalog_digest {
    uint16_t alg;
    struct span bytes;
};

struct catalog_digests {
    struct catalog_digest *items;
    size_t n_items;
};

struct catalog_model {
    const char *name;
    enum catalog_level level;
    const char *source;
    struct catalog_texts manufacturer, product, firmware;
    struct catalog_digests firmware_images, optional_images;
    bool images_prove_model; /* the maker says that they run on nothing else */
    struct catalog_texts tpm_manufacturer, tpm_model, platform_issuer, ek_issuer;
};

struct catalog {
    const char *name;
    int64_t version;
    int64_t issued_s, valid_until_s; /* Unix time: from the one on, and not from the other on */
    const char *description;         /* NULL without one */
    struct catalog_model *models;
    size_t n_models;
};

/* Reads a catalogue. The error's offset is the byte of text that is wrong: document_position_of gives
 * line and column. */
bool catalog_decode(struct span text, struct arena *arena, struct catalog **catalog,
                    struct error *error) MUST_CHECK;

/* Writes it, so that decoding gives the same again. ERROR_USAGE for a value that a catalogue cannot
 * hold. */
bool catalog_encode(const struct catalog *catalog, struct arena *arena, struct span *text,
                    struct error *error) MUST_CHECK;

/* True when the signature over all bytes of text is one by the key of one of the certificates (PEM,
 * or one in DER): SHA-256 with ECDSA in DER or with RSA PKCS #1 v1.5 of 2048 bits or more, as
 * `openssl dgst -sha256 -sign` makes it. *signer is the certificate's subject, in the arena. The
 * certificates are the operator's choice: their dates and chains are not looked at. ERROR_DENIED
 * when it is nobody's. */
bool catalog_check_signature(struct crypto *crypto, struct span text, struct span signature,
                             struct span certificates, struct arena *arena, const char **signer,
                             struct error *error) MUST_CHECK;

/* True from the day of issue to the last day; ERROR_DENIED else. */
bool catalog_check_time(const struct catalog *catalog, int64_t now_s,
                        struct error *error) MUST_CHECK;

/* True when the catalogue may take the place of the one known: the same name, and a higher version.
 * ERROR_CONFLICT else. */
bool catalog_check_newer(const struct catalog *catalog, const struct catalog *known,
                         struct error *error) MUST_CHECK;

/* True for "VALUE or newer"; *len is then the length of VALUE. */
bool catalog_is_least(const char *text, size_t *len);

/* "none", "recommended-baseline", "secured-core". */
const char *catalog_level_name(enum catalog_level level);

/* The level of a name, never that of "none"; CATALOG_LEVEL_NONE when it is no level's. */
enum catalog_level catalog_level_by_name(struct span name);

#endif
