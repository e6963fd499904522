/* Hosts held against a hardware catalogue: what matches, what does not, how well that is proven, and
 * what a host gains by lying. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "claims/certification.h"

static struct evidence_item said[8];

static void say(struct boot *boot, const char *name, const char *value)
{
    size_t n = boot->input.n_inventory;

    said[n] = (struct evidence_item){span_text(name), span_text(value)};
    boot->input.inventory = said;
    boot->input.n_inventory = n + 1;
}

/* The digest by which firmware measures this code. */
static const char *image(struct boot *boot, const char *code)
{
    struct crypto_digest digest;

    crypto_hash_span(boot->crypto, TPM_ALG_SHA256, span_text(code), &digest);
    return arena_printf(&boot->arena, "sha256:%s",
                        text_hex(&boot->arena, crypto_digest_span(&digest)));
}

static void measure_code(struct boot *boot, const char *code)
{
    log_builder_add_measured(&boot->log, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, span_text(code),
                             span_text("base and length, sixteen"));
}

/* An Anvil of Acme's with firmware 1.2, as its agent tells it, that measured "core" and "drivers". */
static void be_anvil(struct boot *boot)
{
    boot_begin(boot);
    measure_code(boot, "core");
    measure_code(boot, "drivers");
    boot_separator(boot, 0);
    say(boot, "hardware.manufacturer", "Acme");
    say(boot, "hardware.model", "Anvil");
    say(boot, "hardware.firmware", "Acme 1.2 2026-01-02");
}

/* The catalogue's sections [model NAME]; each says what it is certified for. */
static void give_catalog(struct boot *boot, const char *models)
{
    const char *text = arena_printf(&boot->arena,
                                    "[catalog]\nname = test\nversion = 3\nissued = 2026-01-01\n"
                                    "valid_until = 2026-12-31\n%s",
                                    models);
    struct catalog *catalog;
    struct error error;

    assert_non_null(text);
    if (!catalog_decode(span_text(text), &boot->arena, &catalog, &error))
        fail_msg("%s in\n%s", error.message, text);
    boot->input.catalog = catalog;
}

static const char *model(struct boot *boot, const char *name, const char *level, const char *keys)
{
    return arena_printf(&boot->arena, "[model %s]\nlevel = %s\nsource = s\n%s\n", name, level,
                        keys);
}

#define ANVIL "manufacturer = Acme\nproduct = Anvil\n"

static const char *images(struct boot *boot)
{
    return arena_printf(&boot->arena, "firmware_images =\n  %s\n  %s\n", image(boot, "core"),
                        image(boot, "drivers"));
}

static const char *joined(struct boot *boot, const char *a, const char *b)
{
    return arena_printf(&boot->arena, "%s%s", a, b);
}

/* By another catalogue and back: as if it had been there from the start. */
static void expect_again(struct boot *boot)
{
    struct claims again = boot->claims;
    struct error error;

    assert_true(certification_collect(NULL, boot->input.log, &boot->arena, &again, &error));
    assert_false(again.claims[CLAIM_HARDWARE_CERTIFIED_LEVEL].known ||
                 again.claims[CLAIM_HARDWARE_CERTIFIED_BY].known);
    assert_true(
        certification_collect(boot->input.catalog, boot->input.log, &boot->arena, &again, &error));
    for (int id = 0; id < CLAIM_IDS; id++) {
        const struct claim *was = &boot->claims.claims[id], *is = &again.claims[id];

        assert_true(is->known == was->known && is->grade == was->grade &&
                    is->n_events == was->n_events);
        assert_true(was->n_events == 0 ||
                    memcmp(is->events, was->events, was->n_events * sizeof *was->events) == 0);
        assert_true(!was->known || claim_type((enum claim_id)id) != CLAIM_TEXT ||
                    strcmp(is->text, was->text) == 0);
    }
}

static void expect(struct boot *boot, const char *level, enum claim_grade grade, const char *by)
{
    boot_collect(boot);
    boot_assert(boot, CLAIM_HARDWARE_CERTIFIED_LEVEL, level);
    boot_assert(boot, CLAIM_HARDWARE_CERTIFIED_BY, by);
    assert_int_equal(boot->claims.claims[CLAIM_HARDWARE_CERTIFIED_LEVEL].grade, grade);
    assert_int_equal(boot->claims.claims[CLAIM_HARDWARE_CERTIFIED_BY].grade, grade);
    if (!boot->input.wanted)
        expect_again(boot);
}

