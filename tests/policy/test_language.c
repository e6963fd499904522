/* The expression language by itself: what every construct says, how unknown goes through it, what it
 * tells when it does not hold, and that no evaluation takes more steps than were foreseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/expression.h"
#include "policy/version.h"

#define ONE         "sha256:0101010101010101010101010101010101010101010101010101010101010101"
#define TWO         "sha256:0202020202020202020202020202020202020202020202020202020202020202"
#define THREE       "sha256:0303030303030303030303030303030303030303030303030303030303030303"
/* of the bytes "certificate" */
#define FINGERPRINT "sha256:03d66dd08835c1ca3f128cceacd1f31ac94163096b20f445ae84285bc0832d72"

struct fixture {
    struct crypto *crypto;
    struct arena arena;
    struct claims claims;
    struct claim_item images[3], files[3], keys[2];
    uint8_t digests[3][32];
    struct expression_list lists[3];
    struct claim_item good[2], empty[1];
    struct expression_references references;
    struct reason reason;
    struct evaluation evaluation;
    struct error error;
};

static struct claim_item text_item(const char *text)
{
    return (struct claim_item){.kind = CLAIM_ITEM_TEXT,
                               .event = REASON_NO_EVENT,
                               .pcr = REASON_NO_PCR,
                               .bytes = span_text(text)};
}

static struct claim_item digest_item(struct fixture *fixture, size_t i, uint32_t event)
{
    memset(fixture->digests[i], (int)i + 1, 32);
    return (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                               .alg = TPM_ALG_SHA256,
                               .event = event,
                               .pcr = event == REASON_NO_EVENT ? REASON_NO_PCR : 4,
                               .bytes = span_of(fixture->digests[i], 32)};
}

static void set_list(struct fixture *fixture, enum claim_id id, struct claim_item *items, size_t n)
{
    fixture->claims.claims[id] = (struct claim){
        .known = true, .items = items, .n_items = n, .grade = CLAIM_ATTESTED};
}

static void set_text(struct fixture *fixture, enum claim_id id, const char *text)
{
    fixture->claims.claims[id] = (struct claim){
        .known = true, .text = text, .grade = CLAIM_ATTESTED};
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture->crypto = crypto_new(&fixture->error);
    fixture->arena = arena_init((size_t)256 << 20);
    for (uint32_t i = 0; i < 3; i++)
        fixture->images[i] = digest_item(fixture, i, 20 + i);
    fixture->images[2].label = "GRUB";
    fixture->files[0] = text_item("shim-15.8");
    fixture->files[1] = text_item("GRUB-2.06");
    fixture->files[2] = text_item("grub-2.12~rc1");
    fixture->keys[0] = (struct claim_item){
        .kind = CLAIM_ITEM_CERTIFICATE, .event = 7, .pcr = 7, .bytes = span_text("certificate")};
    fixture->keys[1] = fixture->keys[0];
    set_list(fixture, CLAIM_BOOT_IMAGES, fixture->images, 3);
    set_list(fixture, CLAIM_BOOT_FILES, fixture->files, 3);
    set_list(fixture, CLAIM_SECURE_BOOT_PK, fixture->keys, 2);
    set_list(fixture, CLAIM_SECURE_BOOT_DBX, NULL, 0);
    set_text(fixture, CLAIM_KERNEL_VERSION, "6.1.0-28-amd64");
    set_text(fixture, CLAIM_FIRMWARE_VERSION, "N40ET37W (1.19 )");
    set_text(fixture, CLAIM_HARDWARE_MODEL, "---");
    fixture->claims.claims[CLAIM_SECURE_BOOT_ENABLED] = (struct claim){
        .known = true, .is_true = true, .grade = CLAIM_ATTESTED};

    fixture->good[0] = digest_item(fixture, 0, REASON_NO_EVENT);
    fixture->good[1] = digest_item(fixture, 1, REASON_NO_EVENT);
    fixture->good[0].label = "our shim";
    fixture->lists[0] = (struct expression_list){
        .name = "good", .items = fixture->good, .n_items = 2};
    fixture->lists[1] = (struct expression_list){
        .name = "all", .items = fixture->images, .n_items = 3};
    fixture->lists[2] = (struct expression_list){.name = "none", .items = fixture->empty};
    fixture->references = (struct expression_references){.lists = fixture->lists, .n_lists = 3};
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    arena_done(&fixture->arena);
    crypto_free(fixture->crypto);
    free(fixture);
    return 0;
}

