/* See platform.h. */
#include "agent/platform.h"

#include <stdio.h>

#include "os/file.h"
#include "wire/der.h"

enum { FILES_MAX = 64 }; /* of one folder */

/* boot/tcg/cert/platform or efi/tcg/cert/platform of the EFI partition, wherever that is mounted. */
static const char *const FOLDERS[] = {
    "/boot/tcg/cert/platform",          "/boot/efi/EFI/tcg/cert/platform",
    "/boot/efi/boot/tcg/cert/platform", "/boot/EFI/tcg/cert/platform",
    "/efi/EFI/tcg/cert/platform",
};

static void leave_out(const char *where, const char *why)
{
    fprintf(stderr, "bootseal-agent: platform certificate in %s is not sent: %s\n", where, why);
}

static bool is_known(const struct platform_certificates *found, struct span certificate)
{
    for (size_t i = 0; i < found->n_items; i++)
        if (span_equal(found->items[i], certificate))
            return true;
    return false;
}

/* What lies behind the certificate is padding of an NV index. */
static void add(struct platform_certificates *found, const char *where, struct span bytes)
{
    struct error error;
    size_t len;

    if (!der_measure(bytes, &len, &error)) {
        leave_out(where, "it is not DER");
        return;
    }
    bytes.len = len;
    if (is_known(found, bytes))
        return;
    if (len > LIMIT_PLATFORM_CERTIFICATE_LEN)
        leave_out(where, "it is too long");
    else if (found->n_items == LIMIT_PLATFORM_CERTIFICATES)
        leave_out(where, "there are too many");
    else
        found->items[found->n_items++] = bytes;
}

static bool add_file(const char *folder, const char *name, struct arena *arena,
                     struct platform_certificates *found, struct error *error)
{
    const char *path = arena_printf(arena, "%s/%s", folder, name);
    struct span bytes;
    struct error failed;

    if (!path)
        return arena_error(arena, error);
    if (os_file_read(path, LIMIT_PLATFORM_CERTIFICATE_LEN, arena, &bytes, &failed))
        add(found, path, bytes);
    else
        leave_out(path, failed.message);
    return true;
}

static bool add_folder(const char *folder, struct arena *arena, struct platform_certificates *found,
                       struct error *error)
{
    struct error failed;
    const char **names;
    size_t n_names;

    if (!os_directory_list(folder, ".cer", FILES_MAX, arena, &names, &n_names, &failed)) {
        leave_out(folder, failed.message);
        return true;
    }
    for (size_t i = 0; i < n_names; i++)
        if (!add_file(folder, names[i], arena, found, error))
            return false;
    return true;
}

bool platform_certificates_find(const char *root, struct tpm *tpm, struct arena *arena,
                                struct platform_certificates *found, struct error *error)
{
    struct span in_tpm[LIMIT_PLATFORM_CERTIFICATES];
    size_t n_in_tpm = 0;

    *found = (struct platform_certificates){0};
    if (tpm && !tpm_platform_certificates_read(tpm, arena, LIMIT_PLATFORM_CERTIFICATES, in_tpm,
                                               &n_in_tpm, error))
        return false;
    for (size_t i = 0; i < n_in_tpm; i++)
        add(found, "the TPM", in_tpm[i]);
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
        const char *folder = arena_printf(arena, "%s%s", root, FOLDERS[i]);

        if (!folder)
            return arena_error(arena, error);
        if (!add_folder(folder, arena, found, error))
            return false;
    }
    return true;
}
