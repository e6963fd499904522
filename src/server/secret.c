#include "server/secret.h"

#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto.h"

bool secret_make(char secret[SECRET_LEN], struct error *error)
{
    uint8_t bytes[32];
    char hex[2 * sizeof bytes + 1];

    if (!crypto_random(bytes, sizeof bytes, error))
        return false;
    text_hex_into(hex, span_of(bytes, sizeof bytes));
    snprintf(secret, SECRET_LEN, "bootseal_%s", hex);
    return true;
}
