/* Finds the version text of a kernel image. Must never read it from outside of the setup code: the
 * rest is compressed kernel. */
#include "wire/linux_image.h"

static const char CLAUSE[] = "Linux boot.rst, The Real-Mode Kernel Header";

enum {
    SETUP_SECTORS_AT = 0x1F1,
    MAGIC_AT = 0x202,
    SECTOR_LEN = 512,
    DEFAULT_SETUP_SECTORS = 4, /* what 0 means */
    VERSION_BASE = 0x200,      /* what kernel_version counts from */
    VERSION_LEN_MAX = 256,
};

bool linux_image_is_kernel(struct span file)
{
    return file.len >= MAGIC_AT + 4 && memcmp(file.data + MAGIC_AT, "HdrS", 4) == 0;
}

bool linux_image_release(struct span file, struct span *release, struct error *error)
{
    struct reader reader = reader_init(file, CLAUSE, error);
    size_t setup_len, version_at, left, len = 0;
    const uint8_t *text;

    reader_bytes(&reader, SETUP_SECTORS_AT, "what stands before the header");
    setup_len = reader_u8(&reader);
    setup_len = ((setup_len ? setup_len : DEFAULT_SETUP_SECTORS) + 1) * SECTOR_LEN;
    reader_bytes(&reader, MAGIC_AT - SETUP_SECTORS_AT - 1, "setup header");
    if (!span_is(reader_bytes(&reader, 4, "magic"), "HdrS") && reader_ok(&reader))
        return error_set(error, ERROR_MALFORMED, MAGIC_AT, CLAUSE, "no HdrS signature");
    reader_bytes(&reader, 8, "setup header");
    version_at = reader_le16(&reader);
    if (!reader_ok(&reader))
        return false;
    if (version_at == 0)
        return error_set(error, ERROR_UNSUPPORTED, reader_offset(&reader) - 2, CLAUSE,
                         "the kernel names no version");
    version_at += VERSION_BASE;
    if (setup_len > file.len)
        setup_len = file.len;
    if (version_at >= setup_len)
        return error_set(error, ERROR_MALFORMED, reader_offset(&reader) - 2, CLAUSE,
                         "version text at %zu lies behind the setup code's %zu bytes", version_at,
                         setup_len);
    text = file.data + version_at;
    left = setup_len - version_at < VERSION_LEN_MAX ? setup_len - version_at : VERSION_LEN_MAX;
    while (len < left && text[len] > ' ')
        len++;
    if (len == 0 || len == left)
        return error_set(error, ERROR_MALFORMED, version_at, CLAUSE,
                         "version text is empty or does not end");
    *release = span_of(text, len);
    return true;
}
