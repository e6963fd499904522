#include "rim/rim.h"

#include "base/text.h"
#include "rim/internal.h"
#include "wire/tpm_alg.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdlib.h>

static const char CLAUSE[] = "TCG PC Client RIM 1.04 3.3";
static const char SWID[] = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";

/* Namespaces of the attribute hash: ISO/IEC 19770-2 names algorithms as XML Encryption does. */
static const struct {
    const char *namespace;
    uint16_t alg;
} HASHES[] = {
    {"http://www.w3.org/2001/04/xmlenc#sha256", TPM_ALG_SHA256},
    {"http://www.w3.org/2001/04/xmldsig-more#sha384", TPM_ALG_SHA384},
    {"http://www.w3.org/2001/04/xmlenc#sha512", TPM_ALG_SHA512},
};

struct rim_reader {
    struct rim *rim;
    struct arena *arena;
    struct error *error;
    size_t cap; /* of rim->files */
};

bool rim_is_element(const xmlNode *node, const char *name, const char *namespace)
{
    return node->type == XML_ELEMENT_NODE && node->ns &&
           xmlStrEqual(node->ns->href, BAD_CAST namespace) &&
           xmlStrEqual(node->name, BAD_CAST name);
}

/* An attribute's value as printable text in the arena; "" when it is too long, false for no memory. */
static bool read_text(struct rim_reader *reader, const xmlAttr *attribute, const char **text)
{
    xmlChar *value = xmlNodeListGetString(attribute->doc, attribute->children, 1);
    struct span bytes = value ? span_text((const char *)value) : span_text("");
    bool good = bytes.len <= LIMIT_MANIFEST_TEXT_LEN;

    if (good)
        *text = text_printable(reader->arena, bytes);
    xmlFree(value);
    if (!good)
        return error_set(reader->error, ERROR_LIMIT, ERROR_NO_OFFSET, CLAUSE,
                         "attribute %.60s is longer than %d bytes", (const char *)attribute->name,
                         LIMIT_MANIFEST_TEXT_LEN);
    return *text || arena_error(reader->arena, reader->error);
}

static bool is_called(const xmlAttr *attribute, const char *name)
{
    return xmlStrcasecmp(attribute->name, BAD_CAST name) == 0;
}

/* --- Head --- */

static bool read_flag(struct rim_reader *reader, const xmlAttr *attribute, bool *flag)
{
    const char *text = "";

    if (!read_text(reader, attribute, &text))
        return false;
    *flag = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    return true;
}

static bool read_root_attribute(struct rim_reader *reader, const xmlAttr *attribute)
{
    struct rim *rim = reader->rim;

    if (attribute->ns)
        return true;
    if (is_called(attribute, "tagId"))
        return read_text(reader, attribute, &rim->id);
    if (is_called(attribute, "name"))
        return read_text(reader, attribute, &rim->name);
    if (is_called(attribute, "version"))
        return read_text(reader, attribute, &rim->version);
    if (is_called(attribute, "supplemental"))
        return read_flag(reader, attribute, &rim->is_supplemental);
    return !is_called(attribute, "patch") || read_flag(reader, attribute, &rim->is_patch);
}

static bool read_root(struct rim_reader *reader, const xmlNode *root)
{
    for (const xmlAttr *at = root->properties; at; at = at->next)
        if (!read_root_attribute(reader, at))
            return false;
    return true;
}

/* Relations to another base RIM; others lead to media, installers and pages. */
static bool is_relation(const char *relation)
{
    static const char *const RELATIONS[] = {"component", "parent",     "patches",
                                            "requires",  "supersedes", "supplemental"};

    for (size_t i = 0; i < sizeof RELATIONS / sizeof *RELATIONS; i++)
        if (strcmp(relation, RELATIONS[i]) == 0)
            return true;
    return false;
}

static bool read_link(struct rim_reader *reader, const xmlNode *link)
{
    struct rim *rim = reader->rim;
    const char *href = "", *relation = "";

    for (const xmlAttr *at = link->properties; at; at = at->next)
        if ((is_called(at, "href") && !read_text(reader, at, &href)) ||
            (is_called(at, "rel") && !read_text(reader, at, &relation)))
            return false;
    if (!is_relation(relation))
        return true;
    if (rim->n_links == LIMIT_MANIFEST_DEPENDENTS)
        return error_set(reader->error, ERROR_LIMIT, ERROR_NO_OFFSET, CLAUSE,
                         "more than %d links to other base RIMs", LIMIT_MANIFEST_DEPENDENTS);
    rim->links[rim->n_links++] = href;
    return true;
}

