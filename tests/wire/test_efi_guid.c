#include "wire/efi_guid.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* UEFI 2.10 section 3.3: EFI_GLOBAL_VARIABLE as it lies in memory. */
static const uint8_t GLOBAL[] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};

static void prints_the_first_three_fields_in_network_order(void **state)
{
    char text[EFI_GUID_TEXT_LEN + 1];

    (void)state;
    efi_guid_print(span_of(GLOBAL, sizeof GLOBAL), text);
    assert_string_equal(text, "8be4df61-93ca-11d2-aa0d-00e098032b8c");
}

static void finds_what_is_in_the_table(void **state)
{
    uint8_t other[EFI_GUID_LEN];

    (void)state;
    assert_int_equal(efi_guid_find(span_of(GLOBAL, sizeof GLOBAL)), EFI_GUID_GLOBAL_VARIABLE);
    assert_string_equal(efi_guid_name(EFI_GUID_GLOBAL_VARIABLE), "EFI global variable");
    memcpy(other, GLOBAL, sizeof other);
    other[15] ^= 1;
    assert_int_equal(efi_guid_find(span_of(other, sizeof other)), EFI_GUID_UNKNOWN);
    assert_null(efi_guid_name(EFI_GUID_UNKNOWN));
}

static void other_lengths_are_no_guid(void **state)
{
    (void)state;
    assert_int_equal(efi_guid_find(span_of(GLOBAL, 15)), EFI_GUID_UNKNOWN);
    assert_int_equal(efi_guid_find((struct span){0}), EFI_GUID_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_the_first_three_fields_in_network_order),
        cmocka_unit_test(finds_what_is_in_the_table),
        cmocka_unit_test(other_lengths_are_no_guid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