#define expect_unknown(boot) expect(boot, "unknown", CLAIM_UNPROVEN, "unknown")

static void without_a_catalogue_nothing_is_known(void **state)
{
    struct boot *boot = *state;

    be_anvil(boot);
    expect_unknown(boot);
}

static void a_word_is_a_word(void **state)
{
    struct boot *boot = *state;

    be_anvil(boot);
    give_catalog(boot, model(boot, "anvil", "secured-core", ANVIL));
    expect(boot, "secured-core", CLAIM_REPORTED,
           "test version 3, anvil: manufacturer reported, product reported");
    assert_int_equal(boot->claims.claims[CLAIM_HARDWARE_CERTIFIED_LEVEL].n_events, 0);
}

static void images_under_a_quote_are_attested(void **state)
{
    struct boot *boot = *state;

    be_anvil(boot);
    give_catalog(boot, model(boot, "fw", "secured-core", images(boot)));
    expect(boot, "secured-core", CLAIM_ATTESTED, "test version 3, fw: firmware_images attested");
    assert_int_equal(boot->claims.claims[CLAIM_HARDWARE_CERTIFIED_LEVEL].n_events, 2);
    boot->input.attested_pcrs = ~EVENT_PCR(0);
    expect(boot, "secured-core", CLAIM_REPORTED, "test version 3, fw: firmware_images reported");
    boot->input.attested_pcrs = 0;
    expect(boot, "secured-core", CLAIM_REPORTED, "test version 3, fw: firmware_images reported");
}

/* The firmware of an Anvil may run on a lesser machine, whose owner calls it an Anvil. */
static void proven_firmware_does_not_prove_the_models_name(void **state)
{
    struct boot *boot = *state;

    be_anvil(boot);
    give_catalog(boot, model(boot, "anvil", "secured-core", joined(boot, ANVIL, images(boot))));
    expect(boot, "secured-core", CLAIM_REPORTED,
           "test version 3, anvil: manufacturer reported, product reported, firmware_images "
           "attested");
}

static void images_of_one_model_only_prove_it(void **state)
{
    struct boot *boot = *state;
    const char *keys;

    be_anvil(boot);
    keys = arena_printf(&boot->arena,
                        "%sfirmware = Acme 1.2 2026-01-02\n%sfirmware_proves = model\n", ANVIL,
                        images(boot));
    give_catalog(boot, model(boot, "anvil", "secured-core", keys));
    expect(boot, "secured-core", CLAIM_ATTESTED,
           "test version 3, anvil: manufacturer attested by firmware_images, product attested by "
           "firmware_images, firmware attested by firmware_images, firmware_images attested");
    /* Nobody needs to tell what is proven; but who tells another thing is not believed. */
    boot->input.n_inventory = 0;
    expect(boot, "secured-core", CLAIM_ATTESTED,
           "test version 3, anvil: manufacturer attested by firmware_images, product attested by "
           "firmware_images, firmware attested by firmware_images, firmware_images attested");
    say(boot, "hardware.model", "Hammer");
    expect(boot, "none", CLAIM_REPORTED, "test version 3, no model matches");
    /* Without a quote the images prove no more than a word. */
    boot->input.n_inventory = 0;
    boot->input.attested_pcrs = 0;
    boot_collect(boot);
    assert_int_equal(boot->claims.claims[CLAIM_HARDWARE_CERTIFIED_LEVEL].grade, CLAIM_REPORTED);
}