static struct node *parse(struct fixture *fixture, const char *text)
{
    bool claims_read[CLAIM_IDS] = {false};
    struct node *root;

    if (!expression_parse(span_text(text), &fixture->references, &fixture->arena, &root,
                          claims_read, &fixture->error))
        fail_msg("byte %zu: %s\n%s", fixture->error.offset, fixture->error.message, text);
    return root;
}

/* 't', 'f' or '?', within the steps that were foreseen. */
static char evaluate_node(struct fixture *fixture, const struct node *root)
{
    struct value value;

    fixture->evaluation = (struct evaluation){.crypto = fixture->crypto,
                                              .claims = &fixture->claims,
                                              .arena = &fixture->arena,
                                              .error = &fixture->error};
    assert_true(expression_evaluate(&fixture->evaluation, root, &value));
    if (fixture->evaluation.steps > root->cost)
        fail_msg("%zu steps where %zu were foreseen: %.*s", fixture->evaluation.steps, root->cost,
                 (int)root->source.len, (const char *)root->source.data);
    return !value.known ? '?' : value.is_true ? 't' : 'f';
}

static char evaluate(struct fixture *fixture, const char *text)
{
    return evaluate_node(fixture, parse(fixture, text));
}

struct expectation {
    char outcome;
    const char *text;
};

static void expect(struct fixture *fixture, const struct expectation *expectations, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (evaluate(fixture, expectations[i].text) != expectations[i].outcome)
            fail_msg("expected %c: %s", expectations[i].outcome, expectations[i].text);
}

#define EXPECT(fixture, expectations)                                                              \
    expect(fixture, expectations, sizeof(expectations) / sizeof *(expectations))

/* Constants: a policy that asks for them does not compile. */
static void test_constants(void **state)
{
    static const struct expectation CONSTANTS[] = {
        {'t', "true"},
        {'f', "false || !true"},
        {'t', "1 < 2 && 2 != 3"},
        {'t', "\"a\" + \"b\" == 'ab'"},
        {'t', "kernel.version.contains(\"\")"},
        {'t', "[\"b\", \"a\"].all(s, s in [\"a\", \"b\", \"c\"])"},
        {'t', "[].all(s, false)"},
        {'f', "[].exists(s, true)"},
        {'?', "drtm.launched == drtm.launched"},
        {'?', "drtm.launched && true"},
        {'f', "drtm.launched && false"},
        {'t', "drtm.launched || true"},
        {'?', "boot.authorities.all(x, true)"},
        {'?', "boot.authorities.exists(x, false)"},
    };

    EXPECT((struct fixture *)*state, CONSTANTS);
}

/* However a digest comes, written or as its bytes, it is the same one. */
static void test_digests_in_texts(void **state)
{
    static const struct expectation DIGESTS[] = {
        {'t', "kernel.init == \"" ONE "\""},
        {'f', "kernel.init != \"" ONE "\""},
        {'t', "kernel.init in [\"" TWO "\", \"" ONE "\"]"},
        {'t', "kernel.init in reference(\"good\")"},
        {'t', "kernel.init in boot.images"},
        {'t', "tokens(kernel.init).all(x, x in reference(\"good\"))"},
        {'t', "sets.contains(reference(\"good\"), tokens(kernel.init))"},
        {'t', "sets.intersects(tokens(kernel.init), boot.images)"},
        {'t', "kernel.init.startsWith(\"sha256:01\")"},
        {'f', "kernel.init == \"" TWO "\""},
        {'f', "firmware.version in reference(\"good\")"},
    };
    struct fixture *fixture = *state;

    set_text(fixture, CLAIM_KERNEL_INIT, ONE);
    EXPECT(fixture, DIGESTS);
}

