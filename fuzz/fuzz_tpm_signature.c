/* Decodes any bytes as a TPM's signature and checks it with keys whose private half nobody has:
 * none may verify. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "fuzz.h"

/* The point of P-256 whose x is SHA-256("bootseal fuzz point 3"), and a modulus of ones. */
static const uint8_t X[32] = {0x4f, 0x72, 0x10, 0x68, 0x58, 0xfb, 0xc9, 0x35, 0xcc, 0x9c, 0x0c,
                              0xe1, 0x24, 0x7c, 0x2e, 0x1d, 0xbf, 0x57, 0x7b, 0x5c, 0xf5, 0x9d,
                              0x48, 0x73, 0x0c, 0x9f, 0x76, 0x68, 0x86, 0xfd, 0x26, 0xd6};
static const uint8_t Y[32] = {0x99, 0x63, 0xb0, 0xa2, 0x80, 0x28, 0xe6, 0x12, 0x44, 0x9a, 0x3b,
                              0x27, 0x95, 0xe3, 0x82, 0xb3, 0x06, 0xf1, 0x1f, 0x9e, 0x00, 0x78,
                              0x0c, 0x90, 0x9f, 0x23, 0x6a, 0x13, 0x21, 0xfd, 0x40, 0x1d};

static struct crypto_key *make_key(struct crypto *crypto, uint16_t type)
{
    struct tpm_public public_area = {.type = type, .scheme = TPM_ALG_NULL};
    uint8_t ones[256];
    struct crypto_key *key;
    struct error error;

    if (type == TPM_ALG_RSA) {
        public_area.rsa.bits = 2048;
        public_area.rsa.exponent = 65537;
        memset(ones, 0xFF, sizeof ones);
        public_area.rsa.modulus = span_of(ones, sizeof ones);
    } else {
        public_area.ecc.curve = TPM_ECC_NIST_P256;
        public_area.ecc.x = span_of(X, sizeof X);
        public_area.ecc.y = span_of(Y, sizeof Y);
    }
    if (!crypto_key_from_tpm(crypto, &public_area, &key, &error))
        abort();
    return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct crypto *crypto;
    static struct crypto_key *rsa, *ecc;
    struct tpm_signature signature;
    struct error error;

    if (!crypto) {
        if (!(crypto = crypto_new(&error)))
            abort();
        rsa = make_key(crypto, TPM_ALG_RSA);
        ecc = make_key(crypto, TPM_ALG_ECC);
    }
    if (!tpm_signature_decode(span_of(data, len), &signature, &error))
        return 0;
    if (crypto_key_verify(crypto, rsa, span_text("message"), &signature) ||
        crypto_key_verify(crypto, ecc, span_text("message"), &signature))
        abort();
    return 0;
}