static bool read_meta(struct rim_reader *reader, const xmlNode *meta)
{
    struct rim *rim = reader->rim;

    for (const xmlAttr *at = meta->properties; at; at = at->next) {
        const char *binding = "";

        if (is_called(at, "platformManufacturerStr")) {
            if (!read_text(reader, at, &rim->manufacturer))
                return false;
        } else if (is_called(at, "platformModel")) {
            if (!read_text(reader, at, &rim->model))
                return false;
        } else if (is_called(at, "bindingSpec")) {
            if (!read_text(reader, at, &binding))
                return false;
            rim->is_pc_client |= strstr(binding, "PC Client") != NULL;
        }
    }
    return true;
}

/* --- Payload --- */

static struct rim_file *new_file(struct rim_reader *reader)
{
    struct rim *rim = reader->rim;

    if (rim->n_files == LIMIT_MANIFEST_ITEMS) {
        error_set(reader->error, ERROR_LIMIT, ERROR_NO_OFFSET, CLAUSE, "more than %d files",
                  LIMIT_MANIFEST_ITEMS);
        return NULL;
    }
    if (rim->n_files == reader->cap) {
        size_t cap = reader->cap ? 2 * reader->cap : 16;
        struct rim_file *grown = arena_array(reader->arena, cap, sizeof *grown);

        if (!grown) {
            arena_error(reader->arena, reader->error);
            return NULL;
        }
        if (rim->n_files)
            memcpy(grown, rim->files, rim->n_files * sizeof *grown);
        rim->files = grown;
        reader->cap = cap;
    }
    rim->files[rim->n_files] = (struct rim_file){.name = ""};
    return &rim->files[rim->n_files++];
}

/* The longest hash counts where there are several. */
static bool read_hash(struct rim_reader *reader, const xmlAttr *attribute, struct rim_file *file)
{
    uint8_t bytes[LIMIT_TPM_DIGEST_LEN];
    const char *hex = "", *copy;
    uint16_t alg = 0;
    size_t len;

    for (size_t i = 0; i < sizeof HASHES / sizeof *HASHES; i++)
        if (attribute->ns && xmlStrEqual(attribute->ns->href, BAD_CAST HASHES[i].namespace))
            alg = HASHES[i].alg;
    if (alg == 0 || tpm_digest_len(alg) <= file->digest.len)
        return true;
    if (!read_text(reader, attribute, &hex))
        return false;
    if (!text_unhex(span_text(hex), bytes, sizeof bytes, &len) || len != tpm_digest_len(alg))
        return error_set(reader->error, ERROR_MALFORMED, ERROR_NO_OFFSET, CLAUSE,
                         "line %ld: a hash is not %zu bytes in hexadecimal",
                         xmlGetLineNo(attribute->parent), tpm_digest_len(alg));
    copy = arena_text(reader->arena, span_of(bytes, len));
    if (!copy)
        return arena_error(reader->arena, reader->error);
    file->alg = alg;
    file->digest = span_of(copy, len);
    return true;
}

static bool read_size(struct rim_reader *reader, const xmlAttr *attribute, struct rim_file *file)
{
    const char *text = "";
    char *rest;

    if (!read_text(reader, attribute, &text))
        return false;
    errno = 0;
    file->len = strtoull(text, &rest, 10);
    file->has_len = true;
    return (*text >= '0' && *text <= '9' && !*rest && errno == 0) ||
           error_set(reader->error, ERROR_MALFORMED, ERROR_NO_OFFSET, CLAUSE,
                     "line %ld: a size is no number", xmlGetLineNo(attribute->parent));
}

static bool read_file(struct rim_reader *reader, const xmlNode *node)
{
    struct rim_file *file = new_file(reader);
    const char *type = "";

    for (const xmlAttr *at = file ? node->properties : NULL; at; at = at->next) {
        bool good = true;

        if (is_called(at, "hash"))
            good = read_hash(reader, at, file);
        else if (is_called(at, "supportRIMType"))
            good = read_text(reader, at, &type);
        else if (!at->ns && is_called(at, "name"))
            good = read_text(reader, at, &file->name);
        else if (!at->ns && is_called(at, "size"))
            good = read_size(reader, at, file);
        if (!good)
            return false;
    }
    if (!file)
        return false;
    if (!*file->name || !file->digest.len)
        return error_set(reader->error, ERROR_MALFORMED, ERROR_NO_OFFSET, CLAUSE,
                         "line %ld: a file lacks its name, or a hash of SHA-256 or longer",
                         xmlGetLineNo(node));
    file->is_pcr_values = strcasestr(type, "PCR") || strcasestr(file->name, ".rimpcr");
    return true;
}

