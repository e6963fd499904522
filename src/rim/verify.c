/* The XML signature of a base RIM (W3C XML Signature 1.1; TCG RIM IM 1.01, 4.5). Trusts xmlsec's
 * arithmetic and canonicalisation. What is signed has one legal form here, so that no signature can be moved
 * to a place where it covers something else than what is read. */
#include "rim/internal.h"

#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include <string.h>

static const char CLAUSE[] = "XML Signature 4.4";
static const char NAMESPACE[] = "http://www.w3.org/2000/09/xmldsig#";

/* xmlsec reports through a callback of the process; what matters comes back as a status. */
static void say_nothing(const char *file, int line, const char *function, const char *object,
                        const char *subject, int reason, const char *message)
{
    (void)file;
    (void)line;
    (void)function;
    (void)object;
    (void)subject;
    (void)reason;
    (void)message;
}

static bool begin(struct error *error)
{
    /* xmlSecOpenSSLAppInit would read and write files of random numbers, which OpenSSL 3 needs not. */
    if (xmlSecInit() < 0 || xmlSecOpenSSLInit() < 0)
        return error_plain(error, ERROR_CRYPTO, "xmlsec cannot be used");
    xmlSecErrorsSetCallback(say_nothing); /* each of the two puts its own in place */
    /* Neither files nor the network, whatever a reference says. */
    xmlSecIOCleanupCallbacks();
    return true;
}

static void end(void)
{
    xmlSecOpenSSLShutdown();
    xmlSecShutdown();
}

/* Counts elements of this name, wherever they stand. */
static size_t count(const xmlNode *node, const char *name)
{
    size_t n = 0;

    for (; node; node = node->next)
        n += rim_is_element(node, name, NAMESPACE) +
             (node->type == XML_ELEMENT_NODE ? count(node->children, name) : 0);
    return n;
}

static xmlNode *child(const xmlNode *node, const char *name)
{
    for (xmlNode *at = node ? node->children : NULL; at; at = at->next)
        if (rim_is_element(at, name, NAMESPACE))
            return at;
    return NULL;
}

static xmlNode *next(const xmlNode *node, const char *name)
{
    xmlNode *at = node ? node->next : NULL;

    while (at && !rim_is_element(at, name, NAMESPACE))
        at = at->next;
    return at;
}

/* Whether the attribute, which has no namespace, has this value. */
static bool has_value(const xmlNode *node, const char *attribute, const char *value)
{
    xmlChar *found = xmlGetNoNsProp(node, BAD_CAST attribute);
    bool same = found && xmlStrEqual(found, BAD_CAST value);

    xmlFree(found);
    return same;
}

/* What a reference of this URI, "#ID", names if it is a property of the signature itself. A name that is not
 * plain would be an expression to xmlsec. */
static xmlNode *find_property(const xmlNode *signature, const char *uri)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const xmlNode *properties = child(child(signature, "Object"), "SignatureProperties");

    if (*uri != '#' || !uri[1] || uri[1 + strspn(uri + 1, PLAIN)])
        return NULL;
    for (xmlNode *at = child(properties, "SignatureProperty"); at;
         at = next(at, "SignatureProperty"))
        if (has_value(at, "Id", uri + 1))
            return at;
    return NULL;
}

static xmlNode *second_reference(const xmlNode *signature)
{
    return next(child(child(signature, "SignedInfo"), "Reference"), "Reference");
}

xmlNode *rim_time_property(xmlDoc *document)
{
    const xmlNode *signature = child(xmlDocGetRootElement(document), "Signature");
    const xmlNode *reference = second_reference(signature);
    xmlChar *uri = reference ? xmlGetNoNsProp(reference, BAD_CAST "URI") : NULL;
    xmlNode *property = uri ? find_property(signature, (const char *)uri) : NULL;

    xmlFree(uri);
    return property;
}

/* One signature, below the root, with one reference to the whole document, and at most one more, to a
 * property inside of the signature, from which no value is read. */
static xmlNode *find_signature(xmlDoc *document, struct error *error)
{
    xmlNode *root = xmlDocGetRootElement(document), *signature = child(root, "Signature");
    xmlNode *reference = child(child(signature, "SignedInfo"), "Reference");
    size_t n_references = rim_time_property(document) ? 2 : 1;

    if (!signature) {
        error_set(error, ERROR_DENIED, ERROR_NO_OFFSET, CLAUSE, "the manifest is not signed");
        return NULL;
    }
    if (!reference || !has_value(reference, "URI", "") || count(root, "Signature") != 1 ||
        count(signature, "Reference") != n_references) {
        error_set(error, ERROR_UNSUPPORTED, ERROR_NO_OFFSET, CLAUSE,
                  "the manifest has not exactly one signature over the whole document");
        return NULL;
    }
    return signature;
}

