/* Device paths to text. Owns nothing but the text, which is the arena's; trusts no node length;
 * must never let a control character through. */
#include "wire/efi_device_path.h"

#include "base/limits.h"
#include "base/text.h"
#include "wire/efi_guid.h"

#include <inttypes.h>

static const char CLAUSE[] = "UEFI 2.10 10.3";

enum { NODE_HARDWARE = 1, NODE_ACPI, NODE_MESSAGING, NODE_MEDIA, NODE_BBS, NODE_END = 0x7F };
enum { END_INSTANCE = 0x01, END_ENTIRE = 0xFF };
#define NODE(type, subtype) ((type) << 8 | (subtype))
enum { NODE_FILE = NODE(NODE_MEDIA, 4) };

/* Compressed EISA ids of PCI root bridges: PNP0A03, PNP0A08. */
enum { EISA_PNP = 0x41D0, EISA_PCI_ROOT = 0x0A03, EISA_PCIE_ROOT = 0x0A08 };

static char *guid_text(struct arena *arena, const char *format, struct span guid)
{
    char text[EFI_GUID_TEXT_LEN + 1] = "";

    if (guid.len == EFI_GUID_LEN)
        efi_guid_print(guid, text);
    for (char *c = text; *c; c++)
        if (*c >= 'a' && *c <= 'f')
            *c = (char)(*c - 'a' + 'A');
    return arena_printf(arena, "%s(%s)", format, text);
}

static char *print_hardware(struct reader *node, unsigned subtype, struct arena *arena)
{
    uint64_t first, last;
    uint32_t number;

    switch (subtype) {
    case 1:
        number = reader_u8(node);
        return arena_printf(arena, "Pci(0x%X,0x%X)", reader_u8(node), number);
    case 3:
        number = reader_le32(node);
        first = reader_le64(node);
        last = reader_le64(node);
        return arena_printf(arena, "MemoryMapped(0x%X,0x%" PRIX64 ",0x%" PRIX64 ")", number, first,
                            last);
    case 4:
        return guid_text(arena, "VenHw", reader_bytes(node, EFI_GUID_LEN, "vendor GUID"));
    case 5:
        return arena_printf(arena, "Ctrl(0x%X)", reader_le32(node));
    default:
        return NULL;
    }
}

static char *print_acpi(struct reader *node, unsigned subtype, struct arena *arena)
{
    uint32_t hid, uid;

    if (subtype == 3)
        return arena_printf(arena, "AcpiAdr(0x%X)", reader_le32(node));
    if (subtype != 1)
        return NULL;
    hid = reader_le32(node);
    uid = reader_le32(node);
    if ((hid & 0xFFFF) != EISA_PNP)
        return arena_printf(arena, "Acpi(0x%08X,0x%X)", hid, uid);
    if (hid >> 16 == EISA_PCI_ROOT)
        return arena_printf(arena, "PciRoot(0x%X)", uid);
    if (hid >> 16 == EISA_PCIE_ROOT)
        return arena_printf(arena, "PcieRoot(0x%X)", uid);
    return arena_printf(arena, "Acpi(PNP%04X,0x%X)", hid >> 16, uid);
}

static char *print_mac(struct reader *node, struct arena *arena)
{
    struct span address = reader_bytes(node, 32, "MAC address");
    unsigned type = reader_u8(node);
    char hex[65] = "";

    /* 10.3.4.11: types 0 and 1 are Ethernet with 6 bytes. */
    if (type <= 1)
        address.len = address.len ? 6 : 0;
    text_hex_into(hex, address);
    return arena_printf(arena, "MAC(%s,0x%X)", hex, type);
}

static char *print_ipv4(struct reader *node, struct arena *arena)
{
    struct span remote;

    reader_bytes(node, 4, "local address");
    remote = reader_bytes(node, 4, "remote address");
    if (remote.len == 0)
        return NULL;
    return arena_printf(arena, "IPv4(%u.%u.%u.%u)", remote.data[0], remote.data[1], remote.data[2],
                        remote.data[3]);
}

