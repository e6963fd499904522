#include "support/soft_catalog.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"

static void demand(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "soft_catalog: %s\n", what);
    abort();
}

void soft_catalog_maker_init(struct soft_catalog_maker *maker, const char *name)
{
    X509 *x509;

    soft_key_ecc(&maker->key, TPM_ECC_NIST_P256);
    x509 = soft_certificate_make(&(struct soft_certificate){
        .subject = name, .key = maker->key.pkey, .issuer_key = maker->key.pkey});
    maker->certificate = soft_certificate_der(x509, maker->der, sizeof maker->der);
    X509_free(x509);
}

void soft_catalog_maker_done(struct soft_catalog_maker *maker)
{
    soft_key_done(&maker->key);
}

struct span soft_catalog_sign(struct soft_catalog_maker *maker, const char *text,
                              struct arena *arena)
{
    BIO *bio = BIO_new(BIO_s_mem());
    struct span signature;
    struct error error;
    char *pem;
    long len;

    demand(PEM_write_bio_PKCS8PrivateKey(bio, maker->key.pkey, NULL, NULL, 0, NULL, NULL) == 1,
           "a key as PEM");
    len = BIO_get_mem_data(bio, &pem);
    demand(crypto_sign(span_of(pem, (size_t)len), span_text(text), arena, &signature, &error),
           "a signature");
    BIO_free(bio);
    return signature;
}
