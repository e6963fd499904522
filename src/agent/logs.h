/* The logs behind a quote: read before it, and the IMA list again after it (docs/protocol.md, 3). */
#ifndef BOOTSEAL_AGENT_LOGS_H
#define BOOTSEAL_AGENT_LOGS_H

#include "crypto/crypto.h"
#include "wire/evidence.h"

struct logs {
    const char *paths[LIMIT_EVIDENCE_LOGS];
    struct span whole_sha256[LIMIT_EVIDENCE_LOGS]; /* of all bytes sent; what the service keeps */
    struct evidence_log logs[LIMIT_EVIDENCE_LOGS];
    size_t n_logs;
    bool event_log_missing; /* the kernel has none: Secure Boot off on some systems */
};

/* Where the kernel has them. */
#define LOGS_EVENTLOG_PATH           "/sys/kernel/security/tpm0/binary_bios_measurements"
#define LOGS_IMA_PATH                "/sys/kernel/security/ima/binary_runtime_measurements"
#define LOGS_DRTM_PATH               "/sys/kernel/security/slaunch/eventlog"
#define LOGS_SYSTEMD_PATH            "/run/log/systemd/tpm2-measure.log"
#define LOGS_SMBIOS_ENTRY_POINT_PATH "/sys/firmware/dmi/tables/smbios_entry_point"
#define LOGS_SMBIOS_TABLES_PATH      "/sys/firmware/dmi/tables/DMI"
#define LOGS_MOK_PATH                "/sys/firmware/efi/mok-variables/MokListRT"
#define LOGS_MOK_VARIABLE_PATH                                                                     \
    "/sys/firmware/efi/efivars/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"

/* The SMBIOS entry point with the tables behind it, of the system whose files are under root. */
bool logs_read_smbios(const char *root, struct arena *arena, struct span *bytes,
                      struct error *error) MUST_CHECK;

/* What shim's variable MokListRT holds: from the table that shim hands over, or from the variable
 * without its four bytes of attributes (UEFI 2.10 section 8.2). ERROR_NOT_FOUND without shim. */
bool logs_read_mok(const char *root, struct arena *arena, struct span *bytes,
                   struct error *error) MUST_CHECK;

/* Reads and hashes every log there is; a missing one is left out. NULL paths are the kernel's; with an
 * event log from elsewhere this system's own tables, MOK list and what its systemd measured are left out. Fails
 * for what is there and cannot be read. */
bool logs_read(const char *eventlog_path, const char *ima_path, struct crypto *crypto,
               struct arena *arena, struct logs *logs, struct error *error) MUST_CHECK;

/* After the quote: adds to the IMA list what has come since; fails with ERROR_CONFLICT when systemd has
 * measured meanwhile, for then nobody can say whether the quote has it. Then takes the bytes off every log that
 * the service has (sent holds SHA-256 digests), as far as nothing has to be added. */
bool logs_finish(struct logs *logs, const struct span *sent, size_t n_sent, struct crypto *crypto,
                 struct arena *arena, struct error *error) MUST_CHECK;

#endif
