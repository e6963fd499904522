/* Which bytes of an image firmware hashes. Trusts the bounds that wire/pe.h has checked. Must never
 * mend what headers say: the digest is that of the image as it is, also when its sections overlap or
 * its certificate table stands where it should not. */
#include "verify/authenticode.h"

static const char CLAUSE[] = "Authenticode PE, Calculating the PE Image Hash";

enum { SIGNED_ALIGNMENT = 8 };

static const uint8_t ZEROS[SIGNED_ALIGNMENT];

static void add_part(struct authenticode *image, const struct pe *pe, size_t from, size_t to)
{
    if (to > from)
        image->parts[image->n_parts++] = span_of(pe->file.data + from, to - from);
}

/* Steps 3 to 9: the headers without checksum and certificate directory entry. */
static void add_headers(struct authenticode *image, const struct pe *pe)
{
    size_t after_checksum = pe->checksum_at + 4;

    add_part(image, pe, 0, pe->checksum_at);
    if (pe->certificate_entry_at) {
        add_part(image, pe, after_checksum, pe->certificate_entry_at);
        add_part(image, pe, pe->certificate_entry_at + 8, pe->headers_len);
    } else {
        add_part(image, pe, after_checksum, pe->headers_len);
    }
}

/* Steps 11 to 15: sections with data, by their place in the file; of two at one place the first in
 * the table comes first. Returns their length. */
static size_t add_sections(struct authenticode *image, const struct pe *pe)
{
    size_t first = image->n_parts, total = 0;

    for (size_t i = 0; i < pe->n_sections; i++) {
        struct span raw = pe_section(pe, i).raw;
        size_t at = image->n_parts;

        if (raw.len == 0)
            continue;
        for (; at > first && raw.data < image->parts[at - 1].data; at--)
            image->parts[at] = image->parts[at - 1];
        image->parts[at] = raw;
        image->n_parts++;
        total += raw.len;
    }
    return total;
}

bool authenticode_read(const struct pe *pe, struct arena *arena, struct authenticode *image,
                       struct error *error)
{
    enum { OTHER_PARTS = 3 + 1 + 1 }; /* headers, what follows the sections, padding */
    struct authenticode found = {0};
    size_t hashed, left;

    found.parts = arena_array(arena, pe->n_sections + OTHER_PARTS, sizeof *found.parts);
    if (!found.parts)
        return arena_error(arena, error);
    add_headers(&found, pe);
    hashed = pe->headers_len + add_sections(&found, pe);
    /* Step 16: what follows, up to the certificates, which are taken to be the file's end. */
    left = pe->file.len > hashed ? pe->file.len - hashed : 0;
    if (left) {
        if (pe->certificates.len > left)
            return error_set(error, ERROR_MALFORMED, pe->certificate_entry_at + 4, CLAUSE,
                             "certificate table of %zu bytes, but %zu follow the sections",
                             pe->certificates.len, left);
        add_part(&found, pe, hashed, pe->file.len - pe->certificates.len);
    }
    if (pe->certificates.len == 0)
        found.padding_len = -pe->file.len % SIGNED_ALIGNMENT;
    found.parts[found.n_parts] = span_of(ZEROS, found.padding_len);
    *image = found;
    return true;
}

void authenticode_hash(struct crypto *crypto, const struct authenticode *image, uint16_t alg,
                       bool padded, struct crypto_digest *digest)
{
    crypto_hash(crypto, alg, image->parts, image->n_parts + (padded && image->padding_len), digest);
}