static void every_image_is_there_and_no_other(void **state)
{
    struct boot *boot = *state;
    const char *entry;

    /* One that is missing. */
    be_anvil(boot);
    give_catalog(boot, model(boot, "fw", "secured-core",
                             joined(boot, "firmware_images =\n  ", image(boot, "more"))));
    expect(boot, "none", CLAIM_ATTESTED, "test version 3, no model matches");
    entry = arena_printf(&boot->arena, "%s  %s\n", images(boot), image(boot, "more"));
    give_catalog(boot, model(boot, "fw", "secured-core", entry));
    expect(boot, "none", CLAIM_ATTESTED, "test version 3, no model matches");
    /* One too many, unless the entry allows it. */
    give_catalog(boot, model(boot, "fw", "secured-core",
                             joined(boot, "firmware_images = ", image(boot, "core"))));
    expect(boot, "none", CLAIM_ATTESTED, "test version 3, no model matches");
    entry = arena_printf(&boot->arena, "firmware_images = %s\nfirmware_images_optional = %s\n",
                         image(boot, "core"), image(boot, "drivers"));
    give_catalog(boot, model(boot, "fw", "secured-core", entry));
    expect(boot, "secured-core", CLAIM_ATTESTED, "test version 3, fw: firmware_images attested");
}

/* No digest covers an event's type: calling code a version does not hide it. */
static void code_does_not_hide_behind_another_type(void **state)
{
    struct boot *boot = *state;

    boot_begin(boot);
    measure_code(boot, "core");
    measure_code(boot, "drivers");
    log_builder_add_measured(&boot->log, 0, EV_S_CRTM_VERSION, span_text("implant"),
                             span_text("1.0"));
    boot_separator(boot, 0);
    give_catalog(boot, model(boot, "fw", "secured-core", images(boot)));
    expect(boot, "none", CLAIM_ATTESTED, "test version 3, no model matches");
}

/* Nor does the log hide it by holding all of it. */
static void code_does_not_hide_in_the_log(void **state)
{
    struct boot *boot = *state;
    static char implant[1024];

    memset(implant, 'x', sizeof implant - 1);
    boot_begin(boot);
    measure_code(boot, "core");
    measure_code(boot, "drivers");
    boot_text(boot, 0, EV_S_CRTM_VERSION, "1.0");
    boot_separator(boot, 0);
    give_catalog(boot, model(boot, "fw", "secured-core", images(boot)));
    expect(boot, "secured-core", CLAIM_ATTESTED, "test version 3, fw: firmware_images attested");
    boot_begin(boot);
    measure_code(boot, "core");
    measure_code(boot, "drivers");
    boot_text(boot, 0, EV_S_CRTM_VERSION, implant);
    boot_separator(boot, 0);
    give_catalog(boot, model(boot, "fw", "secured-core", images(boot)));
    expect(boot, "none", CLAIM_ATTESTED, "test version 3, no model matches");
}

/* What anybody may extend later is not firmware. */
static void images_behind_the_separator_prove_nothing(void **state)
{
    struct boot *boot = *state;

    boot_begin(boot);
    measure_code(boot, "other");
    boot_separator(boot, 0);
    measure_code(boot, "core");
    measure_code(boot, "drivers");
    give_catalog(boot, model(boot, "fw", "secured-core", images(boot)));
    expect(boot, "none", CLAIM_ATTESTED, "test version 3, no model matches");
    boot_begin(boot);
    measure_code(boot, "core");
    measure_code(boot, "drivers");
    give_catalog(boot, model(boot, "fw", "secured-core", images(boot)));
    expect(boot, "secured-core", CLAIM_UNPROVEN,
           "test version 3, fw: firmware_images unproven"); /* no separator: who knows when */
}

static void a_host_that_tells_too_little_is_unknown(void **state)
{
    struct boot *boot = *state;

    be_anvil(boot);
    give_catalog(boot, model(boot, "anvil", "secured-core", ANVIL));
    boot->input.n_inventory = 1; /* no product */
    expect_unknown(boot);
    /* In another hash than the catalogue's nothing can be compared. */
    be_anvil(boot);
    give_catalog(boot, model(boot, "fw", "secured-core",
                             "firmware_images = sha384:000102030405060708090a0b0c0d0e0f10111213"
                             "1415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f\n"));
    expect_unknown(boot);
    boot_begin(boot);
    boot_separator(boot, 0);
    give_catalog(boot, model(boot, "fw", "secured-core", images(boot)));
    expect_unknown(boot);
    /* One model differs, the other cannot be told: it might be that one. */
    be_anvil(boot);
    boot->input.n_inventory = 1;
    give_catalog(
        boot, joined(boot, model(boot, "a", "secured-core", "manufacturer = Other\nproduct = X\n"),
                     model(boot, "b", "secured-core", ANVIL)));
    expect_unknown(boot);
}

