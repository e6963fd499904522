/* Edits the UEFI variables of a lab host: the variable store inside OVMF's *_VARS.fd file, while
 * the host is off.
 *
 * Owns: the file named on the command line, rewritten in place. Trusts: nothing in it; a store that
 * is not laid out as below is refused. Must never be part of the product: it changes what a
 * firmware believes.
 *
 * Layout: EFI_FIRMWARE_VOLUME_HEADER (UEFI PI 1.8 volume 3, 3.2.1), then VARIABLE_STORE_HEADER and
 * AUTHENTICATED_VARIABLE_HEADERs, each at a multiple of 4 (EDK II,
 * MdeModulePkg/Include/Guid/VariableFormat.h). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/reader.h"
#include "base/writer.h"

enum {
    STORE_FILE_CAP = 16 * 1024 *
                     1024, /* OVMF's largest is 4 MiB, of which the variables are 528 KiB */
    VARIABLES_CAP = 1024,
    STORE_HEADER_LEN = 28,
    VARIABLE_MAGIC = 0x55aa,
    VARIABLE_VALID = 0x3f,  /* VAR_ADDED; every other state is a deleted or half-written one */
    ATTRIBUTES_BOOT = 0x03, /* non-volatile, boot services only */
    ATTRIBUTES_KEYS = 0x27, /* non-volatile, boot and run time, time-based authenticated writes */
    ATTRIBUTE_TIMED = 0x20,
};

typedef uint8_t guid[16];

struct known_variable {
    const char *name;
    guid owner;
    uint32_t attributes;
};

#define GUID_GLOBAL                                                                                \
    {                                                                                              \
        0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b,  \
            0x8c                                                                                   \
    }
#define GUID_IMAGE_SECURITY                                                                        \
    {                                                                                              \
        0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65,  \
            0x6f                                                                                   \
    }
#define GUID_SECURE_BOOT_ENABLE                                                                    \
    {                                                                                              \
        0xc7, 0x0b, 0xa3, 0xf0, 0x08, 0xaf, 0x56, 0x45, 0x99, 0xc4, 0x00, 0x10, 0x09, 0xc9, 0x3a,  \
            0x44                                                                                   \
    }
#define GUID_SHIM                                                                                  \
    {                                                                                              \
        0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b,  \
            0x23                                                                                   \
    }

/* A certificate list's type, and who put our keys there (no owner in particular). */
static const guid cert_x509_guid = {0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
                                    0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72};
static const guid no_owner_guid = {0};
static const guid authenticated_store_guid = {0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
                                              0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92};

static const struct known_variable known_variables[] = {
    {"PK", GUID_GLOBAL, ATTRIBUTES_KEYS},
    {"KEK", GUID_GLOBAL, ATTRIBUTES_KEYS},
    {"db", GUID_IMAGE_SECURITY, ATTRIBUTES_KEYS},
    {"dbx", GUID_IMAGE_SECURITY, ATTRIBUTES_KEYS},
    {"SecureBootEnable", GUID_SECURE_BOOT_ENABLE, ATTRIBUTES_BOOT},
    {"MokSBState", GUID_SHIM, ATTRIBUTES_BOOT},
};

struct variable {
    uint32_t attributes;
    uint64_t monotonic_count;
    struct span timestamp; /* EFI_TIME, 16 bytes */
    uint32_t key_index;
    struct span owner; /* 16 bytes */
    struct span name;  /* UTF-16LE with its terminator */
    struct span data;
};

struct store {
    uint8_t *file;
    size_t file_len;
    size_t variables_at, variables_end; /* bytes of file */
    struct variable variables[VARIABLES_CAP];
    size_t n_variables;
};

static bool file_read(const char *path, uint8_t **bytes, size_t *len, struct error *error)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_plain(error, ERROR_IO, "cannot open %s", path);
    uint8_t *buffer = malloc(STORE_FILE_CAP);
    size_t n = buffer ? fread(buffer, 1, STORE_FILE_CAP, file) : 0;
    bool whole = buffer && !ferror(file) && feof(file);
    fclose(file);
    if (!whole) {
        free(buffer);
        return error_plain(error, ERROR_IO, "cannot read %s, or it is over %d bytes", path,
                           STORE_FILE_CAP);
    }
    *bytes = buffer;
    *len = n;
    return true;
}

static bool variable_decode(struct reader *reader, struct variable *variable, bool *valid)
{
    uint8_t state = reader_u8(reader);
    reader_u8(reader); /* reserved */
    variable->attributes = reader_le32(reader);
    variable->monotonic_count = reader_le64(reader);
    variable->timestamp = reader_bytes(reader, 16, "time stamp");
    variable->key_index = reader_le32(reader);
    uint32_t name_len = reader_le32(reader);
    uint32_t data_len = reader_le32(reader);
    variable->owner = reader_bytes(reader, 16, "owner");
    variable->name = reader_bytes(reader, name_len, "name");
    variable->data = reader_bytes(reader, data_len, "data");
    *valid = state == VARIABLE_VALID;
    return reader_ok(reader);
}

