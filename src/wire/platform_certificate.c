/* Attribute certificates of platforms. Owns nothing; trusts no length. Must never let anything of a
 * certificate's frame go unread, nor take two values for one. */
#include "wire/platform_certificate.h"

#include "wire/der.h"

static const char CLAUSE[] = "RFC 5755, 4.1 AttributeCertificate";
static const char CLAUSE_HOLDER[] = "TCG Platform Certificate Profile 1.1, 3.2 holder";
static const char CLAUSE_ISSUER[] = "RFC 5755, 4.2.3 issuer";
static const char CLAUSE_ATTRIBUTES[] = "TCG Platform Certificate Profile 1.1, 3.1 attributes";
static const char CLAUSE_EXTENSIONS[] = "TCG Platform Certificate Profile 1.1, 3.2 extensions";

/* tcg OBJECT IDENTIFIER ::= 2.23.133 */
#define TCG "\x67\x81\x05"

enum {
    DIRECTORY_NAME = DER_CONTEXT_CONS | 4, /* of GeneralName */
    SERIAL_LEN = 32,                       /* 20 by RFC 5280, 4.1.2.2; some makers write more */
    TEXT_LEN = 256,                        /* STRMAX */
};

static bool is_oid(struct span oid, const char *bytes)
{
    return span_is(oid, bytes);
}

/* --- names --- */

/* GeneralNames with one directory name and nothing else (RFC 5755, 4.2.2 and 4.2.3): its Name. */
static struct span read_only_name(struct reader *reader)
{
    struct reader names = der_open(reader, DER_SEQUENCE, "names");
    struct reader name = der_open(&names, DIRECTORY_NAME, "directory name");
    struct span whole = der_value(&name, DER_SEQUENCE, "name");

    if (reader_ok(&name) && whole.len == 2)
        reader_fail(&name, ERROR_MALFORMED, "an empty name");
    der_close(&names, &name);
    der_close(reader, &names);
    return whole;
}

/* --- holder and issuer --- */

static void read_holder(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader holder = der_open(reader, DER_SEQUENCE, "holder");
    struct reader base;

    holder.clause = CLAUSE_HOLDER;
    if (reader_ok(&holder) && der_next(&holder) != DER_CONTEXT_CONS)
        reader_fail(&holder, ERROR_UNSUPPORTED,
                    "the holder is not named by issuer and serial number of a certificate");
    base = der_open(&holder, DER_CONTEXT_CONS, "baseCertificateID");
    certificate->holder_issuer = read_only_name(&base);
    certificate->holder_serial = der_unsigned(&base, SERIAL_LEN, "serial number");
    if (der_next(&base) != DER_NONE)
        reader_fail(&base, ERROR_UNSUPPORTED, "the holder's issuer has a unique identifier");
    der_close(&holder, &base);
    if (der_next(&holder) ==
        (DER_CONTEXT_CONS | 1)) /* entityName: proves nothing beside the other */
        der_bytes(&holder, DER_CONTEXT_CONS | 1, "entityName");
    if (der_next(&holder) == (DER_CONTEXT_CONS | 2))
        reader_fail(&holder, ERROR_UNSUPPORTED, "the holder is named by a digest, too");
    der_close(reader, &holder);
}

static void read_issuer(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader issuer;

    if (reader_ok(reader) && der_next(reader) != DER_CONTEXT_CONS)
        reader_fail(reader, ERROR_UNSUPPORTED, "the issuer is not in the form v2Form");
    issuer = der_open(reader, DER_CONTEXT_CONS, "issuer");
    issuer.clause = CLAUSE_ISSUER;
    certificate->issuer = read_only_name(&issuer);
    der_close(reader, &issuer);
}

/* AlgorithmIdentifier, whole; which parameters an algorithm has is not looked at. */
static struct span read_algorithm(struct reader *reader, struct span *oid)
{
    size_t start = reader->at;
    struct reader algorithm = der_open(reader, DER_SEQUENCE, "signature algorithm");

    *oid = der_bytes(&algorithm, DER_OID, "algorithm");
    if (der_next(&algorithm) != DER_NONE)
        der_bytes(&algorithm, DER_NONE, "algorithm's parameters");
    der_close(reader, &algorithm);
    return reader_ok(reader) ? span_of(reader->input.data + start, reader->at - start)
                             : span_of(NULL, 0);
}

