/* The initial RAM disk that systemd-stub hands to Linux, which measures it whole: microcode and .initrd of
 * the unified kernel image, and behind them what the stub packs into archives of its own (cpio, "newc": Linux
 * Documentation/driver-api/early-userspace/buffer-format.rst; systemd src/boot/stub.c, cpio.c).
 *
 * What the stub finds beside the image (credentials, extensions) belongs to a host and is left out. */
#include "component/internal.h"

#include "base/writer.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    CPIO_HEAD_LEN = 6 + 13 * 8,
    CPIO_DIRECTORY = 040555,
    CPIO_FILE = 0100444,
    PACKED_HEAD_CAP = 512, /* of a directory's entry and a file's, without its contents */
    OSREL_SINCE = 257,     /* the version of systemd-stub that packs .osrel and .profile too */
};

/* Sections that the stub packs, in this order, and since when. */
static const struct {
    const char *section, *name;
    unsigned long since;
} PACKED[] = {
    {".pcrsig", ".extra/tpm2-pcr-signature.json", 0},
    {".pcrpkey", ".extra/tpm2-pcr-public-key.pem", 0},
    {".osrel", ".extra/os-release", OSREL_SINCE},
    {".profile", ".extra/profile", OSREL_SINCE},
};

/* Parts of two sections with padding, and three of each archive. */
enum { PARTS_MAX = 2 * 2 + 3 * sizeof PACKED / sizeof *PACKED };

struct ram_disk {
    struct span parts[PARTS_MAX];
    size_t n_parts, n_disks;
};

static const uint8_t ZEROS[4];

/* A disk of several is padded to 4 bytes. */
static void add_disk(struct ram_disk *disk, struct span bytes)
{
    disk->parts[disk->n_parts++] = bytes;
    disk->parts[disk->n_parts++] = span_of(ZEROS, -bytes.len % 4);
    disk->n_disks++;
}

static void put_entry(struct writer *writer, unsigned inode, unsigned mode, size_t len,
                      const char *name)
{
    char head[CPIO_HEAD_LEN + 1];

    snprintf(head, sizeof head, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", inode,
             mode, 0U, 0U, 1U, 0U, (unsigned)len, 0U, 0U, 0U, 0U, (unsigned)strlen(name) + 1, 0U);
    writer_bytes(writer, span_of(head, CPIO_HEAD_LEN));
    writer_bytes(writer, span_of(name, strlen(name) + 1));
    writer_bytes(writer, span_of(ZEROS, -writer->len % 4));
}

/* The head of an archive with one file. */
static bool pack(struct component_set *set, struct ram_disk *disk, struct span content,
                 const char *name, struct error *error)
{
    static const char TRAILER[] = "\0\0\0" /* padding before it, as much as is needed */
                                  "070701"
                                  "00000000000000000000000000000000"
                                  "00000001"
                                  "000000000000000000000000000000000000000000000000"
                                  "0000000B00000000TRAILER!!!\0\0\0";
    uint8_t *head = arena_alloc(set->arena, PACKED_HEAD_CAP);
    struct writer writer = writer_init(head, PACKED_HEAD_CAP);
    size_t padding = -content.len % 4;

    if (!head)
        return arena_error(set->arena, error);
    put_entry(&writer, 1, CPIO_DIRECTORY, 0, ".extra");
    put_entry(&writer, 2, CPIO_FILE, content.len, name);
    disk->parts[disk->n_parts++] = writer_span(&writer);
    disk->parts[disk->n_parts++] = content;
    disk->parts[disk->n_parts++] = span_of(TRAILER + 3 - padding, sizeof TRAILER - 3 + padding);
    disk->n_disks++;
    return true;
}

/* Sections that are longer in memory than in the file are nobody's disks. */
static bool find(const struct pe *pe, const char *name, struct span *content)
{
    struct pe_section section;

    if (!pe_find_section(pe, name, &section) || section.virtual_len == 0 ||
        section.virtual_len > section.raw.len)
        return false;
    *content = span_of(section.raw.data, section.virtual_len);
    return true;
}

/* "systemd-stub 257.13-1"; 0 for others, which pack as old ones do. */
static unsigned long stub_version(const char *loader)
{
    static const char NAME[] = "systemd-stub ";

    return strncmp(loader, NAME, sizeof NAME - 1) == 0 ? strtoul(loader + sizeof NAME - 1, NULL, 10)
                                                       : 0;
}

bool component_add_ram_disk(struct component_set *set, const struct component *image,
                            struct component *initrd, const struct pe *pe, struct error *error)
{
    unsigned long version = stub_version(image->loader);
    struct ram_disk disk = {0};
    struct span content;

    if (find(pe, ".ucode", &content))
        add_disk(&disk, content);
    if (!find(pe, ".initrd", &content))
        return true;
    add_disk(&disk, content);
    for (size_t i = 0; i < sizeof PACKED / sizeof *PACKED; i++)
        if (version >= PACKED[i].since && find(pe, PACKED[i].section, &content) &&
            !pack(set, &disk, content, PACKED[i].name, error))
            return false;
    if (disk.n_disks == 1)
        disk.n_parts = 1; /* as it is */
    return component_add_digests(set, initrd, COMPONENT_OVER_RAM_DISK, disk.parts, disk.n_parts,
                                 error);
}
