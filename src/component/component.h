/* Components: files of a boot chain with every digest by which firmware, boot loaders and the kernel
 * may measure them, so that a digest in a log can be given a name.
 *
 * Owns nothing: a set lives in its arena. Takes bytes of files that somebody else has read, trusts
 * none of them, and believes no name, package or version in them: they say what a file calls itself;
 * the digests are computed here. What cannot be decoded stays a plain file whose `problem` says so.
 */
#ifndef BOOTSEAL_COMPONENT_COMPONENT_H
#define BOOTSEAL_COMPONENT_COMPONENT_H

#include "crypto/crypto.h"
#include "wire/sbat.h"

enum component_kind {
#define COMPONENT_KIND(symbol, name, title) COMPONENT_##symbol,
#include "component/component.def"
    COMPONENT_KINDS,
};

enum component_form {
#define COMPONENT_FORM(symbol, name, title) COMPONENT_OVER_##symbol,
#include "component/component.def"
    COMPONENT_FORMS,
};

/* What a package says of itself. Texts are printable; "" for what it doesn't say. */
struct component_package {
    const char *format; /* "deb" or "rpm" */
    const char *name, *version, *architecture;
};

struct component_digest {
    const struct component *component;
    enum component_form form;
    uint16_t alg;
    struct crypto_digest digest;
    struct component_digest *next; /* of the same component */
};

struct component_sbat {
    const char *name;
    uint32_t generation;
};

struct component_signer {
    const char *subject, *issuer; /* RFC 4514 */
    bool holds; /* its key signed the digest of just this image; says nothing about trust */
};

struct component {
    size_t number; /* in the set, from 0 */
    enum component_kind kind;
    const char *path;                        /* as its source names it, printable */
    const char *section;                     /* of a COMPONENT_SECTION; else "" */
    const char *source;                      /* the folder, package or file it came from */
    const struct component_package *package; /* NULL outside of packages */
    const char *version;      /* release of a kernel, also of the one in a UKI; "" unknown */
    const char *command_line; /* of a .cmdline section, without control characters; "" none */
    const char *system;       /* PRETTY_NAME of a UKI's .osrel; "" unknown */
    const char *loader;  /* what systemd's loaders call themselves: "systemd-boot 252"; "" none */
    const char *problem; /* why it is not decoded as what it starts like; "" when all is well */
    uint64_t len;        /* bytes */
    struct component_digest *digests;
    struct component_signer *signers;
    size_t n_signers;
    struct component_sbat *sbat;
    size_t n_sbat;
    struct sbat_levels sbat_levels; /* that a shim, or revocations for it, bring; or empty */
    struct component *next;         /* in the set */
};

struct component_set {
    struct crypto *crypto;
    struct arena *arena;
    uint16_t algs[LIMIT_COMPONENT_ALGS];
    size_t n_algs;
    struct component *first, *last;
    size_t n_components, n_digests;
};

/* An empty set, whose components get digests in these algorithms (hashes of tpm_alg.h, at most
 * LIMIT_COMPONENT_ALGS). It holds the names of the sections that systemd-stub measures from the
 * start, as COMPONENT_WORD. */
bool component_set_init(struct component_set *set, struct crypto *crypto, struct arena *arena,
                        const uint16_t *algs, size_t n_algs, struct error *error) MUST_CHECK;

struct component_file {
    struct span path;
    struct span bytes;
    const char *source;                      /* outlives the set */
    const struct component_package *package; /* outlives the set; may be NULL */
};

/* Adds the file, and the sections of a unified kernel image. The bytes are not needed afterwards.
 * ERROR_LIMIT for too many components, ERROR_MEMORY. */
bool component_add_file(struct component_set *set, const struct component_file *file,
                        struct error *error) MUST_CHECK;

/* The component's digest of this form and algorithm; NULL when it has none. */
const struct component_digest *component_find_digest(const struct component *component,
                                                     enum component_form form, uint16_t alg);

/* The words of the table. */
const char *component_kind_name(enum component_kind kind);
const char *component_kind_title(enum component_kind kind);
const char *component_form_name(enum component_form form);
const char *component_form_title(enum component_form form);

#endif
