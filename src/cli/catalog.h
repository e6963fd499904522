/* What commands that take a hardware catalogue share. */
#ifndef BOOTSEAL_CLI_CATALOG_H
#define BOOTSEAL_CLI_CATALOG_H

#include "catalog/catalog.h"
#include "cli/service.h"

struct catalog_file {
    struct span text, signature;
    struct catalog *catalog;
    const char *signer; /* subject of the certificate; NULL when nobody looked */
    bool refused;       /* nobody's signature, or out of time */
};

/* Reads and decodes a catalogue, whoever signed it. On false the error has been said, with line and
 * column, and *status is the exit code. */
bool catalog_file_read(struct cli *cli, const char *path, struct catalog_file *file,
                       enum exit_status *status) MUST_CHECK;

/* The same with the signature beside it, at which nobody looks. */
bool catalog_file_read_beside(struct cli *cli, const char *path, struct catalog_file *file,
                              enum exit_status *status) MUST_CHECK;

/* The same, when the signature beside it is that of a certificate in the file of the option, and the
 * catalogue is in force now. */
bool catalog_file_read_signed(struct cli *cli, const char *path, enum cli_option certificates,
                              struct catalog_file *file, enum exit_status *status) MUST_CHECK;

/* The catalogue of --catalog, signed as --catalog-certificates demands; NULL without the option. */
bool catalog_of_option(struct cli *cli, const struct catalog **catalog,
                       enum exit_status *status) MUST_CHECK;

/* "name version 3, 12 models, 2026-11-22 to 2027-11-21": what a catalogue says of itself. In the
 * arena. */
const char *catalog_file_title(struct cli *cli, const struct catalog *catalog);

/* The same as JSON: {"name", "version", "issued", "valid_until", "description"}. */
json_t *catalog_file_json(struct cli *cli, const struct catalog *catalog);

#endif
