/* Digests of claims: equal for hosts that the same policy judges alike, and never for others. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "claims/digest.h"

typedef uint8_t digests[CLAIM_IDS][CLAIM_DIGEST_LEN];

static bool all[CLAIM_IDS], none[CLAIM_IDS];

static void digest(struct boot *boot, const bool *collected, const char *instead, digests made)
{
    struct error error;

    assert_true(claims_digest(boot->crypto, &boot->claims, collected, span_text(instead),
                              &boot->arena, made, &error));
}

static bool is_same(digests a, digests b, enum claim_id id)
{
    return memcmp(a[id], b[id], CLAIM_DIGEST_LEN) == 0;
}

/* With the claim changed, its digest is another one, and only its. */
static void changes_one(struct boot *boot, enum claim_id id, struct claim changed)
{
    struct claim kept = boot->claims.claims[id];
    digests before, after;

    digest(boot, all, "", before);
    boot->claims.claims[id] = changed;
    digest(boot, all, "", after);
    boot->claims.claims[id] = kept;
    for (int other = 0; other < CLAIM_IDS; other++)
        assert_int_equal(is_same(before, after, other), other != (int)id);
}

static void begin(struct boot *boot)
{
    memset(all, true, sizeof all);
    boot_firmware(boot, true);
    boot_linux(boot, "quiet");
    boot_collect(boot);
}

static void value_and_grade_count(void **state)
{
    static const enum claim_id IDS[] = {CLAIM_SECURE_BOOT_ENABLED, CLAIM_BOOT_KERNEL_COMMAND_LINE,
                                        CLAIM_BOOT_IMAGES};
    struct boot *boot = *state;
    struct claim changed;

    begin(boot);
    for (size_t i = 0; i < sizeof IDS / sizeof *IDS; i++) {
        changed = boot->claims.claims[IDS[i]];
        assert_true(changed.known);
        changed.grade = changed.grade == CLAIM_SIGNED ? CLAIM_ATTESTED : CLAIM_SIGNED;
        changes_one(boot, IDS[i], changed);
        changes_one(boot, IDS[i], (struct claim){0});
    }
    changed = boot->claims.claims[CLAIM_SECURE_BOOT_ENABLED];
    changed.is_true = !changed.is_true;
    changes_one(boot, CLAIM_SECURE_BOOT_ENABLED, changed);
    changed = boot->claims.claims[CLAIM_BOOT_KERNEL_COMMAND_LINE];
    changed.text = "quiet init=/bin/sh";
    changes_one(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, changed);
}

static void each_item_counts_and_what_it_is_called_does_not(void **state)
{
    struct boot *boot = *state;
    struct claim changed;
    struct claim_item item;
    digests before, after;

    begin(boot);
    changed = boot->claims.claims[CLAIM_BOOT_IMAGES];
    assert_true(changed.n_items > 1);
    changed.n_items--;
    changes_one(boot, CLAIM_BOOT_IMAGES, changed);
    item = boot->claims.claims[CLAIM_BOOT_IMAGES].items[0];
    changed = (struct claim){.known = true, .items = &item, .n_items = 1};
    boot->claims.claims[CLAIM_BOOT_IMAGES] = changed;
    digest(boot, all, "", before);
    item.label = "another name";
    item.event++;
    digest(boot, all, "", after);
    assert_true(is_same(before, after, CLAIM_BOOT_IMAGES));
    changed.items = &(struct claim_item){
        .kind = item.kind, .alg = TPM_ALG_SM3_256, .bytes = item.bytes};
    changes_one(boot, CLAIM_BOOT_IMAGES, changed);
    changed.items = &(struct claim_item){
        .kind = item.kind, .alg = item.alg, .bytes = span_of(item.bytes.data, 31)};
    changes_one(boot, CLAIM_BOOT_IMAGES, changed);
}

/* A claim that nobody looked for is as different as the hosts are. */
static void what_was_not_collected_is_told_apart_by_something_else(void **state)
{
    struct boot *boot = *state;
    digests unknown, one, same, other;

    begin(boot);
    boot->claims = (struct claims){0};
    digest(boot, all, "", unknown);
    digest(boot, none, "one list", one);
    digest(boot, none, "one list", same);
    digest(boot, none, "other list", other);
    for (int id = 0; id < CLAIM_IDS; id++) {
        assert_false(is_same(unknown, one, id));
        assert_true(is_same(one, same, id));
        assert_false(is_same(one, other, id));
    }
}

static void a_full_arena_is_an_error(void **state)
{
    struct boot *boot = *state;
    size_t n_failed = 0;
    digests whole, made;
    bool fits = false;

    begin(boot);
    digest(boot, all, "", whole);
    for (size_t cap = 0; !fits; cap += 64) {
        struct arena small = arena_init(cap);
        struct error error;

        fits = claims_digest(boot->crypto, &boot->claims, all, span_text(""), &small, made, &error);
        if (!fits)
            assert_int_equal(error.code, ERROR_MEMORY);
        n_failed += !fits;
        arena_done(&small);
    }
    assert_true(n_failed > 10);
    assert_memory_equal(made, whole, sizeof whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(value_and_grade_count, boot_setup, boot_teardown),
        cmocka_unit_test_setup_teardown(each_item_counts_and_what_it_is_called_does_not, boot_setup,
                                        boot_teardown),
        cmocka_unit_test_setup_teardown(what_was_not_collected_is_told_apart_by_something_else,
                                        boot_setup, boot_teardown),
        cmocka_unit_test_setup_teardown(a_full_arena_is_an_error, boot_setup, boot_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