static void read_validity(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader validity = der_open(reader, DER_SEQUENCE, "validity");

    certificate->not_before_s = der_time(&validity, "notBefore");
    certificate->not_after_s = der_time(&validity, "notAfter");
    der_close(reader, &validity);
}

/* --- attributes --- */

static struct span read_text(struct reader *reader, uint8_t tag, const char *what)
{
    struct span text = der_bytes(reader, tag, what);

    reader_cap(reader, text.len, TEXT_LEN, what);
    return text;
}

static struct span read_optional_text(struct reader *reader, uint8_t tag, const char *what)
{
    return der_next(reader) == tag ? read_text(reader, tag, what) : span_of(NULL, 0);
}

static void read_component(struct reader *reader, struct platform_component *component)
{
    struct reader frame = der_open(reader, DER_SEQUENCE, "component");

    if (der_next(&frame) == DER_SEQUENCE) { /* componentClass, of the second form only */
        struct reader class = der_open(&frame, DER_SEQUENCE, "component class");

        der_bytes(&class, DER_OID, "registry");
        component->class_value = der_bytes(&class, DER_OCTET_STRING, "class");
        if (reader_ok(&class) && component->class_value.len != 4)
            reader_fail(&class, ERROR_MALFORMED, "a class of %zu bytes and not 4",
                        component->class_value.len);
        der_close(&frame, &class);
    }
    component->manufacturer = read_text(&frame, DER_UTF8_STRING, "component manufacturer");
    component->model = read_text(&frame, DER_UTF8_STRING, "component model");
    component->serial = read_optional_text(&frame, DER_CONTEXT | 0, "component serial");
    component->revision = read_optional_text(&frame, DER_CONTEXT | 1, "component revision");
    while (der_next(&frame) >
           (DER_CONTEXT | 1)) /* maker's number, addresses, certificates, state */
        der_bytes(&frame, DER_NONE, "component field");
    der_close(reader, &frame);
}

static void read_configuration(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader frame = der_open(reader, DER_SEQUENCE, "platform configuration");

    if (der_next(&frame) == DER_CONTEXT_CONS) {
        struct reader components = der_open(&frame, DER_CONTEXT_CONS, "components");

        while (der_next(&components) != DER_NONE) {
            if (!reader_cap(&components, certificate->n_components + 1, LIMIT_PLATFORM_COMPONENTS,
                            "number of components"))
                break;
            read_component(&components, &certificate->components[certificate->n_components++]);
        }
        der_close(&frame, &components);
    }
    while (der_next(&frame) > DER_CONTEXT_CONS) /* properties, and where more can be read */
        der_bytes(&frame, DER_NONE, "platform configuration field");
    der_close(reader, &frame);
}

/* TCGCredentialType: what kind of certificate this is. */
static void read_type(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader frame = der_open(reader, DER_SEQUENCE, "credential type");
    struct span type = der_bytes(&frame, DER_OID, "credential type");

    certificate->delta = is_oid(type, TCG "\x08\x05");
    if (reader_ok(&frame) && !certificate->delta && !is_oid(type, TCG "\x08\x02"))
        reader_fail(&frame, ERROR_UNSUPPORTED, "the certificate is not of a platform");
    der_close(reader, &frame);
}

static void read_attribute(struct reader *reader, struct platform_certificate *certificate,
                           uint32_t *seen)
{
    static const char *const KNOWN[] = {TCG "\x02\x19", TCG "\x05\x01\x07\x01",
                                        TCG "\x05\x01\x07\x02"};
    struct reader attribute = der_open(reader, DER_SEQUENCE, "attribute");
    struct span type = der_bytes(&attribute, DER_OID, "attribute type");
    struct reader values = der_open(&attribute, DER_SET, "attribute values");
    uint32_t known = 0;

    while (known < 3 && !is_oid(type, KNOWN[known]))
        known++;
    if (known < 3 && *seen & 1u << known)
        reader_fail(&values, ERROR_MALFORMED, "an attribute is there twice");
    *seen |= 1u << known;
    if (known == 0)
        read_type(&values, certificate);
    else if (known < 3)
        read_configuration(&values, certificate);
    while (known == 3 && der_next(&values) != DER_NONE)
        der_bytes(&values, DER_NONE, "attribute value");
    der_close(&attribute, &values);
    der_close(reader, &attribute);
}

