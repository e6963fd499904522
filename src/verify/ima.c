/* Replay of IMA lists. Owns the PCR value it computes; trusts nothing in the list: what is extended
 * is always computed from the data, never taken from the list's hash column. Must not judge. */
#include "verify/ima.h"

#include "wire/ima.h"

/* The hash that the list's column is made with; its length is all that the list says about it. */
static uint16_t column_alg(uint16_t hash_len)
{
    switch (hash_len) {
    case 32:
        return TPM_ALG_SHA256;
    case 48:
        return TPM_ALG_SHA384;
    case 64:
        return TPM_ALG_SHA512;
    default:
        return TPM_ALG_SHA1;
    }
}

/* ima_calc_field_array_hash_tfm: over the fields with their lengths; in the fixed template over the
 * digest and the name padded with zeros, without lengths. */
static void hash_template(struct crypto *crypto, uint16_t alg, const struct ima_entry *entry,
                          struct crypto_digest *digest)
{
    static const uint8_t zeros[IMA_FIXED_NAME_LEN];
    const uint8_t *data = entry->template_data.data;
    size_t name_len;

    if (!entry->fixed) {
        crypto_hash_span(crypto, alg, entry->template_data, digest);
        return;
    }
    name_len = entry->template_data.len - IMA_FIXED_DIGEST_LEN - 4;
    crypto_hash(crypto, alg,
                (struct span[]){span_of(data, IMA_FIXED_DIGEST_LEN),
                                span_of(data + IMA_FIXED_DIGEST_LEN + 4, name_len),
                                span_of(zeros, IMA_FIXED_NAME_LEN - name_len)},
                3, digest);
}

static void pad_with(struct crypto_digest *digest, uint8_t fill, size_t len)
{
    memset(digest->bytes + digest->len, fill, len - digest->len);
    digest->len = len;
}

/* What the kernel extended for the entry, and whether the hash column is that of the data. */
static void replay_entry(struct crypto *crypto, uint16_t alg, const struct ima_entry *entry,
                         struct ima_replay *replay)
{
    uint16_t listed_alg = column_alg((uint16_t)entry->template_hash.len);
    uint16_t extended_alg = replay->padded ? TPM_ALG_SHA1 : alg;
    struct crypto_digest listed, extended = {.len = 0};

    if (replay->n_entries == 0)
        replay->pcr_index = (int)entry->pcr;
    if ((uint32_t)replay->pcr_index != entry->pcr) {
        replay->n_entries++;
        replay->n_other_pcr++;
        return;
    }
    if (entry->violation) {
        replay->n_violations++;
        pad_with(&extended, 0xFF, replay->digest_len);
    } else {
        hash_template(crypto, listed_alg, entry, &listed);
        if (!span_equal(crypto_digest_span(&listed), entry->template_hash)) {
            if (replay->n_bad_template_hashes++ == 0)
                replay->first_bad_template_hash = replay->n_entries;
        }
        if (extended_alg == listed_alg)
            extended = listed;
        else
            hash_template(crypto, extended_alg, entry, &extended);
        pad_with(&extended, 0x00, replay->digest_len);
    }
    crypto_extend(crypto, alg, replay->pcr, crypto_digest_span(&extended));
    replay->n_entries++;
}

bool ima_is_policy_path(struct span name)
{
    static const char *const PATHS[] = {"/etc/ima/ima-policy", "/etc/sysconfig/ima-policy",
                                        "/sysroot/etc/ima/ima-policy",
                                        "/sysroot/etc/sysconfig/ima-policy"};

    if (name.len < 10 || memcmp(name.data + name.len - 10, "ima-policy", 10) != 0)
        return false; /* a hundred thousand names are not compared with each path */
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++)
        if (span_is(name, PATHS[i]))
            return true;
    return false;
}

static bool start(uint16_t alg, bool padded, struct ima_replay *replay, struct error *error)
{
    size_t digest_len = tpm_digest_len(alg);

    if (digest_len == 0)
        return error_plain(error, ERROR_UNSUPPORTED, "algorithm 0x%04x is no known hash", alg);
    if (replay->n_entries == 0) {
        *replay = (struct ima_replay){.digest_len = digest_len, .padded = padded};
        return true;
    }
    if (replay->digest_len != digest_len || replay->padded != padded)
        return error_plain(error, ERROR_USAGE, "the replay began in another bank");
    return true;
}

bool ima_replay_list(struct crypto *crypto, struct span list, uint16_t alg, bool padded,
                     ima_prefix_check *check, void *context, bool *found, struct ima_replay *replay,
                     struct error *error)
{
    struct ima_replay running = *replay;
    struct ima_list entries;
    struct ima_entry entry;
    enum ima_step step = IMA_END;
    bool stopped = false;
    size_t len_before;

    if (!start(alg, padded, &running, error) || !ima_list_open(&entries, list, error))
        return false;
    len_before = running.len;
    while (!stopped && (step = ima_list_next(&entries, &entry)) == IMA_ENTRY) {
        if (running.n_entries >= LIMIT_IMA_ENTRIES)
            return error_set(error, ERROR_LIMIT, entry.offset, NULL, "more than %d entries",
                             LIMIT_IMA_ENTRIES);
        replay_entry(crypto, alg, &entry, &running);
        running.len = len_before + ima_list_offset(&entries);
        stopped = check && check(context, running.n_entries, running.pcr);
    }
    if (step == IMA_FAILED)
        return false;
    *replay = running;
    if (found)
        *found = stopped;
    return true;
}
