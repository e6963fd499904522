/* Builds logs as systemd writes them of what it measures in user space. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SYSTEMD_LOG_BUILDER_H
#define BOOTSEAL_TESTS_SUPPORT_SYSTEMD_LOG_BUILDER_H

#include "crypto/crypto.h"

struct systemd_log_builder {
    struct crypto *crypto;
    char text[16 * 1024];
    size_t len;
};

void systemd_log_begin(struct systemd_log_builder *log, struct crypto *crypto);

/* A record whose SHA-256 digest is that of measured, and whose text is said. */
void systemd_log_add(struct systemd_log_builder *log, uint32_t pcr, struct span measured,
                     const char *said);

/* The same where both are one, as for phases. */
void systemd_log_add_text(struct systemd_log_builder *log, uint32_t pcr, const char *text);

struct span systemd_log_span(const struct systemd_log_builder *log);

#endif
