/* boot TCTI EVENTLOG [IMA]: what a boot does to a TPM. Extends its SHA-256 bank with every event of a
 * TCG log and every entry of an IMA list, so that a real quote and a captured log agree. For tests.
 *
 * boot --extend TCTI PCR: extends one PCR once more, as software that was never approved would. */
#include "crypto/crypto.h"
#include "os/file.h"
#include "wire/event_type.h"
#include "wire/eventlog.h"
#include "wire/ima.h"

#include <stdio.h>
#include <stdlib.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

struct boot {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    struct crypto *crypto;
    struct arena arena;
    struct error error;
};

static void demand(bool good, const char *what, const struct error *error)
{
    if (good)
        return;
    fprintf(stderr, "boot: %s: %s\n", what, error->message);
    exit(1);
}

static void extend(struct boot *boot, uint32_t pcr, struct span digest)
{
    TPML_DIGEST_VALUES values = {.count = 1, .digests = {{.hashAlg = TPM2_ALG_SHA256}}};
    TSS2_RC rc;

    memcpy(values.digests[0].digest.sha256, digest.data, 32);
    rc = Esys_PCR_Extend(boot->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                         ESYS_TR_NONE, &values);
    demand(rc == 0, "extend", &boot->error);
}

static void extend_events(struct boot *boot, struct span bytes)
{
    struct eventlog_event event;
    enum eventlog_step step;
    struct eventlog log;
    struct span digest;

    demand(eventlog_open(&log, bytes, &boot->error), "event log", &boot->error);
    while ((step = eventlog_next(&log, &event)) == EVENTLOG_EVENT)
        if (event.type != EV_NO_ACTION && event.pcr < LIMIT_PCRS &&
            eventlog_event_digest(&event, TPM_ALG_SHA256, &digest))
            extend(boot, event.pcr, digest);
    demand(step == EVENTLOG_END, "event log", &boot->error);
}

static void extend_entries(struct boot *boot, struct span bytes)
{
    struct crypto_digest digest;
    struct ima_entry entry;
    struct ima_list list;
    enum ima_step step;

    demand(ima_list_open(&list, bytes, &boot->error), "IMA list", &boot->error);
    while ((step = ima_list_next(&list, &entry)) == IMA_ENTRY) {
        crypto_hash_span(boot->crypto, TPM_ALG_SHA256, entry.template_data, &digest);
        if (entry.violation)
            memset(digest.bytes, 0xFF, digest.len);
        extend(boot, entry.pcr, crypto_digest_span(&digest));
    }
    demand(step == IMA_END, "IMA list", &boot->error);
}

static struct span read_file(struct boot *boot, const char *path)
{
    struct span bytes;

    demand(os_file_read(path, LIMIT_IMA_LEN, &boot->arena, &bytes, &boot->error), path,
           &boot->error);
    return bytes;
}

int main(int argc, char **argv)
{
    static const uint8_t SOMETHING[32] = {1};
    struct boot boot = {.arena = arena_init(4 * (size_t)LIMIT_IMA_LEN)};
    bool one = argc == 4 && strcmp(argv[1], "--extend") == 0;

    if (argc < 3) {
        fprintf(stderr, "usage: boot TCTI EVENTLOG [IMA] | boot --extend TCTI PCR\n");
        return 2;
    }
    boot.crypto = crypto_new(&boot.error);
    demand(boot.crypto != NULL, "crypto", &boot.error);
    demand(Tss2_TctiLdr_Initialize(argv[one ? 2 : 1], &boot.tcti) == 0 &&
               Esys_Initialize(&boot.esys, boot.tcti, NULL) == 0,
           "TPM", &boot.error);
    if (one) {
        extend(&boot, (uint32_t)strtoul(argv[3], NULL, 10), span_of(SOMETHING, 32));
    } else {
        extend_events(&boot, read_file(&boot, argv[2]));
        if (argc > 3)
            extend_entries(&boot, read_file(&boot, argv[3]));
    }
    Esys_Finalize(&boot.esys);
    Tss2_TctiLdr_Finalize(&boot.tcti);
    crypto_free(boot.crypto);
    arena_done(&boot.arena);
    return 0;
}