static void other_hardware_is_not_certified(void **state)
{
    struct boot *boot = *state;

    be_anvil(boot);
    give_catalog(boot,
                 joined(boot,
                        model(boot, "a", "secured-core", "manufacturer = Acme\nproduct = Hammer\n"),
                        model(boot, "b", "secured-core",
                              joined(boot, "firmware_images = ", image(boot, "x")))));
    /* As well proven as the weakest of the two refusals. */
    expect(boot, "none", CLAIM_REPORTED, "test version 3, no model matches");
}

static void the_highest_level_counts_and_then_the_best_grade(void **state)
{
    struct boot *boot = *state;
    const char *low, *high;

    be_anvil(boot);
    low = model(boot, "low", "recommended-baseline", images(boot));
    high = model(boot, "high", "secured-core", ANVIL);
    give_catalog(boot, joined(boot, low, high));
    expect(boot, "secured-core", CLAIM_REPORTED,
           "test version 3, high: manufacturer reported, product reported");
    give_catalog(boot, joined(boot, high, low));
    expect(boot, "secured-core", CLAIM_REPORTED,
           "test version 3, high: manufacturer reported, product reported");
    high = model(boot, "better", "secured-core", images(boot));
    low = model(boot, "worse", "secured-core", ANVIL);
    give_catalog(boot, joined(boot, low, high));
    expect(boot, "secured-core", CLAIM_ATTESTED,
           "test version 3, better: firmware_images attested");
}

static void endorse(struct boot *boot, const char *manufacturer, const char *product)
{
    boot->input.endorsed.texts[ENDORSED_PLATFORM_ISSUER] = span_text("CN=Acme platforms");
    boot->input.endorsed.texts[ENDORSED_PLATFORM_MANUFACTURER] = span_text(manufacturer);
    boot->input.endorsed.texts[ENDORSED_PLATFORM_MODEL] = span_text(product);
}

static void the_platform_certificate_signs_for_the_name(void **state)
{
    struct boot *boot = *state;
    const char *by = "test version 3, anvil: manufacturer signed by platform certificate, "
                     "product signed by platform certificate";

    be_anvil(boot);
    give_catalog(boot, model(boot, "anvil", "secured-core", ANVIL));
    expect(boot, "secured-core", CLAIM_REPORTED,
           "test version 3, anvil: manufacturer reported, product reported");
    endorse(boot, "Acme", "Anvil");
    expect(boot, "secured-core", CLAIM_SIGNED, by);
    /* it needs nobody's word beside it */
    boot->input.n_inventory = 0;
    expect(boot, "secured-core", CLAIM_SIGNED, by);
    endorse(boot, "Acme", "Bench");
    expect(boot, "none", CLAIM_SIGNED, "test version 3, no model matches");
}

/* Neither of two names counts, and no entry holds: whether it asks for the name, or proves it by images. */
static void two_names_match_nothing(void **state)
{
    static const char *const TOLD = "test version 3, no model matches: SMBIOS and the platform "
                                    "certificate name different machines";
    struct boot *boot = *state;

    be_anvil(boot);
    give_catalog(boot, model(boot, "anvil", "secured-core", ANVIL));
    endorse(boot, "Acme", "Bench");
    expect(boot, "none", CLAIM_SIGNED, TOLD);
    give_catalog(boot,
                 model(boot, "bench", "secured-core", "manufacturer = Acme\nproduct = Bench\n"));
    expect(boot, "none", CLAIM_SIGNED, TOLD);
    give_catalog(boot, model(boot, "fw", "secured-core", images(boot)));
    expect(boot, "none", CLAIM_SIGNED, TOLD);
    give_catalog(boot, model(boot, "fw", "secured-core",
                             joined(boot, images(boot), "firmware_proves = model\n" ANVIL)));
    expect(boot, "none", CLAIM_SIGNED, TOLD);
}

