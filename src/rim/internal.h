/* What the files of src/rim share; nobody else includes this. */
#ifndef BOOTSEAL_RIM_INTERNAL_H
#define BOOTSEAL_RIM_INTERNAL_H

#include <libxml/tree.h>

#include "rim/rim.h"

/* The document, without entities, and without text that is nothing but blanks unless keeps_blanks; NULL
 * with *error. For xmlFreeDoc. */
xmlDoc *rim_parse(struct span xml, bool keeps_blanks, struct error *error);

/* Holds the one signature of the document against the keys; *signer is the place of the one that
 * fits. */
bool rim_verify(xmlDoc *document, const struct span *certificates, size_t n_certificates,
                size_t *signer, struct error *error) MUST_CHECK;

/* The property of the signature that a second reference covers: its time stamp. NULL without one. */
xmlNode *rim_time_property(xmlDoc *document);

/* True for an element of this name and namespace. */
bool rim_is_element(const xmlNode *node, const char *name, const char *namespace);

#endif