static bool store_decode(struct store *store, struct error *error)
{
    struct reader file = reader_init(span_of(store->file, store->file_len),
                                     "UEFI PI 1.8 volume 3, 3.2.1", error);
    reader_bytes(&file, 40, "firmware volume header");
    if (!span_is(reader_bytes(&file, 4, "volume signature"), "_FVH"))
        return reader_fail(&file, ERROR_MALFORMED, "not a firmware volume");
    reader_le32(&file); /* attributes */
    uint16_t header_len = reader_le16(&file);
    if (header_len < reader_offset(&file))
        return reader_fail(&file, ERROR_MALFORMED, "firmware volume header of %u bytes",
                           header_len);
    reader_bytes(&file, header_len - reader_offset(&file), "rest of the volume header");
    struct span kind = reader_bytes(&file, sizeof(guid), "store signature");
    if (!span_equal(kind, span_of(authenticated_store_guid, sizeof(guid))))
        return reader_fail(&file, ERROR_UNSUPPORTED, "not an authenticated variable store");
    uint32_t store_len = reader_le32(&file);
    reader_bytes(&file, 8, "format, state");
    if (!reader_ok(&file) || store_len < STORE_HEADER_LEN)
        return reader_fail(&file, ERROR_MALFORMED, "variable store of %u bytes", store_len);

    store->variables_at = reader_offset(&file);
    struct reader variables = reader_child(&file, store_len - STORE_HEADER_LEN,
                                           "EDK II VariableFormat.h");
    store->variables_end = reader_offset(&file);
    while (reader_left(&variables) >= 4 && reader_le16(&variables) == VARIABLE_MAGIC) {
        struct variable variable;
        bool valid;
        if (!variable_decode(&variables, &variable, &valid))
            break;
        while (reader_ok(&variables) && (reader_offset(&variables) - header_len) % 4)
            reader_u8(&variables);
        if (valid && reader_cap(&variables, store->n_variables + 1, VARIABLES_CAP, "variables"))
            store->variables[store->n_variables++] = variable;
    }
    return reader_ok(&variables) && reader_ok(&file);
}

/* Builds the store anew, with only its valid variables, and writes the file. */
static bool store_write(const struct store *store, const char *path, struct error *error)
{
    size_t cap = store->variables_end - store->variables_at;
    uint8_t *image = malloc(cap);
    if (!image)
        return error_plain(error, ERROR_MEMORY, "no memory for %zu bytes", cap);
    memset(image, 0xff, cap); /* erased flash */
    struct writer writer = writer_init(image, cap);
    for (size_t i = 0; i < store->n_variables; i++) {
        const struct variable *variable = &store->variables[i];
        writer_le16(&writer, VARIABLE_MAGIC);
        writer_u8(&writer, VARIABLE_VALID);
        writer_u8(&writer, 0);
        writer_le32(&writer, variable->attributes);
        writer_le64(&writer, variable->monotonic_count);
        writer_bytes(&writer, variable->timestamp);
        writer_le32(&writer, variable->key_index);
        writer_le32(&writer, (uint32_t)variable->name.len);
        writer_le32(&writer, (uint32_t)variable->data.len);
        writer_bytes(&writer, variable->owner);
        writer_bytes(&writer, variable->name);
        writer_bytes(&writer, variable->data);
        while (writer.len % 4 && !writer.failed)
            writer_u8(&writer, 0xff);
    }
    struct span written;
    bool ok = writer_done(&writer, &written, error);
    if (ok) {
        memcpy(store->file + store->variables_at, image, cap);
        FILE *file = fopen(path, "wb");
        ok = file && fwrite(store->file, 1, store->file_len, file) == store->file_len;
        ok = (file && fclose(file) == 0) && ok;
        if (!ok)
            error_plain(error, ERROR_IO, "cannot write %s", path);
    }
    free(image);
    return ok;
}

/* An ASCII name as UTF-16LE with terminator. */
static struct span name_encode(const char *name, uint8_t *buffer, size_t cap)
{
    struct writer writer = writer_init(buffer, cap);
    for (const char *c = name; *c; c++)
        writer_le16(&writer, (uint8_t)*c);
    writer_le16(&writer, 0);
    return writer_span(&writer);
}

static bool store_set(struct store *store, const char *name, struct span data, struct error *error)
{
    static uint8_t name_bytes[64];
    static const uint8_t no_time[16];
    /* Authenticated variables carry the time of their last write: 2026-01-01. */
    static const uint8_t some_time[16] = {0xea, 0x07, 1, 1};
    const struct known_variable *known = NULL;
    for (size_t i = 0; i < sizeof known_variables / sizeof *known_variables; i++)
        if (strcmp(known_variables[i].name, name) == 0)
            known = &known_variables[i];
    if (!known)
        return error_plain(error, ERROR_USAGE, "unknown variable %s", name);
    struct variable variable = {
        .attributes = known->attributes,
        .timestamp = span_of(known->attributes & ATTRIBUTE_TIMED ? some_time : no_time, 16),
        .owner = span_of(known->owner, sizeof(guid)),
        .name = name_encode(name, name_bytes, sizeof name_bytes),
        .data = data,
    };
    for (size_t i = 0; i < store->n_variables; i++) {
        if (span_equal(store->variables[i].name, variable.name) &&
            span_equal(store->variables[i].owner, variable.owner)) {
            store->variables[i] = variable;
            return true;
        }
    }
    if (store->n_variables == VARIABLES_CAP)
        return error_plain(error, ERROR_LIMIT, "the store has %d variables already", VARIABLES_CAP);
    store->variables[store->n_variables++] = variable;
    return true;
}