static void an_entry_may_demand_who_signed(void **state)
{
    struct boot *boot = *state;

    be_anvil(boot);
    give_catalog(boot, model(boot, "anvil", "secured-core",
                             ANVIL "platform_issuer = CN=Acme platforms\nek_issuer =\n"
                                   "  CN=TPM maker 1\n  CN=TPM maker 2\n"));
    boot_collect(boot);
    boot_assert(boot, CLAIM_HARDWARE_CERTIFIED_LEVEL, "unknown");
    endorse(boot, "Acme", "Anvil");
    boot->input.endorsed.texts[ENDORSED_EK_ISSUER] = span_text("CN=TPM maker 2");
    expect(boot, "secured-core", CLAIM_SIGNED,
           "test version 3, anvil: manufacturer signed by platform certificate, "
           "product signed by platform certificate, platform_issuer signed, ek_issuer signed");
    boot->input.endorsed.texts[ENDORSED_EK_ISSUER] = span_text("CN=TPM maker 3");
    expect(boot, "none", CLAIM_SIGNED, "test version 3, no model matches");
    boot->input.endorsed.texts[ENDORSED_EK_ISSUER] = span_text("CN=TPM maker 1");
    boot->input.endorsed.texts[ENDORSED_PLATFORM_ISSUER] = span_text("CN=Other platforms");
    expect(boot, "none", CLAIM_SIGNED, "test version 3, no model matches");
}

static void the_makers_certificate_signs_for_the_tpm(void **state)
{
    struct boot *boot = *state;
    const char *entry;

    be_anvil(boot);
    say(boot, "tpm.manufacturer", "IFX");
    say(boot, "tpm.model", "SLB9672");
    entry = joined(boot, images(boot), "tpm_manufacturer =\n  STM\n  IFX\n");
    give_catalog(boot, model(boot, "fw", "secured-core", entry));
    expect(boot, "secured-core", CLAIM_REPORTED,
           "test version 3, fw: firmware_images attested, tpm_manufacturer reported");
    boot->input.endorsed.texts[ENDORSED_TPM_MANUFACTURER] = span_text("id:49465800");
    expect(boot, "secured-core", CLAIM_SIGNED,
           "test version 3, fw: firmware_images attested, tpm_manufacturer signed");
    boot->input.endorsed.texts[ENDORSED_TPM_MANUFACTURER] = span_text("id:494E5443");
    expect(boot, "none", CLAIM_SIGNED, "test version 3, no model matches");
    boot->input.endorsed.texts[ENDORSED_TPM_MANUFACTURER] = span_text("id:49465800");
    give_catalog(boot, model(boot, "fw", "secured-core",
                             joined(boot, images(boot), "tpm_model = SLB9672\n")));
    expect(boot, "secured-core", CLAIM_REPORTED,
           "test version 3, fw: firmware_images attested, tpm_model reported");
    boot->input.endorsed.texts[ENDORSED_TPM_MODEL] = span_text("SLB9672");
    expect(boot, "secured-core", CLAIM_SIGNED,
           "test version 3, fw: firmware_images attested, tpm_model signed");
    boot->input.endorsed.texts[ENDORSED_TPM_MODEL] = (struct span){0};
    give_catalog(boot, model(boot, "fw", "secured-core",
                             joined(boot, images(boot), "tpm_model = SLB9670\n")));
    expect(boot, "none", CLAIM_REPORTED, "test version 3, no model matches");
}

static void versions_are_compared_number_by_number(void **state)
{
    static const struct {
        const char *least;
        bool holds;
    } CASES[] = {
        {"Acme 1.2 2026-01-02", true},
        {"Acme 1.2", false},
        {"acme 1.2 2026-01-02", false},
        {"Acme 1.2 or newer", true},
        {"Acme 1.2 2026-01-02 or newer", true},
        {"Acme 1.2 2026-01-03 or newer", false},
        {"Acme 1.1 2030-01-01 or newer", true},
        {"Acme 1.01 or newer", true},
        {"Acme 1.02 or newer", true},
        {"Acme 1.10 or newer", false},
        {"Acme 2.0 or newer", false},
        {"Acme 0.9 or newer", true},
        {"Acme 01.2 or newer", true},
        {"Acme 1 or newer", true},
        {"Acme 1.2.1 or newer", false},
        {"Other 1.0 or newer", false},
        {"Acme 1.2 2026-01-02 9 or newer", false},
        {"Acme 99999999999999999999999999 or newer", false},
        {"1.0 or newer", false},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        be_anvil(boot);
        give_catalog(boot,
                     model(boot, "anvil", "secured-core",
                           arena_printf(&boot->arena, "%sfirmware = %s\n", ANVIL, CASES[i].least)));
        boot_collect(boot);
        if (strcmp(boot_value(boot, CLAIM_HARDWARE_CERTIFIED_LEVEL),
                   CASES[i].holds ? "secured-core" : "none") != 0)
            fail_msg("%s: %s", CASES[i].least, boot_value(boot, CLAIM_HARDWARE_CERTIFIED_LEVEL));
    }
}

