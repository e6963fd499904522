#include "windows_boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"

/* Room for the records of one event, in the boot's arena. */
static struct writer writer_in(struct boot *boot, size_t len)
{
    uint8_t *bytes = arena_alloc(&boot->arena, len + 1);

    assert_non_null(bytes);
    return writer_init(bytes, len);
}

struct windows_record windows_bytes(uint32_t id, struct span payload)
{
    return (struct windows_record){id, payload};
}

struct windows_record windows_number(struct boot *boot, uint32_t id, uint64_t value)
{
    size_t len = sipa_number_len(id);
    struct writer writer = writer_in(boot, len);

    for (size_t i = 0; i < len; i++)
        writer_u8(&writer, (uint8_t)(value >> 8 * i));
    return windows_bytes(id, writer_span(&writer));
}

struct windows_record windows_text(struct boot *boot, uint32_t id, const char *text)
{
    struct writer writer = writer_in(boot, 2 * strlen(text) + 2);

    for (const char *c = text; *c; c++)
        writer_le16(&writer, (uint16_t)*c);
    writer_le16(&writer, 0);
    return windows_bytes(id, writer_span(&writer));
}

struct windows_record windows_container(struct boot *boot, uint32_t id,
                                        const struct windows_record *records, size_t n_records)
{
    struct writer writer;
    size_t len = 0;

    for (size_t i = 0; i < n_records; i++)
        len += 8 + records[i].payload.len;
    writer = writer_in(boot, len);
    for (size_t i = 0; i < n_records; i++) {
        writer_le32(&writer, records[i].id);
        writer_le32(&writer, (uint32_t)records[i].payload.len);
        writer_bytes(&writer, records[i].payload);
    }
    return windows_bytes(id, writer_span(&writer));
}

struct windows_record windows_image(struct boot *boot, uint32_t pcr, uint8_t digest,
                                    const char *path, int validated)
{
    struct writer writer = writer_in(boot, 32);
    struct windows_record records[5];
    size_t n_records = 0;

    for (size_t i = 0; i < 32; i++)
        writer_u8(&writer, digest);
    records[n_records++] = windows_bytes(SIPA_AUTHENTICODEHASH, writer_span(&writer));
    if (pcr == 12) {
        records[n_records++] = windows_number(boot, SIPA_IMAGEBASE, 0x1000);
    } else {
        records[n_records++] = windows_text(boot, SIPA_FILEPATH, path);
        records[n_records++] = windows_number(boot, SIPA_HASHALGORITHMID, 0x800C);
        records[n_records++] = windows_text(boot, SIPA_AUTHORITYPUBLISHER, "Signer");
        if (validated >= 0)
            records[n_records++] = windows_number(boot, SIPA_IMAGEVALIDATED, (uint64_t)validated);
    }
    return windows_container(boot, SIPA_LOADEDMODULE_AGGREGATION, records, n_records);
}

void windows_phase(struct boot *boot, uint32_t pcr, const struct windows_record *records,
                   size_t n_records)
{
    struct windows_record phase = windows_container(boot, SIPA_TRUSTBOUNDARY, records, n_records);
    struct windows_record event = windows_container(boot, 0, &phase, 1);

    log_builder_add(&boot->log, pcr, EV_EVENT_TAG, event.payload);
}
