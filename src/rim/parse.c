/* XML to a tree. Everything by which one document makes a parser read another, or itself many times, begins
 * with a DTD: there the parser stops. */
#include "rim/internal.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

static const char CLAUSE[] = "XML 1.0";

static void stop_at_dtd(void *context, const xmlChar *name, const xmlChar *external,
                        const xmlChar *system)
{
    bool *has_dtd = ((xmlParserCtxt *)context)->_private;

    (void)name;
    (void)external;
    (void)system;
    *has_dtd = true;
    xmlStopParser(context);
}

/* libxml's words, without the newline at their end. */
static bool parse_error(xmlParserCtxt *context, struct error *error)
{
    const char *message = context->lastError.message ? context->lastError.message : "no document";
    long at = xmlByteConsumed(context);

    return error_set(error, ERROR_MALFORMED, at < 0 ? ERROR_NO_OFFSET : (size_t)at, CLAUSE,
                     "line %d: %.*s", context->lastError.line, (int)strcspn(message, "\n"),
                     message);
}

xmlDoc *rim_parse(struct span xml, bool keeps_blanks, struct error *error)
{
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                        (keeps_blanks ? 0 : XML_PARSE_NOBLANKS);
    xmlParserCtxt *context;
    xmlDoc *document;
    bool has_dtd = false;

    if (xml.len > LIMIT_MANIFEST_LEN) {
        error_set(error, ERROR_LIMIT, LIMIT_MANIFEST_LEN, CLAUSE,
                  "the document has %zu bytes, over the limit of %d", xml.len, LIMIT_MANIFEST_LEN);
        return NULL;
    }
    context = xmlNewParserCtxt();
    if (!context) {
        error_plain(error, ERROR_MEMORY, "no memory for an XML parser");
        return NULL;
    }
    context->_private = &has_dtd;
    context->sax->internalSubset = stop_at_dtd;
    document = xmlCtxtReadMemory(context, (const char *)xml.data, (int)xml.len, NULL, NULL,
                                 options);
    if (has_dtd || !document) {
        xmlFreeDoc(document);
        document = NULL;
        if (has_dtd)
            error_set(error, ERROR_UNSUPPORTED, ERROR_NO_OFFSET, CLAUSE,
                      "the document has a DTD, which a manifest needs not");
        else
            parse_error(context, error);
    }
    xmlFreeParserCtxt(context);
    return document;
}