enum { N_OF_REFERENCE = 6, N_OF_SIGNATURE = 8 };

/* Only what the legal forms need. */
static bool allow(xmlSecDSigCtx *context, bool has_time)
{
    const xmlSecTransformId of_reference[N_OF_REFERENCE] = {
        xmlSecTransformEnvelopedId, xmlSecTransformInclC14NId, xmlSecTransformExclC14NId,
        xmlSecTransformSha256Id,    xmlSecTransformSha384Id,   xmlSecTransformSha512Id};
    const xmlSecTransformId of_signature[N_OF_SIGNATURE] = {
        xmlSecTransformInclC14NId,    xmlSecTransformExclC14NId,   xmlSecTransformRsaSha256Id,
        xmlSecTransformRsaSha384Id,   xmlSecTransformRsaSha512Id,  xmlSecTransformEcdsaSha256Id,
        xmlSecTransformEcdsaSha384Id, xmlSecTransformEcdsaSha512Id};

    context->enabledReferenceUris = xmlSecTransformUriTypeEmpty |
                                    (has_time ? xmlSecTransformUriTypeSameDocument : 0);
    context->flags |= XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
    for (size_t i = 0; i < N_OF_REFERENCE; i++)
        if (xmlSecDSigCtxEnableReferenceTransform(context, of_reference[i]) < 0)
            return false;
    for (size_t i = 0; i < N_OF_SIGNATURE; i++)
        if (xmlSecDSigCtxEnableSignatureTransform(context, of_signature[i]) < 0)
            return false;
    return true;
}

/* With a key given, xmlsec reads none from the document. */
static bool try_key(xmlNode *signature, struct span certificate, bool *holds, struct error *error)
{
    bool has_time = second_reference(signature) != NULL;
    xmlSecDSigCtx *context = xmlSecDSigCtxCreate(NULL);
    bool good = context && allow(context, has_time);

    *holds = false;
    if (good)
        context->signKey = xmlSecOpenSSLAppKeyLoadMemory(
            certificate.data, certificate.len, xmlSecKeyDataFormatCertDer, NULL, NULL, NULL);
    if (good && context->signKey)
        *holds = xmlSecDSigCtxVerify(context, signature) == 0 &&
                 context->status == xmlSecDSigStatusSucceeded &&
                 xmlSecPtrListGetSize(&context->signedInfoReferences) == 1 + (xmlSecSize)has_time;
    if (context)
        xmlSecDSigCtxDestroy(context);
    return good || error_plain(error, ERROR_MEMORY, "no memory for a signature");
}

static bool try_keys(xmlNode *signature, const struct span *certificates, size_t n_certificates,
                     size_t *signer, struct error *error)
{
    bool holds = false;

    for (size_t i = 0; i < n_certificates; i++) {
        if (!try_key(signature, certificates[i], &holds, error))
            return false;
        if (holds) {
            *signer = i;
            return true;
        }
    }
    return error_set(error, ERROR_DENIED, ERROR_NO_OFFSET, CLAUSE,
                     "none of the %zu certificates signed the manifest as it is", n_certificates);
}

/* Without a DTD nobody tells libxml which attribute is an identifier. False when another element is called
 * like the property: then the reference would not be to what it seems. */
static bool name_property(xmlDoc *document, struct error *error)
{
    xmlNode *property = rim_time_property(document);
    xmlAttr *id = property ? xmlHasNsProp(property, BAD_CAST "Id", NULL) : NULL;
    xmlChar *name = id ? xmlNodeListGetString(document, id->children, 1) : NULL;
    bool alone = !name || !xmlGetID(document, name);

    if (name && alone)
        alone = xmlAddID(NULL, document, name, id) != NULL;
    xmlFree(name);
    return alone || error_set(error, ERROR_UNSUPPORTED, ERROR_NO_OFFSET, CLAUSE,
                              "another element is called like the time stamp of the signature");
}

bool rim_verify(xmlDoc *document, const struct span *certificates, size_t n_certificates,
                size_t *signer, struct error *error)
{
    xmlNode *signature = find_signature(document, error);
    bool good;

    if (!signature || !name_property(document, error))
        return false;
    good = begin(error) && try_keys(signature, certificates, n_certificates, signer, error);
    end();
    return good;
}