static char *print_nvme(struct reader *node, struct arena *arena)
{
    uint32_t namespace_id = reader_le32(node);
    struct span eui = reader_bytes(node, 8, "EUI-64");
    char hex[8][3] = {{0}};

    /* 10.3.4.21: little endian in the structure, written from its last byte. */
    for (size_t i = 0; i < eui.len; i++)
        text_hex_into(hex[i], span_of(eui.data + eui.len - 1 - i, 1));
    return arena_printf(arena, "NVMe(0x%X,%s-%s-%s-%s-%s-%s-%s-%s)", namespace_id, hex[0], hex[1],
                        hex[2], hex[3], hex[4], hex[5], hex[6], hex[7]);
}

static char *print_messaging(struct reader *node, unsigned subtype, struct arena *arena)
{
    unsigned a, b, c;
    char *text;

    switch (subtype) {
    case 1:
        a = reader_u8(node);
        b = reader_u8(node);
        return arena_printf(arena, "Ata(%s,%s,0x%X)", a ? "Secondary" : "Primary",
                            b ? "Slave" : "Master", reader_le16(node));
    case 2:
        a = reader_le16(node);
        return arena_printf(arena, "Scsi(0x%X,0x%X)", a, reader_le16(node));
    case 5:
        a = reader_u8(node);
        return arena_printf(arena, "USB(0x%X,0x%X)", a, reader_u8(node));
    case 10:
        return guid_text(arena, "VenMsg", reader_bytes(node, EFI_GUID_LEN, "vendor GUID"));
    case 11:
        return print_mac(node, arena);
    case 12:
        return print_ipv4(node, arena);
    case 17:
        return arena_printf(arena, "Unit(0x%X)", reader_u8(node));
    case 18:
        a = reader_le16(node);
        b = reader_le16(node);
        c = reader_le16(node);
        return arena_printf(arena, "Sata(0x%X,0x%X,0x%X)", a, b, c);
    case 23:
        return print_nvme(node, arena);
    case 24:
        text = text_printable(arena, reader_rest(node));
        return text ? arena_printf(arena, "Uri(%s)", text) : NULL;
    case 26:
        return arena_printf(arena, "SD(0x%X)", reader_u8(node));
    case 29:
        return arena_printf(arena, "eMMC(0x%X)", reader_u8(node));
    default:
        return NULL;
    }
}

static char *print_hard_drive(struct reader *node, struct arena *arena)
{
    uint32_t number = reader_le32(node);
    uint64_t start = reader_le64(node), size = reader_le64(node);
    struct span signature = reader_bytes(node, 16, "partition signature");
    unsigned format = reader_u8(node), signature_type = reader_u8(node);
    char guid[EFI_GUID_TEXT_LEN + 1] = "0";

    if (signature.len == 0)
        return NULL;
    if (signature_type == 2)
        efi_guid_print(signature, guid);
    if (signature_type == 1) { /* MBR disk signature */
        struct error error;
        struct reader mbr = reader_init(signature, CLAUSE, &error);
        return arena_printf(arena, "HD(%u,%s,0x%08X,0x%" PRIX64 ",0x%" PRIX64 ")", number,
                            format == 1 ? "MBR" : "GPT", reader_le32(&mbr), start, size);
    }
    return arena_printf(arena, "HD(%u,%s,%s,0x%" PRIX64 ",0x%" PRIX64 ")", number,
                        format == 1 ? "MBR" : "GPT", guid, start, size);
}

static char *print_media(struct reader *node, unsigned subtype, struct arena *arena)
{
    uint64_t first, last;

    switch (subtype) {
    case 1:
        return print_hard_drive(node, arena);
    case 2:
        return arena_printf(arena, "CDROM(0x%X)", reader_le32(node));
    case 3:
        return guid_text(arena, "VenMedia", reader_bytes(node, EFI_GUID_LEN, "vendor GUID"));
    case 4:
        return text_utf16(arena, reader_rest(node));
    case 5:
        return guid_text(arena, "Media", reader_bytes(node, EFI_GUID_LEN, "protocol GUID"));
    case 6:
        return guid_text(arena, "FvFile", reader_bytes(node, EFI_GUID_LEN, "file GUID"));
    case 7:
        return guid_text(arena, "Fv", reader_bytes(node, EFI_GUID_LEN, "volume GUID"));
    case 8:
        reader_le32(node);
        first = reader_le64(node);
        last = reader_le64(node);
        return arena_printf(arena, "Offset(0x%" PRIX64 ",0x%" PRIX64 ")", first, last);
    case 9:
        first = reader_le64(node);
        last = reader_le64(node);
        return arena_printf(arena, "RamDisk(0x%" PRIX64 ",0x%" PRIX64 ")", first, last);
    default:
        return NULL;
    }
}