/* More images than any entry holds are none's, and cost nothing. */
static void a_flood_of_images_is_no_match(void **state)
{
    struct boot *boot = *state;
    static struct claim_item items[2 * LIMIT_CATALOG_VALUES + 1];
    struct claims *claims = arena_new(&boot->arena, struct claims);
    struct claim *shown = &claims->claims[CLAIM_FIRMWARE_IMAGES];
    struct certification match;

    give_catalog(boot, model(boot, "fw", "secured-core",
                             joined(boot, "firmware_images = ", image(boot, "core"))));
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        items[i] = (struct claim_item){
            .kind = CLAIM_ITEM_DIGEST,
            .alg = TPM_ALG_SHA256,
            .bytes = boot->input.catalog->models->firmware_images.items->bytes};
    *shown = (struct claim){.known = true, .items = items, .n_items = 2 * LIMIT_CATALOG_VALUES};
    certification_find(boot->input.catalog, claims, &match);
    assert_int_equal(match.state, CERTIFICATION_HOLDS);
    shown->n_items++;
    certification_find(boot->input.catalog, claims, &match);
    assert_int_equal(match.state, CERTIFICATION_DIFFERS);
}

static void claims_that_nobody_reads_are_not_looked_up(void **state)
{
    struct boot *boot = *state;
    static bool wanted[CLAIM_IDS];

    be_anvil(boot);
    give_catalog(boot, model(boot, "anvil", "secured-core", ANVIL));
    boot->input.wanted = wanted;
    expect_unknown(boot);
    wanted[CLAIM_HARDWARE_CERTIFIED_LEVEL] = true;
    boot_collect(boot);
    boot_assert(boot, CLAIM_HARDWARE_CERTIFIED_LEVEL, "secured-core");
}

/* --- learning --- */

/* The claims, with digests that outlive the log. */
static const struct claims *keep(struct boot *boot)
{
    struct claims *claims = arena_new(&boot->arena, struct claims);
    struct claim *shown = &claims->claims[CLAIM_FIRMWARE_IMAGES];

    boot_collect(boot);
    *claims = boot->claims;
    for (size_t i = 0; i < shown->n_items; i++)
        shown->items[i].bytes = span_of(arena_text(&boot->arena, shown->items[i].bytes),
                                        shown->items[i].bytes.len);
    return claims;
}

static void learn(struct boot *boot, const struct claims *const *hosts, size_t n_hosts,
                  struct catalog *catalog)
{
    struct error error;
    struct certification match;

    *catalog = (struct catalog){.name = "learned", .version = 1, .valid_until_s = 86400};
    assert_true(certification_learn(hosts, n_hosts, CATALOG_LEVEL_RECOMMENDED_BASELINE,
                                    &boot->arena, catalog, &error));
    for (size_t i = 0; i < n_hosts; i++) {
        certification_find(catalog, hosts[i], &match);
        assert_int_equal(match.state, CERTIFICATION_HOLDS);
        assert_int_equal(match.model->level, CATALOG_LEVEL_RECOMMENDED_BASELINE);
    }
}