static void test_sets(void **state)
{
    static const struct expectation SETS[] = {
        {'f', "sets.contains(reference(\"good\"), boot.images)"},
        {'t', "sets.contains(reference(\"all\"), boot.images)"},
        {'t', "sets.contains(boot.images, reference(\"good\"))"},
        {'t', "sets.contains(boot.images, boot.images)"},
        {'t', "sets.contains([], secure_boot.dbx)"},
        {'f', "sets.contains(secure_boot.dbx, [\"" ONE "\"])"},
        {'t', "sets.contains(boot.files, [\"shim-15.8\"])"},
        {'t', "sets.contains(secure_boot.dbx, [])"},
        {'f', "sets.contains(boot.files, [\"" ONE "\"])"},
        {'f', "sets.equivalent(reference(\"good\"), boot.images)"},
        {'f', "sets.equivalent(boot.images, reference(\"good\"))"},
        {'t', "sets.equivalent(boot.images, reference(\"all\"))"},
        {'t', "sets.equivalent([\"" ONE "\", \"" TWO "\", \"" THREE "\"], boot.images)"},
        {'t', "sets.equivalent([], secure_boot.dbx)"},
        {'f', "sets.equivalent(secure_boot.dbx, boot.images)"},
        {'t', "sets.equivalent([\"a\", \"b\"], tokens(\"b a a\"))"},
        {'t', "sets.intersects(reference(\"good\"), boot.images)"},
        {'t', "sets.intersects(boot.images, [\"" THREE "\", \"x\"])"},
        {'f', "sets.intersects(boot.images, [\"x\"])"},
        {'t', "sets.intersects(boot.images, boot.images)"},
        {'f', "sets.intersects(boot.images, boot.files)"},
        {'f', "sets.intersects(secure_boot.dbx, reference(\"good\"))"},
        {'t', "sets.contains(tokens(\"a b c\"), [\"b\", \"c\"])"},
        /* a certificate by its fingerprint, on either side */
        {'t', "sets.equivalent(secure_boot.pk, [\"" FINGERPRINT "\"])"},
        {'t', "sets.contains([\"" FINGERPRINT "\"], secure_boot.pk)"},
        {'t', "sets.intersects(secure_boot.pk, secure_boot.pk)"},
        {'f', "sets.intersects(secure_boot.pk, [\"" ONE "\"])"},
        /* boot.authorities is unknown */
        {'?', "sets.contains(reference(\"good\"), boot.authorities)"},
        {'?', "sets.contains(boot.authorities, reference(\"good\"))"},
        {'?', "sets.equivalent(boot.authorities, boot.images)"},
        {'?', "!sets.intersects(boot.images, boot.authorities)"},
        {'f', "sets.intersects(boot.images, boot.authorities) && !secure_boot.enabled"},
    };

    EXPECT((struct fixture *)*state, SETS);
}

static void test_exists_one(void **state)
{
    static const struct expectation ONES[] = {
        {'t', "boot.images.exists_one(x, x == \"" TWO "\")"},
        {'f', "boot.images.exists_one(x, x in reference(\"good\"))"},
        {'f', "boot.images.exists_one(x, x == \"y\")"},
        {'f', "secure_boot.dbx.exists_one(x, x == \"y\")"},
        {'f', "secure_boot.pk.exists_one(x, x == \"" FINGERPRINT "\")"},
        {'?', "boot.authorities.exists_one(x, x == \"y\")"},
        {'?', "boot.images.exists_one(x, x == \"" TWO "\" || drtm.launched)"},
        /* two are two, whatever the third is */
        {'f', "boot.images.exists_one(x, x in reference(\"good\") || drtm.launched)"},
        {'f', "boot.images.exists_one(x, boot.files.exists_one(y, x == y))"},
    };

    EXPECT((struct fixture *)*state, ONES);
}