static void read_attributes(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader attributes = der_open(reader, DER_SEQUENCE, "attributes");
    uint32_t seen = 0;

    attributes.clause = CLAUSE_ATTRIBUTES;
    while (der_next(&attributes) != DER_NONE)
        read_attribute(&attributes, certificate, &seen);
    der_close(reader, &attributes);
}

/* --- extensions --- */

/* What names the platform: the types of the profile, and those that older certificates use. */
static struct span *platform_text(struct platform_certificate *certificate, struct span type)
{
    const struct {
        const char *oid, *older;
        struct span *text;
    } TYPES[] = {
        {TCG "\x05\x01\x01", TCG "\x02\x04", &certificate->manufacturer},
        {TCG "\x05\x01\x04", TCG "\x02\x05", &certificate->model},
        {TCG "\x05\x01\x05", TCG "\x02\x06", &certificate->version},
        {TCG "\x05\x01\x06", NULL, &certificate->serial},
    };

    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (is_oid(type, TYPES[i].oid) || (TYPES[i].older && is_oid(type, TYPES[i].older)))
            return TYPES[i].text;
    return NULL;
}

static void read_name_part(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader part = der_open(reader, DER_SEQUENCE, "part of a name");
    struct span *text = platform_text(certificate, der_bytes(&part, DER_OID, "type"));

    if (!text) {
        der_bytes(&part, DER_NONE, "value");
    } else {
        if (text->len)
            reader_fail(&part, ERROR_MALFORMED, "the platform is named twice");
        *text = read_text(
            &part, der_next(&part) == DER_PRINTABLE_STRING ? DER_PRINTABLE_STRING : DER_UTF8_STRING,
            "text about the platform");
        if (reader_ok(&part) && (text->len == 0 || memchr(text->data, 0, text->len)))
            reader_fail(&part, ERROR_MALFORMED,
                        "an empty text about the platform, or one with a NUL");
    }
    der_close(reader, &part);
}

static void read_platform_name(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader directory = der_open(reader, DIRECTORY_NAME, "directory name");
    struct reader name = der_open(&directory, DER_SEQUENCE, "name");

    while (der_next(&name) != DER_NONE) {
        struct reader set = der_open(&name, DER_SET, "parts of a name");

        while (der_next(&set) != DER_NONE)
            read_name_part(&set, certificate);
        der_close(&name, &set);
    }
    der_close(&directory, &name);
    der_close(reader, &directory);
}

/* subjectAltName: the platform's name, and perhaps names of other forms. */
static void read_alternative_names(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader names = der_open(reader, DER_SEQUENCE, "names");

    while (der_next(&names) != DER_NONE)
        if (der_next(&names) == DIRECTORY_NAME)
            read_platform_name(&names, certificate);
        else
            der_bytes(&names, DER_NONE, "name");
    der_close(reader, &names);
}

/* id-ce extensions (2.5.29) that the profile has, and that a reader may pass over however critical: none
 * of them limits what the certificate says. One that is critical and limits it, as the targeting
 * information of a delta certificate does, is not known here. */
static bool limits_nothing(struct span oid)
{
    static const char *const KNOWN[] = {
        "\x55\x1d\x20",                     /* certificatePolicies */
        "\x55\x1d\x23",                     /* authorityKeyIdentifier */
        "\x55\x1d\x12",                     /* issuerAltName */
        "\x55\x1d\x1f",                     /* cRLDistributionPoints */
        "\x55\x1d\x38",                     /* noRevAvail */
        "\x2b\x06\x01\x05\x05\x07\x01\x01", /* authorityInfoAccess */
    };

    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (is_oid(oid, KNOWN[i]))
            return true;
    return false;
}

static void read_extension(struct reader *reader, struct platform_certificate *certificate,
                           struct span *oids, size_t n_oids)
{
    struct reader extension = der_open(reader, DER_SEQUENCE, "extension");
    struct span oid = der_bytes(&extension, DER_OID, "extension's type"), critical = {0};
    struct reader value;

