/* Nonces: made without a write, used up with one.
 *
 * A nonce is expiry (4 bytes, Unix time, big endian), random (12) and an authentication code (16)
 * over both and the host's id, with a key that lives in the database: so it is good on every node
 * and after a restart, and for one host only. Using one inserts (expiry, random) into used_nonces;
 * the second insert fails. Rows go only after their expiry, and then expiry <= nonce_floor refuses
 * them for good, even when the clock steps back. */
#include "store/internal.h"

#include "base/reader.h"
#include "base/writer.h"

#include <assert.h>

enum { MAC_LEN = 16 };

_Static_assert(4 + NONCE_RANDOM_LEN + MAC_LEN == STORE_NONCE_LEN, "layout of a nonce");

static void authenticate(struct store *store, const uint8_t *host_id, struct span head,
                         uint8_t mac[MAC_LEN])
{
    static const char LABEL[] = "bootseal nonce v1";
    uint8_t buffer[sizeof LABEL + STORE_HOST_ID_LEN + 4 + NONCE_RANDOM_LEN];
    struct writer message = writer_init(buffer, sizeof buffer);
    struct crypto_digest digest;

    writer_bytes(&message, span_of(LABEL, sizeof LABEL));
    writer_bytes(&message, span_of(host_id, STORE_HOST_ID_LEN));
    writer_bytes(&message, head);
    assert(!message.failed);
    pthread_mutex_lock(&store->read_lock);
    crypto_hmac(store->crypto, TPM_ALG_SHA256, span_of(store->nonce_key, sizeof store->nonce_key),
                writer_span(&message), &digest);
    pthread_mutex_unlock(&store->read_lock);
    memcpy(mac, digest.bytes, MAC_LEN);
}

bool store_nonce_issue(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN], int64_t now_s,
                       uint32_t life_s, uint8_t nonce[STORE_NONCE_LEN], struct error *error)
{
    uint8_t made[STORE_NONCE_LEN];
    struct writer writer = writer_init(made, 4);

    writer_be32(&writer, (uint32_t)(now_s + life_s));
    if (!crypto_random(made + 4, NONCE_RANDOM_LEN, error))
        return false;
    authenticate(store, host_id, span_of(made, 4 + NONCE_RANDOM_LEN), made + 4 + NONCE_RANDOM_LEN);
    memcpy(nonce, made, sizeof made);
    return true;
}

enum store_result nonce_open(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                             struct span nonce, int64_t now_s, uint32_t *expires_s,
                             uint8_t random[NONCE_RANDOM_LEN])
{
    uint8_t mac[MAC_LEN];
    struct error error;
    struct reader reader = reader_init(nonce, "nonce", &error);

    if (nonce.len != STORE_NONCE_LEN)
        return STORE_FOREIGN;
    authenticate(store, host_id, span_of(nonce.data, 4 + NONCE_RANDOM_LEN), mac);
    if (!crypto_equal(span_of(nonce.data + 4 + NONCE_RANDOM_LEN, MAC_LEN), span_of(mac, MAC_LEN)))
        return STORE_FOREIGN;
    *expires_s = reader_be32(&reader);
    memcpy(random, reader_bytes(&reader, NONCE_RANDOM_LEN, "random").data, NONCE_RANDOM_LEN);
    return *expires_s <= now_s ? STORE_EXPIRED : STORE_NONE;
}

enum store_result store_nonce_peek(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                                   struct span nonce, int64_t now_s)
{
    uint32_t expires_s;
    uint8_t random[NONCE_RANDOM_LEN];
    enum store_result result = nonce_open(store, host_id, nonce, now_s, &expires_s, random);
    enum db_step step;

    if (result != STORE_NONE)
        return result;
    pthread_mutex_lock(&store->read_lock);
    step = db_run(&store->reader, "SELECT 1 FROM used_nonces WHERE expires_s = ? AND random = ?",
                  "ib", (int64_t)expires_s, span_of(random, sizeof random));
    pthread_mutex_unlock(&store->read_lock);
    if (step == DB_ROW)
        return STORE_USED;
    return step == DB_DONE ? STORE_OK : STORE_FAILED;
}