static void test_strings_and_versions(void **state)
{
    static const struct expectation TEXTS[] = {
        {'t', "boot.files.exists(f, f.lowerAscii() == \"grub-2.06\")"},
        {'f', "boot.files.exists(f, f == \"grub-2.06\")"},
        {'t', "\"ÄBC\".lowerAscii() == \"Äbc\""},
        {'t', "boot.images.exists(x, x.lowerAscii() == \"" ONE "\")"},
        {'t', "boot.images.all(x, x.lowerAscii().startsWith(\"sha256:\"))"},
        {'?', "ima.policy.lowerAscii() == \"tcb\""},
        {'t', "version(kernel.version) >= version(\"6.1.0-27\")"},
        {'t', "version(\"6.1.0-27\") <= version(kernel.version)"},
        {'f', "version(kernel.version) < version(\"6.1\")"},
        {'t', "version(kernel.version) < version(\"6.10\")"},
        {'t', "version(kernel.version) > version(\"6.1.0~rc7\")"},
        {'t', "version(\"1.0\") == version(\"1.00\")"},
        {'t', "version(\"1.0\") != version(\"1.0.0\")"},
        {'t', "version(firmware.version) >= version(\"N40ET37W (1.18 )\")"},
        {'f', "version(firmware.version) >= version(\"N40ET38W (1.0 )\")"},
        {'t', "version(\"10.0.22621.1\") < version(\"10.0.22621.963\")"},
        {'t', "tokens(\"sbat,1 shim,4\").exists(t, t.startsWith(\"shim,\") && version(t) >= "
              "version(\"shim,4\"))"},
        {'t', "boot.files.exists(f, version(f) < version(\"grub-2.12\"))"},
        /* without a digit or letter there is nothing to order by */
        {'?', "version(hardware.model) == version(\"1\")"},
        {'?', "version(hardware.model) == version(hardware.model)"},
        {'?', "version(tpm.model) < version(\"1\")"},
        {'?', "version(\"1\") != version(tpm.model)"},
    };

    EXPECT((struct fixture *)*state, TEXTS);
}

/* Every step of the specification, and the classic traps. a is older than b. */
static void test_version_order(void **state)
{
    static const char *const PAIRS[][2] = {
        {"", "1"},
        {"~", ""},
        {"1~rc1", "1"},
        {"1~~", "1"},
        {"1", "2"},
        {"9", "10"},
        {"1.9", "1.10"},
        {"1", "1.0"},
        {"1.0", "1.0.0"},
        {"1-1", "1.1"},
        {"1-1", "1^1"},
        {"1^1", "1.1"},
        {"1", "1-1"},
        {"1", "1^"},
        {"a", "b"},
        {"a", "aa"},
        {"a", "1"},
        {"1.a", "1.1"},
        {"6.1-rc1", "6.1.0"},
        {"A", "a"},
        {"123.a", "123.a1"},
        {"0.9", "0.10~rc1"},
        {"99999999999999999999", "100000000000000000000"},
    };
    static const char *const SAME[][2] = {
        {"", ""},      {"", "+"},        {"1", "01"},     {"1.0", "1.00"}, {"1_1", "1+1"},
        {"a,1", "a1"}, {"\xc3\xa4", ""}, {"1.0 ", "1.0"}, {"0", "00"},     {"~~", "~~"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        struct span a = span_text(PAIRS[i][0]), b = span_text(PAIRS[i][1]);

        if (version_compare(a, b) >= 0 || version_compare(b, a) <= 0)
            fail_msg("%s is not older than %s", PAIRS[i][0], PAIRS[i][1]);
    }
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++)
        if (version_compare(span_text(SAME[i][0]), span_text(SAME[i][1])) != 0)
            fail_msg("%s is not %s", SAME[i][0], SAME[i][1]);
    assert_false(version_valid(span_text("-.~^ _")));
    assert_true(version_valid(span_text("-a")));
}