static char *print_bbs(struct reader *node, struct arena *arena)
{
    unsigned device = reader_le16(node);
    char *description;

    reader_le16(node);
    description = text_printable(arena, reader_rest(node));
    return description ? arena_printf(arena, "BBS(0x%X,%s)", device, description) : NULL;
}

/* A node that says no more than its kind: UEFI 2.10 section 10.6.1.1. */
static char *print_other(struct span body, unsigned type, unsigned subtype, struct arena *arena)
{
    char *hex = text_hex(arena, body);

    if (!hex)
        return NULL;
    return arena_printf(arena, "Path(%u,%u%s%s)", type, subtype, *hex ? "," : "", hex);
}

/* A node shorter than its type demands is shown as bytes: paths are hints, and one odd node must
 * not hide the others. */
static char *print_node(struct span body, unsigned type, unsigned subtype, struct arena *arena)
{
    struct error error;
    struct reader node = reader_init(body, CLAUSE, &error);
    char *text = NULL;

    if (type == NODE_HARDWARE)
        text = print_hardware(&node, subtype, arena);
    else if (type == NODE_ACPI)
        text = print_acpi(&node, subtype, arena);
    else if (type == NODE_MESSAGING)
        text = print_messaging(&node, subtype, arena);
    else if (type == NODE_MEDIA)
        text = print_media(&node, subtype, arena);
    else if (type == NODE_BBS && subtype == 1)
        text = print_bbs(&node, arena);
    return text && reader_ok(&node) ? text : print_other(body, type, subtype, arena);
}

/* What follows type and subtype: the length, which counts the head of 4 bytes, and the body. */
static struct span read_body(struct reader *reader, size_t n_nodes)
{
    unsigned len = reader_le16(reader);

    reader_cap(reader, n_nodes, LIMIT_DEVICE_PATH_NODES, "nodes of a device path");
    if (reader_ok(reader) && len < 4)
        reader_fail(reader, ERROR_MALFORMED, "device path node of %u bytes", len);
    return reader_ok(reader) ? reader_bytes(reader, len - 4, "device path node") : (struct span){0};
}

struct parts {
    const char *text[2 * LIMIT_DEVICE_PATH_NODES]; /* nodes and what stands between them */
    size_t n_parts;
};

static const char *join(const struct parts *parts, struct arena *arena)
{
    size_t len = 0;
    char *joined, *out;

    for (size_t i = 0; i < parts->n_parts; i++)
        len += strlen(parts->text[i]);
    joined = out = arena_alloc(arena, len + 1);
    for (size_t i = 0; joined && i < parts->n_parts; i++) {
        len = strlen(parts->text[i]);
        memcpy(out, parts->text[i], len);
        out += len;
    }
    return joined;
}

/* Walks the nodes of the first path. With files_only, other nodes are left out. */
static bool print(struct span path, bool files_only, struct arena *arena, const char **text,
                  struct error *error)
{
    struct reader reader = reader_init(path, CLAUSE, error);
    struct parts parts = {.n_parts = 0};
    const char *separator = "";
    size_t n_nodes = 0;

    while (reader_left(&reader)) {
        unsigned type = reader_u8(&reader), subtype = reader_u8(&reader);
        struct span body = read_body(&reader, ++n_nodes);

        if (!reader_ok(&reader))
            return false;
        if (type == NODE_END && subtype == END_ENTIRE)
            break;
        if (type == NODE_END && subtype == END_INSTANCE) {
            separator = ",";
            continue;
        }
        if (files_only && NODE(type, subtype) != NODE_FILE)
            continue;
        parts.text[parts.n_parts++] = separator;
        parts.text[parts.n_parts] = print_node(body, type, subtype, arena);
        if (!parts.text[parts.n_parts++])
            return arena_error(arena, error);
        separator = files_only ? "" : "/";
    }
    if (!reader_ok(&reader))
        return false;
    const char *joined = join(&parts, arena);
    if (!joined)
        return arena_error(arena, error);
    *text = joined;
    return true;
}

bool efi_device_path_print(struct span path, struct arena *arena, const char **text,
                           struct error *error)
{
    return print(path, false, arena, text, error);
}

bool efi_device_path_file(struct span path, struct arena *arena, const char **text,
                          struct error *error)
{
    return print(path, true, arena, text, error);
}
