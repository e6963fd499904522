/* Makes a platform certificate for an EK, as the maker of a machine would.
 * Usage: platform ISSUER-KEY ISSUER-CERTIFICATE EK-CERTIFICATE MANUFACTURER MODEL >DER
 * Keys and the issuer's certificate are PEM, the EK's is DER. */
#include "support/soft_platform.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file) {
        perror(path);
        exit(2);
    }
    return file;
}

int main(int argc, char **argv)
{
    static uint8_t bytes[8192];
    struct soft_platform wanted = {.components = true};
    struct span der;
    FILE *files[3];

    if (argc != 6) {
        fputs("usage: platform ISSUER-KEY ISSUER-CERTIFICATE EK-CERTIFICATE MANUFACTURER MODEL\n",
              stderr);
        return 2;
    }
    for (int i = 0; i < 3; i++)
        files[i] = open_file(argv[1 + i]);
    wanted.issuer_key = PEM_read_PrivateKey(files[0], NULL, NULL, NULL);
    wanted.issuer = PEM_read_X509(files[1], NULL, NULL, NULL);
    wanted.ek = d2i_X509_fp(files[2], NULL);
    for (int i = 0; i < 3; i++)
        fclose(files[i]);
    if (!wanted.issuer_key || !wanted.issuer || !wanted.ek) {
        fputs("platform: a key or certificate cannot be read\n", stderr);
        return 2;
    }
    wanted.manufacturer = argv[4];
    wanted.model = argv[5];
    der = soft_platform_make(&wanted, bytes, sizeof bytes);
    fwrite(der.data, 1, der.len, stdout);
    X509_free(wanted.ek);
    X509_free(wanted.issuer);
    EVP_PKEY_free(wanted.issuer_key);
    return 0;
}