static void explain(struct fixture *fixture, const char *text)
{
    struct node *root = parse(fixture, text);

    if (evaluate_node(fixture, root) == 't')
        fail_msg("holds: %s", text);
    fixture->reason = (struct reason){.pcr = REASON_NO_PCR, .event = REASON_NO_EVENT};
    assert_true(expression_explain(&fixture->evaluation, root, &fixture->reason));
}

static void expect_reason(struct fixture *fixture, const char *text, const char *expected,
                          const char *found, const char *claim)
{
    explain(fixture, text);
    assert_string_equal(fixture->reason.expected, expected);
    assert_string_equal(fixture->reason.found, found);
    assert_string_equal(fixture->reason.claim, claim);
}

static void test_sets_are_explained(void **state)
{
    struct fixture *fixture = *state;

    expect_reason(fixture, "sets.contains(reference(\"good\"), boot.images)",
                  "sets.contains(reference(\"good\"), boot.images)",
                  "reference(\"good\") lacks " THREE, "boot.images");
    assert_int_equal(fixture->reason.event, 22);
    assert_int_equal(fixture->reason.pcr, 4);
    assert_string_equal(fixture->reason.component, "GRUB");

    expect_reason(fixture, "sets.contains(secure_boot.dbx, reference(\"good\"))",
                  "sets.contains(secure_boot.dbx, reference(\"good\"))",
                  "secure_boot.dbx lacks " ONE ", " TWO, "secure_boot.dbx");
    assert_string_equal(fixture->reason.component, "our shim");
    assert_int_equal(fixture->reason.event, UINT32_MAX);

    expect_reason(fixture, "sets.equivalent(boot.files, [\"shim-15.8\", \"x\", \"GRUB-2.06\"])",
                  "sets.equivalent(boot.files, [\"shim-15.8\", \"x\", \"GRUB-2.06\"])",
                  "boot.files lacks x; [\"shim-15.8\", \"x\", \"GRUB-2.06\"] lacks grub-2.12~rc1",
                  "boot.files");
    expect_reason(
        fixture, "sets.equivalent([\"a\"], boot.files)", "sets.equivalent([\"a\"], boot.files)",
        "[\"a\"] lacks shim-15.8, GRUB-2.06, grub-2.12~rc1; boot.files lacks a", "boot.files");
    expect_reason(fixture, "!sets.equivalent(boot.images, reference(\"all\"))",
                  "not: sets.equivalent(boot.images, reference(\"all\"))", ONE ", " TWO ", " THREE,
                  "boot.images");
    expect_reason(fixture, "sets.intersects([\"x\"], boot.files)",
                  "sets.intersects([\"x\"], boot.files)", "shim-15.8, GRUB-2.06, grub-2.12~rc1",
                  "boot.files");
    expect_reason(fixture, "!sets.intersects(boot.images, [\"" THREE "\", \"x\"])",
                  "not: sets.intersects(boot.images, [\"" THREE "\", \"x\"])", THREE,
                  "boot.images");
    assert_int_equal(fixture->reason.event, 22);
    assert_string_equal(fixture->reason.component, "GRUB");
    expect_reason(fixture, "sets.intersects(secure_boot.dbx, boot.images)",
                  "sets.intersects(secure_boot.dbx, boot.images)", "an empty list",
                  "secure_boot.dbx");
    expect_reason(fixture, "sets.contains(boot.images, boot.authorities)",
                  "sets.contains(boot.images, boot.authorities)", "unknown: no evidence",
                  "boot.authorities");
    expect_reason(fixture, "sets.contains(reference(\"good\"), boot.authorities)",
                  "sets.contains(reference(\"good\"), boot.authorities)", "unknown: no evidence",
                  "boot.authorities");
}

