/* Decodes any bytes as what a TPM signs. What is accepted lies inside the input; a selection reads
 * back from its text. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/tpm_alg.h"
#include "wire/tpm_attest.h"

static void check_inside(struct span part, struct span whole)
{
    if (part.len && (part.data < whole.data || part.data + part.len > whole.data + whole.len))
        abort();
}

static void check_selection(const struct tpm_pcr_selection *selection)
{
    struct tpm_pcr_selection again;
    struct error error;
    char text[1024];

    tpm_pcr_selection_print(selection, text, sizeof text);
    /* Text names known banks only, each once. */
    if (tpm_pcr_selection_parse(span_text(text), &again, &error) &&
        !tpm_pcr_selection_equal(selection, &again))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct tpm_attest attest;
    struct error error;

    if (!tpm_attest_decode(span_of(data, len), &attest, &error))
        return 0;
    check_inside(attest.whole, span_of(data, len));
    check_inside(attest.qualified_signer, attest.whole);
    check_inside(attest.extra_data, attest.whole);
    check_inside(attest.quote.pcr_digest, attest.whole);
    check_inside(attest.certify.name, attest.whole);
    if (attest.type == TPM_ST_ATTEST_QUOTE)
        check_selection(&attest.quote.selection);
    return 0;
}
