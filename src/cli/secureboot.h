/* What the commands about Secure Boot share: a host's claims with the lists given beside its log, and
 * the signature lists behind them. */
#ifndef BOOTSEAL_CLI_SECUREBOOT_H
#define BOOTSEAL_CLI_SECUREBOOT_H

#include "claims/claims.h"
#include "cli/talk.h"
#include "wire/efi_signature_list.h"

struct secureboot_host {
    struct measured_log log;
    struct span mok_list;    /* contents of MokListRT, from --mok-list or the bundle; or empty */
    struct span revocations; /* the file of --revocations; or empty */
    struct claims *claims;
    struct reasons *reasons;
};

/* The file of --revocations, once it has been decoded; empty without the option. */
bool secureboot_read_revocations(struct cli *cli, struct span *bytes,
                                 enum exit_status *status) MUST_CHECK;

/* Reads the command's first argument, a log or a bundle, and the files of its options, and collects
 * the claims. On false all has been said. */
bool secureboot_load(struct cli *cli, struct secureboot_host *host,
                     enum exit_status *status) MUST_CHECK;

/* The signature lists behind the claim about PK, KEK, db, dbx or MokList. False when the claim is not
 * known, or holds a digest of the lists only. */
bool secureboot_lists(const struct secureboot_host *host, enum claim_id id, struct span *lists);

/* An entry as JSON: {"kind", "owner", "owner_name", ...}; a certificate with what it says of itself. */
json_t *secureboot_entry_json(struct cli *cli, const struct efi_signature *signature);

/* The same as lines of text. */
void secureboot_entry_print(struct cli *cli, const struct efi_signature *signature);

/* The common name of a certificate, else its subject; "a certificate of N bytes" when it cannot be
 * parsed. In the arena. */
const char *secureboot_holder(struct cli *cli, struct span der);

#endif