static void test_the_rest_is_explained(void **state)
{
    struct fixture *fixture = *state;

    expect_reason(fixture, "version(kernel.version) >= version(\"6.1.2\")",
                  "version(kernel.version) >= version(\"6.1.2\")", "6.1.0-28-amd64",
                  "kernel.version");
    expect_reason(fixture, "version(\"6.1.2\") <= version(kernel.version)",
                  "version(kernel.version) >= version(\"6.1.2\")", "6.1.0-28-amd64",
                  "kernel.version");
    expect_reason(fixture, "version(tpm.model) >= version(\"1\")",
                  "version(tpm.model) >= version(\"1\")", "unknown: no evidence", "tpm.model");
    expect_reason(fixture, "boot.files.all(f, f.lowerAscii().startsWith(\"grub\"))",
                  "f.lowerAscii() starts with \"grub\"", "shim-15.8", "boot.files");
    expect_reason(fixture, "boot.images.exists_one(x, x in reference(\"good\"))",
                  "boot.images.exists_one(x, x in reference(\"good\"))", ONE ", " TWO,
                  "boot.images");
    assert_int_equal(fixture->reason.event, 21);
    expect_reason(fixture, "secure_boot.dbx.exists_one(x, x == \"y\")",
                  "secure_boot.dbx.exists_one(x, x == \"y\")", "an empty list", "secure_boot.dbx");
    expect_reason(fixture, "!boot.images.exists_one(x, x == \"" TWO "\")",
                  "not: boot.images.exists_one(x, x == \"" TWO "\")", ONE ", " TWO ", " THREE,
                  "boot.images");
    /* a constant is not what there is to see */
    expect_reason(fixture, "\"x\" in boot.files", "\"x\" in boot.files",
                  "shim-15.8, GRUB-2.06, grub-2.12~rc1", "boot.files");
    expect_reason(fixture, "[\"x\"].all(f, f in boot.files)", "each of [\"x\"] in boot.files", "x",
                  "boot.files");
    expect_reason(fixture, "[\"x\"].exists(f, f in boot.files)",
                  "[\"x\"].exists(f, f in boot.files)", "x", "boot.files");
    /* of a list inside of another, whose items nobody came to look at */
    expect_reason(fixture,
                  "[\"x\"].exists_one(f, f == \"y\" && [\"z\"].all(g, g == kernel.version))",
                  "[\"x\"].exists_one(f, f == \"y\" && [\"z\"].all(g, g == kernel.version))", "x",
                  "kernel.version");
    expect_reason(fixture, "6 <= size(boot.files)", "size(boot.files) >= 6", "3", "boot.files");
    expect_reason(fixture, "size(boot.files) <= 2", "size(boot.files) <= 2", "3", "boot.files");
    expect_reason(fixture, "3 < size(boot.files)", "size(boot.files) > 3", "3", "boot.files");
    expect_reason(fixture, "kernel.version.endsWith(\"-rt\")", "kernel.version ends with \"-rt\"",
                  "6.1.0-28-amd64", "kernel.version");
    /* a rule over several lines is shown on one */
    expect_reason(fixture, "kernel.version in [\n\"a\",\n  \"b\"]",
                  "kernel.version in [\"a\", \"b\"]", "6.1.0-28-amd64", "kernel.version");
    /* of a chain that is unknown, the operand that is */
    expect_reason(fixture, "!secure_boot.enabled || drtm.launched", "drtm.launched == true",
                  "unknown: no evidence", "drtm.launched");
    expect_reason(fixture, "!(secure_boot.enabled && drtm.launched)", "drtm.launched == false",
                  "unknown: no evidence", "drtm.launched");
    expect_reason(fixture, "!secure_boot.enabled || size(boot.files) > 5",
                  "secure_boot.enabled == false", "true", "secure_boot.enabled");
    /* nor is what is known, when the other side is not */
    expect_reason(fixture, "kernel.version == tpm.model", "kernel.version == tpm.model",
                  "unknown: no evidence", "tpm.model");
}

