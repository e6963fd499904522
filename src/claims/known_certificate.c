/* See known_certificate.h. */
#include "claims/known_certificate.h"

static const struct known_certificate TABLE[] = {
#define KNOWN_CERTIFICATE(symbol, group, uses, name, der_len, serial, sha256)                      \
    {group, uses, name, der_len, {(const uint8_t *)(serial), sizeof(serial) - 1}, sha256},
#include "claims/known_certificates.def"
#undef KNOWN_CERTIFICATE
};

/* Where a certificate of version 3 has its serial number: two SEQUENCE heads of four bytes, the
 * version's five, the INTEGER's tag and length (RFC 5280, 4.1). */
enum { SERIAL_AT = 15, SHA256_LEN = 32 };

/* Names of the sample keys that firmware makers gave out. */
static const char TEST_KEY_NAME[] = "DO NOT ";
static const char *const TEST_KEY_ENDS[] = {"TRUST", "SHIP"};

static bool looks_like(const struct known_certificate *known, struct span der)
{
    return der.len == known->der_len && der.len > SERIAL_AT + known->serial.len &&
           memcmp(der.data + SERIAL_AT, known->serial.data, known->serial.len) == 0;
}

const struct known_certificate *known_certificate_find(struct crypto *crypto, struct span der,
                                                       unsigned groups)
{
    struct crypto_digest digest;

    for (size_t i = 0; crypto && i < sizeof TABLE / sizeof *TABLE; i++) {
        if (!(TABLE[i].group & groups) || !looks_like(&TABLE[i], der))
            continue;
        crypto_fingerprint(crypto, der, &digest);
        return memcmp(digest.bytes, TABLE[i].sha256, SHA256_LEN) == 0 ? &TABLE[i] : NULL;
    }
    return NULL;
}

bool certificate_is_framed(struct span bytes)
{
    return bytes.len > 4 && bytes.data[0] == 0x30 && bytes.data[1] == 0x82 &&
           (size_t)(bytes.data[2] << 8 | bytes.data[3]) + 4 == bytes.len;
}

static bool has_test_name(struct span der)
{
    const uint8_t *end = der.data + der.len, *at = der.data;
    const size_t len = sizeof TEST_KEY_NAME - 1;

    /* memchr before memcmp: memmem takes ten times as long, and there are many certificates. */
    while ((at = memchr(at, TEST_KEY_NAME[0], (size_t)(end - at))) && (size_t)(end - at) > len) {
        struct span rest = span_of(at + len, (size_t)(end - at) - len);

        if (memcmp(at++, TEST_KEY_NAME, len) != 0)
            continue;
        for (size_t i = 0; i < sizeof TEST_KEY_ENDS / sizeof *TEST_KEY_ENDS; i++)
            if (span_begins(rest, span_text(TEST_KEY_ENDS[i])))
                return true;
    }
    return false;
}

bool certificate_is_test_key(struct crypto *crypto, struct span der)
{
    return has_test_name(der) || known_certificate_find(crypto, der, KNOWN_TEST_KEY);
}
