/* The table, items in words, and the claims that come from elsewhere than the log: IMA, a dynamic
 * launch, the inventory. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"
#include "wire/sipa.h"

static void the_table_is_complete_and_its_names_are_found(void **state)
{
    (void)state;
    for (int id = 0; id < CLAIM_IDS; id++) {
        const char *name = claim_name((enum claim_id)id);

        assert_int_equal(claim_by_name(span_text(name)), id);
        assert_true(*claim_meaning((enum claim_id)id) && *claim_source((enum claim_id)id) &&
                    *claim_systems((enum claim_id)id) && *claim_topic((enum claim_id)id) &&
                    *claim_part((enum claim_id)id) && *claim_grades((enum claim_id)id));
        assert_in_range(claim_type((enum claim_id)id), CLAIM_BOOL, CLAIM_LIST);
    }
    assert_int_equal(claim_by_name(span_text("secure_boot.enable")), CLAIM_IDS);
    assert_int_equal(claim_by_name(span_text("")), CLAIM_IDS);
    assert_string_equal(claim_grade_name(CLAIM_UNPROVEN), "unproven");
    assert_string_equal(claim_grade_name(CLAIM_ATTESTED), "attested");
}

static void items_are_printed_by_kind(void **state)
{
    struct boot *boot = *state;
    struct claim_item item = {
        .kind = CLAIM_ITEM_DIGEST, .alg = TPM_ALG_SHA1, .bytes = span_of("\x01\xab", 2)};

    assert_string_equal(claim_item_print(boot->crypto, &item, &boot->arena), "sha1:01ab");
    item.alg = 0x7777;
    assert_string_equal(claim_item_print(boot->crypto, &item, &boot->arena), "data:01ab");
    item = (struct claim_item){.kind = CLAIM_ITEM_TEXT, .bytes = span_text("text")};
    assert_string_equal(claim_item_print(boot->crypto, &item, &boot->arena), "text");
    /* A certificate that cannot be parsed is still shown. */
    item.kind = CLAIM_ITEM_CERTIFICATE;
    assert_string_equal(claim_item_print(boot->crypto, &item, &boot->arena),
                        "certificate of 4 bytes");
    assert_string_equal(claim_item_print(NULL, &item, &boot->arena), "certificate of 4 bytes");
}

/* One entry of the fixed template, or a violation: a hash of zeros. */
static void write_ima_entry(struct writer *writer, uint8_t hash_byte)
{
    writer_le32(writer, 10);
    for (int i = 0; i < 20; i++)
        writer_u8(writer, hash_byte);
    writer_le32(writer, 6);
    writer_bytes(writer, span_text("ima-ng"));
    writer_le32(writer, 8 + 2 + 2);
    writer_le32(writer, 2);
    writer_bytes(writer, span_text("hh"));
    writer_le32(writer, 2);
    writer_bytes(writer, span_text("nn"));
}

static void ima_violations_are_seen(void **state)
{
    struct boot *boot = *state;
    uint8_t list[256];
    struct writer writer = writer_init(list, sizeof list);

    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_IMA_VIOLATIONS, "unknown");

    write_ima_entry(&writer, 1);
    boot->input.ima = writer_span(&writer);
    boot_collect(boot);
    boot_assert(boot, CLAIM_IMA_VIOLATIONS, "false");
    assert_int_equal(boot->claims.claims[CLAIM_IMA_VIOLATIONS].grade, CLAIM_REPORTED);

    write_ima_entry(&writer, 0);
    boot->input.ima = writer_span(&writer);
    boot->input.ima_attested = true;
    boot_collect(boot);
    boot_assert(boot, CLAIM_IMA_VIOLATIONS, "true");
    assert_int_equal(boot->claims.claims[CLAIM_IMA_VIOLATIONS].grade, CLAIM_ATTESTED);

    boot->input.ima.len--;
    boot_collect(boot);
    boot_assert(boot, CLAIM_IMA_VIOLATIONS, "unknown");
}

static void the_inventory_is_what_the_host_says(void **state)
{
    struct boot *boot = *state;
    const struct evidence_item items[] = {
        {span_text("secure_boot.enabled"), span_text("true")},
        {span_text("tpm.manufacturer"), span_text("IFX\x1b[2J")},
    };

    boot->input.inventory = items;
    boot->input.n_inventory = 2;
    boot_collect(boot);
    boot_assert(boot, CLAIM_TPM_MANUFACTURER, "IFX\\x1b[2J");
    assert_int_equal(boot->claims.claims[CLAIM_TPM_MANUFACTURER].grade, CLAIM_REPORTED);
    /* What only the log can show is not taken from the host's word. */
    boot_assert(boot, CLAIM_SECURE_BOOT_ENABLED, "unknown");
}

static void a_full_arena_is_an_error(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz quiet");
    boot_windows_both(boot, SIPA_OSKERNELDEBUG, 0);
    boot_windows_separators(boot);
    boot_collect_in_every_arena(boot);
}

int main(void)
{
#define CLAIMS_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_complete_and_its_names_are_found),
        CLAIMS_TEST(items_are_printed_by_kind),
        CLAIMS_TEST(ima_violations_are_seen),
        CLAIMS_TEST(the_inventory_is_what_the_host_says),
        CLAIMS_TEST(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
