/* Catalogues made from real logs: each recognises its own host, and no host with other firmware. Reads
 * the folder that BOOTSEAL_CORPUS names; skipped without it. */
#include "claims/certification.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/corpus.h"

enum { HOSTS_MAX = 512 };

static struct crypto *crypto;
static struct arena arena;
static const struct claims *hosts[HOSTS_MAX];
static size_t n_hosts;

/* Keeps the claims of a log whose firmware measured images of itself. */
static int visit(const char *path, const struct stat *status, int type, struct FTW *where)
{
    struct claims *claims = arena_new(&arena, struct claims);
    struct reasons *reasons = arena_new(&arena, struct reasons);
    struct measured_log *log = arena_new(&arena, struct measured_log);
    const struct claims_input input = {.log = log, .crypto = crypto, .attested_pcrs = UINT32_MAX};
    struct span bytes, kept;
    struct error error;

    (void)status, (void)where;
    if (type != FTW_F || !corpus_ends_with(path, ".bin"))
        return 0;
    bytes = corpus_read(path);
    kept = span_of(arena_text(&arena, bytes), bytes.len);
    corpus_free(bytes);
    if (!measured_log_read(crypto, kept, TPM_ALG_SHA256, &arena, log, &error))
        return 0;
    assert_true(claims_collect(&input, &arena, claims, reasons, &error));
    if (claims->claims[CLAIM_FIRMWARE_IMAGES].n_items && n_hosts < HOSTS_MAX)
        hosts[n_hosts++] = claims;
    return 0;
}

static bool shows(const struct claims *host, struct span digest)
{
    const struct claim *images = &host->claims[CLAIM_FIRMWARE_IMAGES];

    for (size_t i = 0; i < images->n_items; i++)
        if (span_equal(images->items[i].bytes, digest))
            return true;
    return false;
}

/* Said anew: the same set of images. */
static bool has_same_images(const struct claims *a, const struct claims *b)
{
    const struct claim *of_a = &a->claims[CLAIM_FIRMWARE_IMAGES];
    const struct claim *of_b = &b->claims[CLAIM_FIRMWARE_IMAGES];
    bool same = true;

    for (size_t i = 0; i < of_a->n_items; i++)
        same = same && shows(b, of_a->items[i].bytes);
    for (size_t i = 0; i < of_b->n_items; i++)
        same = same && shows(a, of_b->items[i].bytes);
    return same;
}

static void a_catalogue_of_one_host_recognises_its_firmware(void **state)
{
    struct catalog written = {.name = "corpus", .version = 1, .valid_until_s = 86400};
    struct catalog *catalog;
    struct certification match;
    struct span text;
    struct error error;
    size_t n_others = 0;

    (void)state;
    corpus_walk("", visit);
    for (size_t i = 0; i < n_hosts; i++) {
        assert_true(certification_learn(&hosts[i], 1, CATALOG_LEVEL_SECURED_CORE, &arena, &written,
                                        &error));
        assert_true(catalog_encode(&written, &arena, &text, &error));
        assert_true(catalog_decode(text, &arena, &catalog, &error));
        for (size_t other = 0; other < n_hosts; other++) {
            bool same = has_same_images(hosts[i], hosts[other]);

            certification_find(catalog, hosts[other], &match);
            assert_int_equal(match.state, same ? CERTIFICATION_HOLDS : CERTIFICATION_DIFFERS);
            assert_int_equal(match.answers[CERTIFICATION_IMAGES].grade,
                             hosts[other]->claims[CLAIM_FIRMWARE_IMAGES].grade);
            n_others += !same;
        }
    }
    print_message("%zu logs, %zu pairs with other firmware\n", n_hosts, n_others);
    assert_true(n_hosts > 40 && n_others > 1000);
}

static int setup(void **state)
{
    struct error error;

    (void)state;
    crypto = crypto_new(&error);
    arena = arena_init((size_t)2 << 30);
    return crypto ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&arena);
    crypto_free(crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_catalogue_of_one_host_recognises_its_firmware),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