    for (size_t i = 0; i < n_oids; i++)
        if (span_equal(oids[i], oid))
            reader_fail(&extension, ERROR_MALFORMED, "an extension is there twice");
    oids[n_oids] = oid;
    if (der_next(&extension) == DER_BOOLEAN) {
        critical = der_bytes(&extension, DER_BOOLEAN, "critical");
        if (reader_ok(&extension) && critical.len != 1)
            reader_fail(&extension, ERROR_MALFORMED, "a BOOLEAN of %zu bytes", critical.len);
    }
    value = der_open(&extension, DER_OCTET_STRING, "extension's value");
    if (is_oid(oid, "\x55\x1d\x11"))
        read_alternative_names(&value, certificate);
    else if (critical.len && critical.data[0] && !limits_nothing(oid) && !certificate->delta)
        reader_fail(&value, ERROR_UNSUPPORTED,
                    "an extension that is critical limits the certificate, or is not known");
    else
        reader_rest(&value);
    der_close(&extension, &value);
    der_close(reader, &extension);
}

static void read_extensions(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader extensions = der_open(reader, DER_SEQUENCE, "extensions");
    struct span oids[LIMIT_PLATFORM_EXTENSIONS];

    extensions.clause = CLAUSE_EXTENSIONS;
    for (size_t n = 0; der_next(&extensions) != DER_NONE; n++) {
        if (!reader_cap(&extensions, n + 1, LIMIT_PLATFORM_EXTENSIONS, "number of extensions"))
            break;
        read_extension(&extensions, certificate, oids, n);
    }
    if (reader_ok(&extensions) && !certificate->delta &&
        (certificate->manufacturer.len == 0 || certificate->model.len == 0))
        reader_fail(&extensions, ERROR_MALFORMED,
                    "the certificate does not name the platform's manufacturer and model");
    der_close(reader, &extensions);
}

/* --- the frame --- */

static struct span read_info(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader info = der_open(reader, DER_SEQUENCE, "certificate's contents");
    struct span version = der_unsigned(&info, 1, "version"), algorithm;

    if (reader_ok(&info) && version.data[0] != 1)
        reader_fail(&info, ERROR_UNSUPPORTED, "version %u, and not v2", version.data[0] + 1u);
    read_holder(&info, certificate);
    read_issuer(&info, certificate);
    algorithm = read_algorithm(&info, &certificate->algorithm);
    der_unsigned(&info, SERIAL_LEN, "serial number");
    read_validity(&info, certificate);
    read_attributes(&info, certificate);
    if (der_next(&info) == DER_BIT_STRING)
        reader_fail(&info, ERROR_UNSUPPORTED, "the issuer has a unique identifier");
    read_extensions(&info, certificate);
    der_close(reader, &info);
    return algorithm;
}

static void read_signature(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader bits = der_open(reader, DER_BIT_STRING, "signature");

    if (reader_u8(&bits) != 0)
        reader_fail(&bits, ERROR_MALFORMED, "the signature has bits to spare");
    certificate->signature = reader_rest(&bits);
    der_close(reader, &bits);
}

static void read_certificate(struct reader *reader, struct platform_certificate *certificate)
{
    struct reader frame = der_open(reader, DER_SEQUENCE, "attribute certificate");
    size_t start = frame.at;
    struct span signed_as = read_info(&frame, certificate), algorithm;

    if (reader_ok(&frame))
        certificate->signed_part = span_of(frame.input.data + start, frame.at - start);
    algorithm = read_algorithm(&frame, &certificate->algorithm);
    if (reader_ok(&frame) && !span_equal(signed_as, algorithm))
        reader_fail(&frame, ERROR_MALFORMED, "two algorithms for one signature");
    read_signature(&frame, certificate);
    der_close(reader, &frame);
}

bool platform_certificate_decode(struct span der, struct arena *arena,
                                 struct platform_certificate **certificate, struct error *error)
{
    struct platform_certificate *decoded = arena_new(arena, struct platform_certificate);
    struct reader reader = reader_init(der, CLAUSE, error);

    if (!decoded)
        return arena_error(arena, error);
    reader_cap(&reader, der.len, LIMIT_PLATFORM_CERTIFICATE_LEN, "certificate length");
    read_certificate(&reader, decoded);
    if (!reader_end(&reader))
        return false;
    *certificate = decoded;
    return true;
}
