/* Prints foreign device paths: what comes out is printable and of bounded length. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/efi_device_path.h"

static void check(const char *text, size_t len)
{
    if (strlen(text) > 64 + 16 * len)
        abort();
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena = arena_init((size_t)16 << 20);
    struct error error;
    const char *text;

    if (efi_device_path_print(span_of(data, len), &arena, &text, &error))
        check(text, len);
    if (efi_device_path_file(span_of(data, len), &arena, &text, &error))
        check(text, len);
    arena_done(&arena);
    return 0;
}
