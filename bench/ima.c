/* The IMA list of a busy host: read for the first time, and what is new since the last time.
 *
 * The reference is the hashing alone: each entry's template hash and its digest in the quoted bank,
 * and the extend. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "verify/ima.h"
#include "measure.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_ENTRIES = 10000, N_NEW = 100, ENTRY_LEN_MAX = 256, DIGEST_LEN = 32 };

struct template_data {
    const uint8_t *at;
    size_t len;
};

struct bench {
    struct crypto *crypto;
    uint8_t *list;
    size_t len;
    size_t known_len; /* bytes of all but the last N_NEW entries */
    struct ima_replay known;
    struct template_data
        templates[N_ENTRIES]; /* found beforehand: framing is not the reference's */
    uint8_t pcr[DIGEST_LEN];
};

static void put_le32(uint8_t **at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        *(*at)++ = (uint8_t)(value >> 8 * i);
}

static void put(uint8_t **at, const void *bytes, size_t len)
{
    memcpy(*at, bytes, len);
    *at += len;
}

/* An ima-ng entry as the kernel writes it (Documentation/security/IMA-templates.rst). */
static void add_entry(struct bench *bench, uint32_t number)
{
    uint8_t *at = bench->list + bench->len, *template_hash, *data;
    uint8_t file_digest[DIGEST_LEN];
    char path[64];
    size_t path_len = (size_t)snprintf(path, sizeof path, "/usr/lib/x86_64-linux-gnu/lib%05u.so.6",
                                       number) +
                      1;

    SHA256((const uint8_t *)&number, sizeof number, file_digest);
    put_le32(&at, 10);
    template_hash = at;
    at += SHA_DIGEST_LENGTH;
    put_le32(&at, 6);
    put(&at, "ima-ng", 6);
    put_le32(&at, (uint32_t)(4 + 8 + DIGEST_LEN + 4 + path_len));
    data = at;
    put_le32(&at, 8 + DIGEST_LEN);
    put(&at, "sha256:", 8);
    put(&at, file_digest, DIGEST_LEN);
    put_le32(&at, (uint32_t)path_len);
    put(&at, path, path_len);
    bench->templates[number] = (struct template_data){data, (size_t)(at - data)};
    SHA1(data, (size_t)(at - data), template_hash);
    bench->len = (size_t)(at - bench->list);
}

static void hash_entries(struct bench *bench, size_t first)
{
    uint8_t sha1[SHA_DIGEST_LENGTH], sha256[DIGEST_LEN];

    for (size_t i = first; i < N_ENTRIES; i++) {
        const struct template_data *data = &bench->templates[i];
        SHA_CTX short_context;
        SHA256_CTX context;

        SHA1_Init(&short_context);
        SHA1_Update(&short_context, data->at, data->len);
        SHA1_Final(sha1, &short_context);
        measure_demand(memcmp(sha1, data->at - 14 - SHA_DIGEST_LENGTH, sizeof sha1) == 0, "entry");
        SHA256_Init(&context);
        SHA256_Update(&context, data->at, data->len);
        SHA256_Final(sha256, &context);
        SHA256_Init(&context);
        SHA256_Update(&context, bench->pcr, DIGEST_LEN);
        SHA256_Update(&context, sha256, DIGEST_LEN);
        SHA256_Final(bench->pcr, &context);
    }
}

static void lean_first(void *context)
{
    struct bench *bench = context;

    memset(bench->pcr, 0, sizeof bench->pcr);
    hash_entries(bench, 0);
}

static void lean_increment(void *context)
{
    struct bench *bench = context;

    memcpy(bench->pcr, bench->known.pcr, sizeof bench->pcr);
    hash_entries(bench, N_ENTRIES - N_NEW);
}

static void replay(struct bench *bench, size_t from, size_t to, struct ima_replay *replay)
{
    struct error error;
    bool found;

    measure_demand(ima_replay_list(bench->crypto, span_of(bench->list + from, to - from),
                                   TPM_ALG_SHA256, false, NULL, NULL, &found, replay, &error) &&
                       replay->n_bad_template_hashes == 0,
                   "the list does not replay");
}

static void first(void *context)
{
    struct bench *bench = context;
    struct ima_replay all = {0};

    replay(bench, 0, bench->len, &all);
    measure_demand(all.n_entries == N_ENTRIES, "entries are missing");
}

static void increment(void *context)
{
    struct bench *bench = context;
    struct ima_replay all = bench->known;

    replay(bench, bench->known_len, bench->len, &all);
    measure_demand(all.n_entries == N_ENTRIES, "entries are missing");
}

static void check_same_pcr(struct bench *bench)
{
    struct ima_replay all = {0};

    replay(bench, 0, bench->len, &all);
    lean_first(bench);
    measure_demand(memcmp(all.pcr, bench->pcr, DIGEST_LEN) == 0, "the reference differs");
}

int main(int argc, char **argv)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct error error;

    measure_demand(bench != NULL, "no memory");
    bench->crypto = crypto_new(&error);
    bench->list = malloc((size_t)N_ENTRIES * ENTRY_LEN_MAX);
    measure_demand(bench->crypto && bench->list, "no memory");
    for (uint32_t i = 0; i < N_ENTRIES; i++) {
        if (i == N_ENTRIES - N_NEW)
            bench->known_len = bench->len;
        add_entry(bench, i);
    }
    replay(bench, 0, bench->known_len, &bench->known);
    check_same_pcr(bench);
    measure_note("IMA list of %d entries, %zu bytes, template ima-ng, bank sha256; %d new entries",
                 N_ENTRIES, bench->len, N_NEW);
    measure(&(struct measurement){"ima.first", "ms", 1e3, first, lean_first, bench}, argc, argv);
    measure(&(struct measurement){"ima.increment", "us", 1e6, increment, lean_increment, bench},
            argc, argv);
    crypto_free(bench->crypto);
    free(bench->list);
    free(bench);
    return 0;
}