static void store_list(const struct store *store)
{
    for (size_t i = 0; i < store->n_variables; i++) {
        const struct variable *variable = &store->variables[i];
        for (size_t at = 0; at + 2 < variable->name.len; at += 2)
            putchar(variable->name.data[at]);
        printf("\t%zu\t", variable->data.len);
        for (size_t at = 0; at < variable->data.len && at < 32; at++)
            printf("%02x", variable->data.data[at]);
        putchar('\n');
    }
}

/* A value of one byte, as the switches have it: two hexadecimal digits. */
static bool set_byte(struct store *store, const char *name, const char *hex, struct error *error)
{
    static uint8_t value;
    char *end;
    unsigned long number = strtoul(hex, &end, 16);
    if (strlen(hex) != 2 || *end)
        return error_plain(error, ERROR_USAGE, "%s is not one byte in hexadecimal", hex);
    value = (uint8_t)number;
    return store_set(store, name, span_of(&value, 1), error);
}

/* An EFI_SIGNATURE_LIST with one X.509 certificate (UEFI 2.10, 32.4.1). */
static bool set_certificate(struct store *store, const char *name, const char *path,
                            struct error *error)
{
    static uint8_t list[16 * 1024];
    uint8_t *certificate;
    size_t certificate_len;
    if (!file_read(path, &certificate, &certificate_len, error))
        return false;
    struct writer writer = writer_init(list, sizeof list);
    writer_bytes(&writer, span_of(cert_x509_guid, sizeof(guid)));
    writer_le32(&writer, (uint32_t)(28 + 16 + certificate_len)); /* SignatureListSize */
    writer_le32(&writer, 0);                                     /* SignatureHeaderSize */
    writer_le32(&writer, (uint32_t)(16 + certificate_len));      /* SignatureSize */
    writer_bytes(&writer, span_of(no_owner_guid, sizeof(guid)));
    writer_bytes(&writer, span_of(certificate, certificate_len));
    free(certificate);
    struct span data;
    return writer_done(&writer, &data, error) && store_set(store, name, data, error);
}

/* The bytes of a file behind what the variable holds, as firmware adds signature lists. */
static bool add_bytes(struct store *store, const char *name, const char *path, struct error *error)
{
    static uint8_t bytes[64 * 1024];
    uint8_t name_bytes[64], *more;
    struct span wanted = name_encode(name, name_bytes, sizeof name_bytes), data;
    struct writer writer = writer_init(bytes, sizeof bytes);
    size_t more_len;
    if (!file_read(path, &more, &more_len, error))
        return false;
    for (size_t i = 0; i < store->n_variables; i++)
        if (span_equal(store->variables[i].name, wanted))
            writer_bytes(&writer, store->variables[i].data);
    writer_bytes(&writer, span_of(more, more_len));
    free(more);
    return writer_done(&writer, &data, error) && store_set(store, name, data, error);
}

static bool run(int argc, char **argv, struct error *error)
{
    static struct store store;
    const char *path = argv[2];
    if (!file_read(path, &store.file, &store.file_len, error))
        return false;
    bool ok = store_decode(&store, error);
    if (ok && strcmp(argv[1], "list") == 0 && argc == 3)
        store_list(&store);
    else if (ok && strcmp(argv[1], "set") == 0 && argc == 5)
        ok = set_byte(&store, argv[3], argv[4], error) && store_write(&store, path, error);
    else if (ok && strcmp(argv[1], "certificate") == 0 && argc == 5)
        ok = set_certificate(&store, argv[3], argv[4], error) && store_write(&store, path, error);
    else if (ok && strcmp(argv[1], "add") == 0 && argc == 5)
        ok = add_bytes(&store, argv[3], argv[4], error) && store_write(&store, path, error);
    else if (ok)
        ok = error_plain(error, ERROR_USAGE, "no such command: %s", argv[1]);
    free(store.file);
    return ok;
}

int main(int argc, char **argv)
{
    struct error error = {0};
    char text[512];
    if (argc < 3) {
        fputs("usage: lab-variables list FILE | set FILE NAME BYTE | certificate FILE NAME DER | "
              "add FILE NAME LISTS\n",
              stderr);
        return 2;
    }
    if (run(argc, argv, &error))
        return 0;
    fprintf(stderr, "lab-variables: %s: %s\n", argv[2], error_print(&error, text, sizeof text));
    return error.code == ERROR_USAGE ? 2 : 3;
}
