/* Writes the saved bundle of a host that booted what a folder's logs tell, signed by a key in software. With
 * two strings of bytes in hexadecimal the second stands in place of the first wherever the event log has it,
 * so that the host booted that. Usage: bundle_samples FOLDER OUTPUT [OLD NEW] */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "support/soft_host.h"

static void fail(const char *what)
{
    fprintf(stderr, "bundle_samples: %s\n", what);
    exit(1);
}

static void replace(struct soft_host *host, const char *old_hex, const char *new_hex)
{
    uint8_t old[64], new[64], *log = soft_host_copy(host, host->booted_tcg);
    size_t old_len, new_len, n = 0;

    if (!text_unhex(span_text(old_hex), old, sizeof old, &old_len) ||
        !text_unhex(span_text(new_hex), new, sizeof new, &new_len) || old_len != new_len)
        fail("two strings of as many bytes are needed");
    for (size_t i = 0; i + old_len <= host->booted_tcg.len; i++)
        if (memcmp(log + i, old, old_len) == 0) {
            memcpy(log + i, new, new_len);
            n++;
        }
    if (n == 0)
        fail("the log does not have these bytes");
    host->booted_tcg = span_of(log, host->booted_tcg.len);
    soft_host_send(host, EVIDENCE_LOG_TCG, host->booted_tcg);
}

int main(int argc, char **argv)
{
    struct soft_host host;
    struct span evidence;
    FILE *file;

    if (argc != 3 && argc != 5)
        return 2;
    soft_host_init(&host, argv[1], TPM_ALG_ECC, TPM_ALG_SHA256);
    if (argc == 5)
        replace(&host, argv[3], argv[4]);
    host.evidence.ak_public = host.ak.public_area.whole;
    evidence = soft_host_attest(&host);
    file = fopen(argv[2], "wb");
    if (!file || fwrite(evidence.data, 1, evidence.len, file) != evidence.len || fclose(file) != 0)
        fail(argv[2]);
    soft_host_done(&host);
    return 0;
}
