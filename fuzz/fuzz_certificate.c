/* Reads any bytes as a certificate, shows all it says, and builds a chain where nothing is trusted:
 * none may be found. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "fuzz.h"

static void check_printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            abort();
}

static void check_views(const struct crypto_certificate *certificate, struct arena *arena)
{
    struct crypto_certificate_view view;
    struct crypto_ek_view facts;
    struct error error;

    if (crypto_certificate_view(certificate, arena, &view, &error)) {
        check_printable(view.subject);
        check_printable(view.issuer);
        check_printable(view.common_name);
    }
    if (crypto_certificate_ek_view(certificate, arena, &facts, &error)) {
        check_printable(facts.manufacturer);
        check_printable(facts.model);
        check_printable(facts.firmware);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct crypto *crypto;
    static struct crypto_trust *nobody;
    struct arena arena = arena_init(1 << 20);
    struct crypto_certificate *certificate;
    struct error error;
    const char *detail;
    size_t len_used;

    if (!crypto && (!(crypto = crypto_new(&error)) || !(nobody = crypto_trust_new(&error))))
        abort();
    if (!crypto_certificate_decode(crypto, span_of(data, len), &len_used, &certificate, &error))
        return 0;
    if (len_used > len)
        abort();
    check_views(certificate, &arena);
    struct span itself = span_of(data, len_used);
    if (crypto_chain_verify(nobody, certificate, &itself, 1, 1800000000, &arena, &detail) ==
        CRYPTO_CHAIN_OK)
        abort();
    crypto_certificate_free(certificate);
    arena_done(&arena);
    return 0;
}