/* What an update accepts counts in the affirmative only, and is paid for. */
static void test_accepted_values(void **state)
{
    static const struct expectation BESIDES[] = {
        {'t', "sets.contains(reference(\"good\"), boot.images)"},
        {'t', "sets.contains([], boot.images) || sets.contains([\"" ONE "\", \"" TWO
              "\"], boot.images)"},
        {'t', "sets.intersects(boot.images, [\"x\"])"},
        {'t', "sets.intersects([\"x\"], boot.images)"},
        {'t', "boot.images.all(x, x in reference(\"good\"))"},
        {'t', "\"other\" == kernel.version"},
        {'f', "sets.contains([\"" ONE "\"], boot.images)"},
        {'f', "sets.equivalent(reference(\"good\"), boot.images)"},
        {'t', "!sets.contains(reference(\"good\"), boot.images)"},
        {'f', "sets.contains(boot.files, [\"" THREE "\"])"},
        {'f', "sets.intersects(boot.images, boot.files) && sets.intersects([\"x\"], boot.files)"},
        {'f', "boot.images.exists_one(x, x == \"y\")"},
        {'f', "version(kernel.version) == version(\"5\")"},
    };
    struct fixture *fixture = *state;
    struct claim_item version = text_item("6.1.0-28-amd64");
    struct expression_list accepted[CLAIM_IDS] = {0}, retired[CLAIM_IDS] = {0};
    struct expression_references updates = {.accepted = accepted, .retired = retired};

    accepted[CLAIM_BOOT_IMAGES] = (struct expression_list){.items = &fixture->images[2],
                                                           .n_items = 1};
    accepted[CLAIM_KERNEL_VERSION] = (struct expression_list){.items = &version, .n_items = 1};
    for (size_t i = 0; i < sizeof BESIDES / sizeof *BESIDES; i++) {
        struct node *root = parse(fixture, BESIDES[i].text);

        expression_update(root, &updates);
        if (evaluate_node(fixture, root) != BESIDES[i].outcome)
            fail_msg("expected %c: %s", BESIDES[i].outcome, BESIDES[i].text);
    }
}

/* What an update retires counts no more in the affirmative, whoever has it, and is paid for. */
static void test_retired_values(void **state)
{
    static const struct expectation WITHOUT[] = {
        {'f', "sets.contains(reference(\"all\"), boot.images)"},
        {'f', "boot.images.all(x, x in reference(\"all\"))"},
        {'f', "boot.images.exists(x, x == \"" TWO "\")"},
        {'f', "sets.intersects(boot.images, [\"" TWO "\"])"},
        {'f', "sets.intersects([\"" TWO "\", \"" THREE "\"], boot.images)"},
        {'t', "sets.intersects(boot.images, reference(\"good\"))"},
        {'f', "kernel.version == \"6.1.0-28-amd64\""},
        {'f', "kernel.version in [\"6.1.0-28-amd64\", \"x\"]"},
        {'f', "boot.images.exists(x, x != \"x\" && x in reference(\"good\") && x == \"" TWO "\")"},
        /* nowhere can it make anything truer */
        {'f', "!(kernel.version == \"6.1.0-28-amd64\")"},
        {'f', "kernel.version != \"6.1.0-28-amd64\""},
        {'f', "!sets.intersects(boot.images, [\"" TWO "\"])"},
        {'t', "boot.images.exists_one(x, x == \"" TWO "\")"},
        {'t', "sets.equivalent(reference(\"all\"), boot.images)"},
        {'t', "sets.contains(reference(\"all\"), reference(\"good\"))"},
        {'t', "kernel.version.startsWith(\"6.1.0-28\")"},
    };
    struct fixture *fixture = *state;
    struct claim_item version = text_item("6.1.0-28-amd64");
    struct expression_list accepted[CLAIM_IDS] = {0}, retired[CLAIM_IDS] = {0};
    struct expression_references updates = {.accepted = accepted, .retired = retired};

    retired[CLAIM_BOOT_IMAGES] = (struct expression_list){.items = &fixture->images[1],
                                                          .n_items = 2};
    retired[CLAIM_KERNEL_VERSION] = (struct expression_list){.items = &version, .n_items = 1};
    /* accepted by another update: that does not help */
    accepted[CLAIM_KERNEL_VERSION] = retired[CLAIM_KERNEL_VERSION];
    for (size_t i = 0; i < sizeof WITHOUT / sizeof *WITHOUT; i++) {
        struct node *root = parse(fixture, WITHOUT[i].text);

        expression_update(root, &updates);
        if (evaluate_node(fixture, root) != WITHOUT[i].outcome)
            fail_msg("expected %c: %s", WITHOUT[i].outcome, WITHOUT[i].text);
    }
}