static void hosts_alike_become_one_model(void **state)
{
    struct boot *boot = *state;
    const struct claims *hosts[4];
    struct catalog catalog;

    be_anvil(boot);
    hosts[0] = keep(boot);
    be_anvil(boot);
    boot_begin(boot);
    measure_code(boot, "core");
    measure_code(boot, "other drivers");
    boot_separator(boot, 0);
    say(boot, "hardware.manufacturer", "Acme");
    say(boot, "hardware.model", "Anvil");
    say(boot, "hardware.firmware", "Acme 1.2 2026-01-02");
    hosts[1] = keep(boot);
    be_anvil(boot);
    boot->input.n_inventory = 2;
    say(boot, "hardware.firmware", "Acme 1.3 2026-02-02");
    hosts[2] = keep(boot);
    boot_begin(boot);
    measure_code(boot, "core");
    boot_separator(boot, 0);
    hosts[3] = keep(boot);
    learn(boot, hosts, 4, &catalog);
    assert_int_equal(catalog.n_models, 3);
    assert_string_equal(catalog.models[0].name, "anvil");
    assert_string_equal(catalog.models[0].source, "evidence of 2 hosts");
    assert_int_equal(catalog.models[0].firmware_images.n_items, 1);
    assert_int_equal(catalog.models[0].optional_images.n_items, 2);
    assert_string_equal(catalog.models[0].firmware.items[0], "Acme 1.2 2026-01-02");
    assert_string_equal(catalog.models[1].name, "anvil-2");
    assert_int_equal(catalog.models[1].firmware_images.n_items, 2);
    assert_string_equal(catalog.models[2].name, "machine");
    assert_int_equal(catalog.models[2].product.n_items, 0);
    assert_false(catalog.models[2].images_prove_model);
}

/* Hosts of a kind without one image in common are recognised by their words alone. */
static void images_that_differ_are_left_out(void **state)
{
    struct boot *boot = *state;
    const struct claims *hosts[2];
    struct catalog catalog;

    be_anvil(boot);
    hosts[0] = keep(boot);
    boot_begin(boot);
    measure_code(boot, "x");
    boot_separator(boot, 0);
    say(boot, "hardware.manufacturer", "Acme");
    say(boot, "hardware.model", "Anvil");
    say(boot, "hardware.firmware", "Acme 1.2 2026-01-02");
    hosts[1] = keep(boot);
    learn(boot, hosts, 2, &catalog);
    assert_int_equal(catalog.n_models, 1);
    assert_int_equal(catalog.models[0].firmware_images.n_items, 0);
    assert_int_equal(catalog.models[0].optional_images.n_items, 0);
}

static void nothing_is_learned_from_nothing(void **state)
{
    struct boot *boot = *state;
    const struct claims *host;
    struct catalog catalog = {0};
    struct error error;

    boot_separator(boot, 0);
    say(boot, "hardware.manufacturer", "Acme");
    host = keep(boot);
    assert_false(
        certification_learn(&host, 1, CATALOG_LEVEL_SECURED_CORE, &boot->arena, &catalog, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void a_full_arena_is_an_error(void **state)
{
    struct boot *boot = *state;

    be_anvil(boot);
    give_catalog(boot, model(boot, "anvil", "secured-core", joined(boot, ANVIL, images(boot))));
    boot_collect_in_every_arena(boot);
}

int main(void)
{
#define CLAIMS_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        CLAIMS_TEST(without_a_catalogue_nothing_is_known),
        CLAIMS_TEST(a_word_is_a_word),
        CLAIMS_TEST(images_under_a_quote_are_attested),
        CLAIMS_TEST(proven_firmware_does_not_prove_the_models_name),
        CLAIMS_TEST(images_of_one_model_only_prove_it),
        CLAIMS_TEST(every_image_is_there_and_no_other),
        CLAIMS_TEST(code_does_not_hide_behind_another_type),
        CLAIMS_TEST(code_does_not_hide_in_the_log),
        CLAIMS_TEST(images_behind_the_separator_prove_nothing),
        CLAIMS_TEST(a_host_that_tells_too_little_is_unknown),
        CLAIMS_TEST(other_hardware_is_not_certified),
        CLAIMS_TEST(the_highest_level_counts_and_then_the_best_grade),
        CLAIMS_TEST(the_makers_certificate_signs_for_the_tpm),
        CLAIMS_TEST(the_platform_certificate_signs_for_the_name),
        CLAIMS_TEST(two_names_match_nothing),
        CLAIMS_TEST(an_entry_may_demand_who_signed),
        CLAIMS_TEST(versions_are_compared_number_by_number),
        CLAIMS_TEST(a_flood_of_images_is_no_match),
        CLAIMS_TEST(claims_that_nobody_reads_are_not_looked_up),
        CLAIMS_TEST(hosts_alike_become_one_model),
        CLAIMS_TEST(images_that_differ_are_left_out),
        CLAIMS_TEST(nothing_is_learned_from_nothing),
        CLAIMS_TEST(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
