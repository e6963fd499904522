/* Decodes a foreign catalogue, writes it and reads it again, and holds hosts against it. A host is
 * never proven to be in it better than what it shows is proven. */
#include <stdlib.h>

#include "catalog/catalog.h"
#include "claims/certification.h"
#include "fuzz.h"

static void write_again(const struct catalog *catalog, struct arena *arena)
{
    struct catalog *again;
    struct span text, same;
    struct error error;

    if (!catalog_encode(catalog, arena, &text, &error))
        return;
    if (!catalog_decode(text, arena, &again, &error) ||
        !catalog_encode(again, arena, &same, &error) || !span_equal(text, same))
        abort();
}

/* A host that shows what the first model wants to see, each no better than reported. */
static void match(const struct catalog *catalog, struct arena *arena)
{
    const struct catalog_model *model = catalog->models;
    const struct catalog_texts *texts[] = {&model->manufacturer, &model->product, &model->firmware,
                                           &model->tpm_manufacturer, &model->tpm_model};
    static const enum claim_id IDS[] = {CLAIM_HARDWARE_MANUFACTURER, CLAIM_HARDWARE_MODEL,
                                        CLAIM_HARDWARE_FIRMWARE, CLAIM_TPM_MANUFACTURER,
                                        CLAIM_TPM_MODEL};
    struct claim_item items[4];
    struct claims claims = {0};
    struct certification certification;

    for (size_t i = 0; i < sizeof IDS / sizeof *IDS; i++)
        if (texts[i]->n_items)
            claims.claims[IDS[i]] = (struct claim){
                .known = true, .text = texts[i]->items[0], .grade = CLAIM_REPORTED};
    for (size_t i = 0; i < model->firmware_images.n_items && i < 4; i++) {
        items[i] = (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                       .alg = model->firmware_images.items[i].alg,
                                       .bytes = model->firmware_images.items[i].bytes};
        claims.claims[CLAIM_FIRMWARE_IMAGES] = (struct claim){
            .known = true, .items = items, .n_items = i + 1, .grade = CLAIM_REPORTED};
    }
    certification_find(catalog, &claims, &certification);
    if (certification.state == CERTIFICATION_NOT_ASKED || !certification.model ||
        certification.grade > CLAIM_REPORTED || !certification_print(&certification, arena))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena = arena_init((size_t)64 << 20);
    struct catalog *catalog;
    struct error error;

    if (catalog_decode(span_of(data, len), &arena, &catalog, &error)) {
        write_again(catalog, &arena);
        match(catalog, &arena);
    } else if (error.offset != ERROR_NO_OFFSET && error.code == ERROR_USAGE && error.offset > len) {
        abort();
    }
    arena_done(&arena);
    return 0;
}
