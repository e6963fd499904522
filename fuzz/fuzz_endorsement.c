/* Judges any enrolment where nothing is trusted: length-prefixed EK, AK and certificate. It may at
 * best be unproven, and then the credential for its AK can be made. */
#include <stdlib.h>

#include "base/reader.h"
#include "fuzz.h"
#include "verify/endorsement.h"

static void check_unproven(struct crypto *crypto, const struct endorsement_request *request,
                           const struct endorsement_result *result)
{
    static const uint8_t CREDENTIAL[ENDORSEMENT_SECRET_LEN];
    struct credential_blob blob;
    struct tpm_public ek;
    struct error error;

    if (result->endorsement != ENDORSEMENT_UNPROVEN)
        abort();
    if (!tpm_public_decode(request->ek_public, &ek, &error) ||
        !make_credential(crypto, &ek, span_of(result->ak_name, result->ak_name_len),
                         span_of(CREDENTIAL, sizeof CREDENTIAL), &blob, &error))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct crypto *crypto;
    static struct crypto_trust *nobody;
    static struct reasons reasons;
    struct arena arena = arena_init(1 << 20);
    struct error error;
    struct reader reader = reader_init(span_of(data, len), "enrolment", &error);
    struct endorsement_request request = {.now_s = 1800000000};
    struct endorsement_result result;

    if (!crypto && (!(crypto = crypto_new(&error)) || !(nobody = crypto_trust_new(&error))))
        abort();
    request.ek_public = reader_be16_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "EK");
    request.ak_public = reader_be16_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "AK");
    request.ek_certificate = reader_rest(&reader);
    if (!reader_ok(&reader))
        return 0;
    memset(&reasons, 0, sizeof reasons);
    if (endorsement_check(crypto, nobody, &request, &arena, &result, &reasons))
        check_unproven(crypto, &request, &result);
    else if (reasons_weight(&reasons) != REASON_WEIGHT_UNTRUSTED)
        abort();
    arena_done(&arena);
    return 0;
}
