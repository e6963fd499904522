/* Boots made up for tests: events as firmware, shim, GRUB and Windows measure them, read back and
 * turned into claims the way the service does it. */
#ifndef BOOTSEAL_TESTS_CLAIMS_BOOT_H
#define BOOTSEAL_TESTS_CLAIMS_BOOT_H

#include "claims/claims.h"
#include "claims/describe.h"
#include "support/log_builder.h"
#include "wire/event_type.h"

struct boot {
    struct log_builder log;
    struct crypto *crypto;
    struct arena arena;
    struct measured_log measured;
    struct claims_input input;
    struct claims claims;
    struct reasons reasons;
};

/* cmocka's setup and teardown: *state is a struct boot with an empty log and every PCR attested. */
int boot_setup(void **state);
int boot_teardown(void **state);

/* Starts the log over. */
void boot_begin(struct boot *boot);

enum boot_owner { BOOT_GLOBAL, BOOT_DATABASE, BOOT_SHIM, BOOT_STRANGER };

/* A whole UEFI_VARIABLE_DATA; the digest covers all of it. */
struct span boot_variable_data(enum boot_owner owner, const char *name, struct span contents);
void boot_variable(struct boot *boot, uint32_t type, enum boot_owner owner, const char *name,
                   struct span contents);

/* A signature list with one certificate whose DER holds the text; and the EFI_SIGNATURE_DATA that an
 * authority event has of the same. */
struct span boot_certificate_list(const char *text);
struct span boot_certificate_authority(const char *text);

/* What firmware measures up to all separators: Secure Boot as given, own PK, KEK and db. */
void boot_firmware(struct boot *boot, bool secure_boot);

/* The same without the separator of one PCR. */
void boot_firmware_without_separator(struct boot *boot, uint32_t without);

void boot_text(struct boot *boot, uint32_t pcr, uint32_t type, const char *text);
void boot_separator(struct boot *boot, uint32_t pcr);
/* In each of PCR 0 to 7. */
void boot_separators(struct boot *boot);
/* An image event; what is measured is the text. */
void boot_image(struct boot *boot, uint32_t pcr, const char *path, const char *image);
/* "grub_cmd: ..." and the like: measured is the text alone. */
void boot_grub(struct boot *boot, const char *prefix, const char *text);
/* A host with shim and GRUB that starts a kernel with these parameters. */
void boot_linux(struct boot *boot, const char *command_line);

/* A line in UTF-16 with its NUL, as systemd-boot and systemd-stub measure it in PCR 12. */
void boot_stub_line(struct boot *boot, const char *line);
/* One section of a unified kernel image as systemd-stub measures it: name, then contents. */
void boot_section(struct boot *boot, const char *name, const char *contents);
/* What the kernel's EFI stub measures under a tag in PCR 9. */
void boot_tag(struct boot *boot, uint32_t tag, struct span measured);
/* The same for its load options: prefix and line in UTF-16, with the NUL that most loaders give. */
void boot_load_options(struct boot *boot, const char *prefix, const char *line, bool with_nul);
/* A signed unified kernel image with these sections: kernel, system, its line, initial RAM disk. */
void boot_unified_kernel(struct boot *boot, const char *section_of_line);

/* One Windows record of 1, 4 or 8 bytes, by the id's kind, in a boot phase of its own. */
void boot_windows(struct boot *boot, uint32_t pcr, uint32_t id, uint64_t value);
/* The same in PCR 12 and 13, as Windows does it. */
void boot_windows_both(struct boot *boot, uint32_t id, uint64_t value);
void boot_windows_separators(struct boot *boot);

/* Reads the log and collects; then these look at what came out. */
void boot_collect(struct boot *boot);
/* Collects again with arenas of every size: whatever it is, the host has all its claims and findings,
 * or the error says that memory ran out. */
void boot_collect_in_every_arena(struct boot *boot);
/* "true", "false", a text, or "unknown"; lists give the number of items. */
const char *boot_value(struct boot *boot, enum claim_id id);
bool boot_has(const struct boot *boot, enum reason_code code);
/* An item of a list claim, which must have so many, and its label. */
const struct claim_item *boot_item(const struct boot *boot, enum claim_id id, size_t number);
const char *boot_label(struct boot *boot, enum claim_id id, size_t number);

#define boot_assert(boot, id, value) assert_string_equal(boot_value(boot, id), value)

#endif