/* Full lists of items that nothing finds early. */
static void test_steps_stay_under_the_cost(void **state)
{
    static const char *const WORST[] = {
        "boot.images.all(x, x in reference(\"big\"))",
        "boot.images.exists(x, x == \"none\" || x.lowerAscii() == \"none\")",
        "boot.images.exists_one(x, x.contains(\"none\"))",
        "\"none\" in boot.images",
        "sets.contains(reference(\"big\"), boot.images)",
        "sets.contains(boot.images, reference(\"big\"))",
        "sets.equivalent(boot.images, boot.files)",
        "sets.equivalent(reference(\"big\"), boot.images)",
        "sets.intersects(boot.images, [\"none\"])",
        "sets.intersects([\"none\"], boot.images)",
        "sets.intersects(boot.images, secure_boot.db)",
        "tokens(boot.kernel_command_line).all(t, t != \"none\")",
        "size(tokens(boot.kernel_command_line)) > 0",
        "boot.images.exists(x, version(x) > version(\"0\"))",
    };
    struct fixture *fixture = *state;
    struct claim_item *items = calloc(LIMIT_CLAIM_ITEMS, sizeof *items);
    struct claim_item *others = calloc(LIMIT_CLAIM_ITEMS, sizeof *others);
    char *line = calloc(2, LIMIT_CLAIM_ITEMS);

    for (int i = 0; i < LIMIT_CLAIM_ITEMS; i++) {
        items[i] = text_item(arena_printf(&fixture->arena, "item %05d", i));
        others[i] = text_item(arena_printf(&fixture->arena, "other %05d", i));
        memcpy(line + (size_t)2 * (unsigned)i, "a ", 2);
    }
    line[2 * LIMIT_CLAIM_ITEMS - 1] = '\0';
    set_list(fixture, CLAIM_BOOT_IMAGES, items, LIMIT_CLAIM_ITEMS);
    set_list(fixture, CLAIM_BOOT_FILES, items, LIMIT_CLAIM_ITEMS);
    set_list(fixture, CLAIM_SECURE_BOOT_DB, others, LIMIT_CLAIM_ITEMS);
    set_text(fixture, CLAIM_BOOT_KERNEL_COMMAND_LINE, line);
    fixture->lists[2] = (struct expression_list){
        .name = "big", .items = items, .n_items = LIMIT_CLAIM_ITEMS};
    for (size_t i = 0; i < sizeof WORST / sizeof *WORST; i++) {
        struct node *root = parse(fixture, WORST[i]);

        evaluate_node(fixture, root);
        /* nor is the bound far off: within four times */
        if (root->cost > 4 * fixture->evaluation.steps)
            fail_msg("%zu steps, %zu foreseen: %s", fixture->evaluation.steps, root->cost,
                     WORST[i]);
        assert_true(root->cost <= LIMIT_POLICY_COST);
    }
    free(line);
    free(others);
    free(items);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_constants),
        WITH_FIXTURE(test_digests_in_texts),
        WITH_FIXTURE(test_sets),
        WITH_FIXTURE(test_exists_one),
        WITH_FIXTURE(test_strings_and_versions),
        WITH_FIXTURE(test_version_order),
        WITH_FIXTURE(test_sets_are_explained),
        WITH_FIXTURE(test_the_rest_is_explained),
        WITH_FIXTURE(test_accepted_values),
        WITH_FIXTURE(test_retired_values),
        WITH_FIXTURE(test_steps_stay_under_the_cost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
