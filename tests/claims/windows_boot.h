/* Windows boots made up for tests: phases of records as the boot applications measure them. */
#ifndef BOOTSEAL_TESTS_CLAIMS_WINDOWS_BOOT_H
#define BOOTSEAL_TESTS_CLAIMS_WINDOWS_BOOT_H

#include "boot.h"

#include "wire/sipa.h"

struct windows_record {
    uint32_t id;
    struct span payload;
};

/* Records of one number, of a text in UTF-16 with its NUL, of bytes, and of other records. */
struct windows_record windows_number(struct boot *boot, uint32_t id, uint64_t value);
struct windows_record windows_text(struct boot *boot, uint32_t id, const char *text);
struct windows_record windows_bytes(uint32_t id, struct span payload);
struct windows_record windows_container(struct boot *boot, uint32_t id,
                                        const struct windows_record *records, size_t n_records);

/* An image as PCR 12 or 13 lists it; its digest is 32 times this byte. validated: 0, 1, or -1 when it
 * is not said. */
struct windows_record windows_image(struct boot *boot, uint32_t pcr, uint8_t digest,
                                    const char *path, int validated);

/* An event with a TRUSTBOUNDARY around the records. */
void windows_phase(struct boot *boot, uint32_t pcr, const struct windows_record *records,
                   size_t n_records);

#define WINDOWS_PHASE(boot, pcr, ...)                                                              \
    windows_phase(boot, pcr, (struct windows_record[]){__VA_ARGS__},                               \
                  sizeof((struct windows_record[]){__VA_ARGS__}) / sizeof(struct windows_record))

/* The same in PCR 12 and 13. */
#define WINDOWS_PHASES_BOTH(boot, ...)                                                             \
    do {                                                                                           \
        WINDOWS_PHASE(boot, 12, __VA_ARGS__);                                                      \
        WINDOWS_PHASE(boot, 13, __VA_ARGS__);                                                      \
    } while (0)

#endif