static bool read_payload(struct rim_reader *reader, const xmlNode *folder, unsigned depth)
{
    if (depth > LIMIT_MANIFEST_FOLDERS)
        return error_set(reader->error, ERROR_LIMIT, ERROR_NO_OFFSET, CLAUSE,
                         "directories are nested deeper than %d", LIMIT_MANIFEST_FOLDERS);
    for (const xmlNode *node = folder->children; node; node = node->next) {
        if (rim_is_element(node, "File", SWID) && !read_file(reader, node))
            return false;
        if (rim_is_element(node, "Directory", SWID) && !read_payload(reader, node, depth + 1))
            return false;
    }
    return true;
}

/* --- Time --- */

/* The attribute dateTime of a time stamp: the signer's word in RFC 3339, or somebody else's signature. */
static bool read_time_stamp(struct rim_reader *reader, const xmlNode *stamp)
{
    bool is_word = strstr((const char *)stamp->ns->href, "rfc3339") != NULL;

    reader->rim->has_countersignature |= !is_word;
    for (const xmlAttr *at = is_word ? stamp->properties : NULL; at; at = at->next)
        if (is_called(at, "dateTime") && !read_text(reader, at, &reader->rim->signed_at))
            return false;
    return true;
}

static bool read_time(struct rim_reader *reader, xmlDoc *document)
{
    const xmlNode *property = rim_time_property(document);

    for (const xmlNode *node = property ? property->children : NULL; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && node->ns &&
            xmlStrcasecmp(node->name, BAD_CAST "timestamp") == 0 && !read_time_stamp(reader, node))
            return false;
    return true;
}

static bool read_manifest(struct rim_reader *reader, const xmlNode *root)
{
    if (!root || !rim_is_element(root, "SoftwareIdentity", SWID))
        return error_set(reader->error, ERROR_MALFORMED, ERROR_NO_OFFSET, CLAUSE,
                         "the document is no SoftwareIdentity of ISO/IEC 19770-2:2015");
    if (!read_root(reader, root))
        return false;
    for (const xmlNode *node = root->children; node; node = node->next) {
        if (rim_is_element(node, "Meta", SWID) && !read_meta(reader, node))
            return false;
        if (rim_is_element(node, "Link", SWID) && !read_link(reader, node))
            return false;
        if (rim_is_element(node, "Payload", SWID) && !read_payload(reader, node, 0))
            return false;
    }
    return true;
}

/* A tree that one of the keys signed; with no keys, any. The tool that most manifests come from signs them
 * before it indents them: what then fails is tried once more without the blanks, in which no value can
 * be, and the tree that was verified is the one that is read. */
static xmlDoc *open_document(struct span xml, const struct span *certificates,
                             size_t n_certificates, size_t *signer, struct error *error)
{
    xmlDoc *document = rim_parse(xml, true, error);

    if (!document || n_certificates == 0 ||
        rim_verify(document, certificates, n_certificates, signer, error))
        return document;
    xmlFreeDoc(document);
    if (error->code != ERROR_DENIED)
        return NULL;
    document = rim_parse(xml, false, error);
    if (!document || rim_verify(document, certificates, n_certificates, signer, error))
        return document;
    xmlFreeDoc(document);
    return NULL;
}

bool rim_decode(struct span xml, const struct span *certificates, size_t n_certificates,
                struct arena *arena, struct rim *rim, struct error *error)
{
    struct rim read = {
        .id = "", .name = "", .version = "", .manufacturer = "", .model = "", .signed_at = ""};
    struct rim_reader reader = {.rim = &read, .arena = arena, .error = error};
    xmlDoc *document = open_document(xml, certificates, n_certificates, &read.signer, error);
    bool good = document && read_manifest(&reader, xmlDocGetRootElement(document)) &&
                read_time(&reader, document);

    xmlFreeDoc(document);
    xmlCleanupParser();
    if (good)
        *rim = read;
    return good;
}
