/* Platform certificates: X.509 attribute certificates (RFC 5755) in which a maker of machines says
 * which machine a TPM is in. TCG Platform Certificate Profile 1.1; TCG Credential Profiles 1.2 for the
 * attribute types of older ones.
 *
 * Decoding only: nothing here is proven. The holder must be an EK certificate by issuer and serial
 * number, the issuer one directory name. Delta certificates are recognised (they change a platform
 * certificate, and say nothing by themselves). Of the attributes, the type of credential is read and the
 * components are; security assertions and URIs are passed over, whole. */
#ifndef BOOTSEAL_WIRE_PLATFORM_CERTIFICATE_H
#define BOOTSEAL_WIRE_PLATFORM_CERTIFICATE_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/reader.h"

/* Texts are as they are written, UTF-8 or printable; empty: not there. */
struct platform_component {
    struct span
        class_value; /* of the registry it names: 4 bytes; empty in the form of profile 1.0 */
    struct span manufacturer, model, serial, revision;
};

struct platform_certificate {
    struct span signed_part; /* AttributeCertificateInfo, whole: what the signature is over */
    struct span algorithm;   /* OID of the signature's algorithm */
    struct span signature;
    struct span holder_issuer;         /* Name (DER) of who issued the EK certificate */
    struct span holder_serial;         /* contents of the INTEGER */
    struct span issuer;                /* Name (DER) */
    int64_t not_before_s, not_after_s; /* Unix time, both included */
    bool delta;                        /* then of holder and issuer only */
    struct span manufacturer, model, version,
        serial; /* of the platform; the first two never empty */
    struct platform_component components[LIMIT_PLATFORM_COMPONENTS];
    size_t n_components;
};

/* Reads the whole of der. ERROR_UNSUPPORTED for a holder or an issuer in another form, and for a
 * critical extension that is not known. Spans point into der. */
bool platform_certificate_decode(struct span der, struct arena *arena,
                                 struct platform_certificate **certificate,
                                 struct error *error) MUST_CHECK;

#endif
