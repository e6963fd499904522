/* Walks foreign Windows records and decodes what each holds: sipa_open, sipa_next, sipa_number and all of
 * wire/sipa_payload.h. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/sipa.h"
#include "wire/sipa_payload.h"

static void decode(const struct sipa_record *record)
{
    struct sipa_si_policy policy;
    struct sipa_revocation_list list;
    struct sipa_sbcp sbcp;
    struct sipa_signer signer;
    struct sipa_vsm_key key;
    struct sipa_signature signature;
    struct sipa_module module;
    struct error error;
    uint64_t number;

    if (sipa_number(record, &number) && record->payload.len > 8)
        abort();
    if (sipa_si_policy_decode(record->payload, &policy, &error) &&
        16 + policy.name.len + policy.digest.len != record->payload.len)
        abort();
    if (sipa_revocation_list_decode(record->payload, &list, &error) &&
        14 + list.digest.len != record->payload.len)
        abort();
    if (sipa_sbcp_decode(record->payload, &sbcp, &error) && sbcp.digest.len > record->payload.len)
        abort();
    if (sipa_signer_decode(record->payload, &signer, &error) &&
        16 + signer.policy_name.len + signer.ekus.len + signer.certificates.len !=
            record->payload.len)
        abort();
    if (sipa_vsm_key_decode(record->payload, &key, &error) &&
        16 + key.exponent.len + key.modulus.len != record->payload.len)
        abort();
    if (sipa_signature_decode(record->payload, &signature, &error) &&
        8 + signature.signature.len != record->payload.len)
        abort();
    if (sipa_module_decode(record->payload, &module, &error) &&
        (module.digest.len == 0 || module.digest.len > LIMIT_TPM_DIGEST_LEN))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sipa_walk walk;
    struct sipa_record record;
    struct error error;

    sipa_open(&walk, span_of(data, len), &error);
    while (sipa_next(&walk, &record) == SIPA_RECORD) {
        if (record.depth >= LIMIT_SIPA_DEPTH || record.offset + 8 + record.payload.len > len)
            abort();
        decode(&record);
    }
    return 0;
}
