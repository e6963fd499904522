/* Reads any bytes as an IMA list and replays it, whole and in two parts: both must agree. */
#include <stdlib.h>

#include "fuzz.h"
#include "verify/ima.h"
#include "wire/ima.h"

/* Where the entry in the middle begins; 0 when the list cannot be read, or has longer hashes: then a
 * tail may look like one with SHA-1 hashes. */
static size_t middle(struct span bytes)
{
    struct ima_list list;
    struct ima_entry entry;
    struct ima_fields fields;
    struct error error;
    enum ima_step step;
    size_t at = 0;

    if (!ima_list_open(&list, bytes, &error))
        return 0;
    while ((step = ima_list_next(&list, &entry)) == IMA_ENTRY) {
        if (ima_entry_decode(&entry, &fields, &error) && fields.name.len > entry.template_data.len)
            abort();
        if (entry.offset <= bytes.len / 2)
            at = entry.offset;
    }
    return step == IMA_END && list.hash_len == 20 ? at : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct crypto *crypto;
    struct ima_replay whole = {0}, parts = {0};
    struct span list = span_of(data, len);
    struct error error;
    size_t at = middle(list);

    if (!crypto && !(crypto = crypto_new(&error)))
        abort();
    if (!ima_replay_list(crypto, list, TPM_ALG_SHA256, false, NULL, NULL, NULL, &whole, &error) ||
        at == 0)
        return 0;
    if (!ima_replay_list(crypto, span_of(data, at), TPM_ALG_SHA256, false, NULL, NULL, NULL, &parts,
                         &error) ||
        !ima_replay_list(crypto, span_of(data + at, len - at), TPM_ALG_SHA256, false, NULL, NULL,
                         NULL, &parts, &error) ||
        parts.n_entries != whole.n_entries || memcmp(parts.pcr, whole.pcr, sizeof whole.pcr) != 0)
        abort();
    return 0;
}
