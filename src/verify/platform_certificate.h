/* Which machine is this TPM in? Platform certificates, held against the EK certificate of an enrolment.
 * TCG Platform Certificate Profile 1.1; RFC 5755, 5.
 *
 * A platform certificate counts when one of the operator's issuers signed it, at this time, and its holder
 * is exactly the EK certificate, which the caller has proven. It says where its maker put that TPM: who
 * moves a TPM to another board takes its certificate along. */
#ifndef BOOTSEAL_VERIFY_PLATFORM_CERTIFICATE_H
#define BOOTSEAL_VERIFY_PLATFORM_CERTIFICATE_H

#include "base/reason.h"
#include "crypto/crypto.h"

struct platform_issuers;

/* The certificates in a text, PEM or one DER, are issuers themselves: of what stands above or below
 * them nothing is believed, as other keys of a maker sign other things. One set may be added to more
 * than once; ERROR_LIMIT over LIMIT_PLATFORM_ISSUERS. */
struct platform_issuers *platform_issuers_new(struct error *error);
void platform_issuers_free(struct platform_issuers *issuers);
bool platform_issuers_add(struct platform_issuers *issuers, struct span text,
                          struct error *error) MUST_CHECK;

struct platform_request {
    struct span ek_certificate;      /* DER, proven by its chain */
    const struct span *certificates; /* DER, as the host sent them */
    size_t n_certificates;
    int64_t now_s;
};

/* Texts are printable and in the arena; "" where the certificate says nothing. */
struct platform_result {
    const char *issuer, *manufacturer, *model, *version, *serial;
};

/* True when a certificate counts; the first one says what it is. A reason is added for each that does
 * not. When two count and name different machines, none does. */
bool platform_certificates_check(struct crypto *crypto, const struct platform_issuers *issuers,
                                 const struct platform_request *request, struct arena *arena,
                                 struct platform_result *result,
                                 struct reasons *reasons) MUST_CHECK;

#endif
