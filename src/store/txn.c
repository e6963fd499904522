/* Builds transactions. Owns the acts and copies of all they point to; trusts its callers' lengths
 * (asserts). Must never do anything: the writer does. */
#include "store/txn.h"

#include "base/writer.h"
#include "store/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <zstd.h>

/* What one transaction may carry: all logs of one host, and little else. */
enum { TXN_MEMORY = LIMIT_EVIDENCE_LEN + 4 * 1024 * 1024, ZSTD_LEVEL = 3 };

struct store_txn *store_begin(struct store *store)
{
    struct store_txn *txn = calloc(1, sizeof *txn);

    if (!txn)
        abort(); /* there is nothing left to report it with */
    txn->store = store;
    txn->arena = arena_init(TXN_MEMORY);
    txn->last = &txn->first;
    return txn;
}

void store_abandon(struct store_txn *txn)
{
    if (!txn)
        return;
    arena_done(&txn->arena);
    free(txn);
}

static struct act *add(struct store_txn *txn, enum act_kind kind, int64_t now_s)
{
    struct act *act = arena_new(&txn->arena, struct act);

    if (!act) {
        txn->failed = true;
        return NULL;
    }
    act->kind = kind;
    act->now_s = now_s;
    *txn->last = act;
    txn->last = &act->next;
    return act;
}

static struct act *add_for_host(struct store_txn *txn, enum act_kind kind, const uint8_t *host_id,
                                int64_t now_s)
{
    struct act *act = add(txn, kind, now_s);

    if (act)
        memcpy(act->host_id, host_id, sizeof act->host_id);
    return act;
}

/* NULL counts as "". */
static const char *keep_text(struct store_txn *txn, const char *text)
{
    const char *copy = text && *text ? arena_text(&txn->arena, span_text(text)) : "";

    if (!copy)
        txn->failed = true;
    return copy;
}

static struct span keep(struct store_txn *txn, struct span bytes)
{
    uint8_t *copy;

    if (bytes.len == 0)
        return span_of("", 0);
    copy = arena_alloc(&txn->arena, bytes.len);
    if (!copy) {
        txn->failed = true;
        return span_of("", 0);
    }
    memcpy(copy, bytes.data, bytes.len);
    return span_of(copy, bytes.len);
}

static const uint8_t (*keep_digests(struct store_txn *txn,
                                    const uint8_t (*digests)[STORE_DIGEST_LEN],
                                    size_t n))[STORE_DIGEST_LEN]
{
    return (const uint8_t(*)[STORE_DIGEST_LEN])keep(txn, span_of(digests, n * STORE_DIGEST_LEN))
        .data;
}

void store_act_nonce_use(struct store_txn *txn, const uint8_t host_id[STORE_HOST_ID_LEN],
                         struct span nonce, int64_t now_s)
{
    struct act *act = add_for_host(txn, ACT_NONCE_USE, host_id, now_s);

    if (act)
        act->refused = nonce_open(txn->store, host_id, nonce, now_s, &act->nonce_expires_s,
                                  act->nonce_random);
}

void store_act_attempt_put(struct store_txn *txn, const struct store_attempt *attempt,
                           int64_t now_s)
{
    struct act *act = add(txn, ACT_ATTEMPT_PUT, now_s);

    assert(attempt->request.len <= LIMIT_ENROL_REQUEST_LEN);
    if (!act)
        return;
    act->attempt = *attempt;
    act->attempt.request = keep(txn, attempt->request);
}

void store_act_attempt_take(struct store_txn *txn, const uint8_t id[STORE_ATTEMPT_ID_LEN],
                            int64_t now_s)
{
    struct act *act = add(txn, ACT_ATTEMPT_TAKE, now_s);

    if (act)
        memcpy(act->attempt.id, id, sizeof act->attempt.id);
}

void store_act_host_enrol(struct store_txn *txn, const struct store_enrolment *enrolment,
                          int64_t now_s)
{
    struct act *act = add_for_host(txn, ACT_HOST_ENROL, enrolment->id, now_s);

    assert(enrolment->ak_name.len > 0 && enrolment->ak_name.len <= STORE_AK_NAME_LEN);
    assert(enrolment->state == STORE_HOST_PENDING || enrolment->state == STORE_HOST_ENROLLED);
    if (!act)
        return;
    act->enrolment = *enrolment;
    act->enrolment.name = keep_text(txn, enrolment->name);
    act->enrolment.ek_public = keep(txn, enrolment->ek_public);
    act->enrolment.ek_certificate = keep(txn, enrolment->ek_certificate);
    act->enrolment.ak_public = keep(txn, enrolment->ak_public);
    act->enrolment.ak_name = keep(txn, enrolment->ak_name);
    act->enrolment.issuer = keep_text(txn, enrolment->issuer);
    act->enrolment.manufacturer = keep_text(txn, enrolment->manufacturer);
    act->enrolment.model = keep_text(txn, enrolment->model);
    act->enrolment.version = keep_text(txn, enrolment->version);
    act->enrolment.platform = (struct store_platform){
        .issuer = keep_text(txn, enrolment->platform.issuer),
        .manufacturer = keep_text(txn, enrolment->platform.manufacturer),
        .model = keep_text(txn, enrolment->platform.model),
        .version = keep_text(txn, enrolment->platform.version),
        .serial = keep_text(txn, enrolment->platform.serial),
        .refusal = keep_text(txn, enrolment->platform.refusal),
    };
    act->enrolment.inventory = keep(txn, enrolment->inventory);
}

void store_act_host_approve(struct store_txn *txn, const uint8_t id[STORE_HOST_ID_LEN],
                            const char *by, int64_t now_s)
{
    struct act *act = add_for_host(txn, ACT_HOST_APPROVE, id, now_s);

    if (act)
        act->by = keep_text(txn, by);
}

void store_act_host_revoke(struct store_txn *txn, const uint8_t id[STORE_HOST_ID_LEN],
                           const char *by, const char *reason, int64_t now_s)
{
    struct act *act = add_for_host(txn, ACT_HOST_REVOKE, id, now_s);

    if (!act)
        return;
    act->by = keep_text(txn, by);
    act->reason = keep_text(txn, reason);
}

void store_act_host_forget(struct store_txn *txn, const uint8_t id[STORE_HOST_ID_LEN],
                           int64_t now_s)
{
    (void)add_for_host(txn, ACT_HOST_FORGET, id, now_s);
}

void store_act_attest(struct store_txn *txn, const struct store_attestation *attestation)
{
    struct act *act = add_for_host(txn, ACT_ATTEST, attestation->host_id, attestation->now_s);

    if (!act)
        return;
    act->attestation = *attestation;
    act->attestation.reasons = keep_text(txn, attestation->reasons);
    act->attestation.policy = keep_text(txn, attestation->policy);
    act->attestation.memory = keep(txn, attestation->memory);
    act->attestation.evidence = keep(txn, attestation->evidence);
    act->attestation.inventory = keep(txn, attestation->inventory);
    if (attestation->keep_details)
        return;
    assert(attestation->n_findings <= LIMIT_REASONS);
    act->attestation.observed_reasons = keep_text(txn, attestation->observed_reasons);
    act->attestation.class_name = keep_text(txn, attestation->class_name);
    act->attestation.claims = keep(txn, attestation->claims);
    act->attestation.findings = keep_digests(txn, attestation->findings, attestation->n_findings);
}

/* Logs that come after it would be taken for those of an earlier boot. */
static bool calls_logs_good(const struct store_txn *txn)
{
    for (const struct act *act = txn->first; act; act = act->next)
        if (act->kind == ACT_ATTEST && !act->attestation.keep_details && act->attestation.good)
            return true;
    return false;
}

void store_act_log_put(struct store_txn *txn, const uint8_t host_id[STORE_HOST_ID_LEN], int kind,
                       const uint8_t sha256[STORE_DIGEST_LEN], struct span bytes)
{
    struct act *act = add_for_host(txn, ACT_LOG_PUT, host_id, 0);
    size_t room = ZSTD_compressBound(bytes.len), len;
    void *compressed = act ? malloc(room) : NULL;

    assert(bytes.len <= LIMIT_EVIDENCE_LEN && !calls_logs_good(txn));
    if (!compressed) {
        txn->failed = true;
        return;
    }
    len = ZSTD_compress(compressed, room, bytes.len ? bytes.data : (const void *)"", bytes.len,
                        ZSTD_LEVEL);
    if (ZSTD_isError(len))
        txn->failed = true;
    else
        act->bytes = keep(txn, span_of(compressed, len));
    free(compressed);
    memcpy(act->digest, sha256, sizeof act->digest);
    act->number = kind;
    act->len = bytes.len;
}

void store_act_log_refer(struct store_txn *txn, const uint8_t host_id[STORE_HOST_ID_LEN], int kind,
                         const uint8_t sha256[STORE_DIGEST_LEN])
{
    struct act *act = add_for_host(txn, ACT_LOG_REFER, host_id, 0);

    assert(!calls_logs_good(txn));
    if (!act)
        return;
    memcpy(act->digest, sha256, sizeof act->digest);
    act->number = kind;
}

void store_act_document_put(struct store_txn *txn, const struct store_document *document)
{
    struct act *act = add(txn, ACT_DOCUMENT_PUT, document->created_s);

    assert(document->kind != STORE_DOCUMENT_NONE && document->text.len <= LIMIT_DOCUMENT_LEN);
    if (!act)
        return;
    act->document = *document;
    act->document.name = keep_text(txn, document->name);
    act->document.version = keep_text(txn, document->version);
    act->document.text = keep(txn, document->text);
    act->document.created_by = keep_text(txn, document->created_by);
}

void store_act_binding_put(struct store_txn *txn, const struct store_binding *binding,
                           uint64_t expected)
{
    struct act *act = add(txn, ACT_BINDING_PUT, binding->created_s);

    assert(binding->mode != STORE_BINDING_NONE && binding->n_references <= LIMIT_POLICY_SOURCES);
    if (!act)
        return;
    act->binding = *binding;
    act->expected = expected;
    act->binding.name = keep_text(txn, binding->name);
    act->binding.hosts = keep_text(txn, binding->hosts);
    act->binding.references = keep_digests(txn, binding->references, binding->n_references);
    act->binding.created_by = keep_text(txn, binding->created_by);
    act->binding.reason = keep_text(txn, binding->reason);
    assert(strlen(act->binding.hosts) <= LIMIT_BINDING_HOSTS_LEN);
}

void store_act_catalog_put(struct store_txn *txn, const struct store_catalog *catalog,
                           uint64_t expected)
{
    struct act *act = add(txn, ACT_CATALOG_PUT, catalog->created_s);

    assert(catalog->text.len <= LIMIT_DOCUMENT_LEN && catalog->removed == (catalog->text.len == 0));
    if (!act)
        return;
    act->catalog = *catalog;
    act->expected = expected;
    act->catalog.name = keep_text(txn, catalog->name);
    act->catalog.text = keep(txn, catalog->text);
    act->catalog.signature = keep(txn, catalog->signature);
    act->catalog.signer = keep_text(txn, catalog->signer);
    act->catalog.created_by = keep_text(txn, catalog->created_by);
    act->catalog.reason = keep_text(txn, catalog->reason);
}

void store_act_token_put(struct store_txn *txn, const struct store_token *token)
{
    struct act *act = add(txn, ACT_TOKEN_PUT, token->created_s);

    assert(token->role != STORE_ROLE_NONE);
    if (!act)
        return;
    act->token = *token;
    act->token.name = keep_text(txn, token->name);
    act->token.created_by = keep_text(txn, token->created_by);
}

void store_act_token_revoke(struct store_txn *txn, const char *name, int64_t now_s)
{
    struct act *act = add(txn, ACT_TOKEN_REVOKE, now_s);

    if (act)
        act->token.name = keep_text(txn, name);
}

void store_act_certificate_put(struct store_txn *txn, const struct store_certificate *certificate)
{
    struct act *act = add(txn, ACT_CERTIFICATE_PUT, certificate->issued_s);

    if (act)
        act->certificate = *certificate;
}

void store_act_certificate_demand(struct store_txn *txn, const uint8_t host_id[STORE_HOST_ID_LEN],
                                  const uint8_t serial[STORE_SERIAL_LEN], int64_t now_s)
{
    struct act *act = add_for_host(txn, ACT_CERTIFICATE_DEMAND, host_id, now_s);

    if (act)
        memcpy(act->certificate.serial, serial, sizeof act->certificate.serial);
}

void store_act_certificates_revoke(struct store_txn *txn, const uint8_t host_id[STORE_HOST_ID_LEN],
                                   int reason, int64_t now_s)
{
    struct act *act = add_for_host(txn, ACT_CERTIFICATES_REVOKE, host_id, now_s);

    if (act)
        act->number = reason;
}

/* Ordered by time: eight bytes of it, and eight random ones. */
static bool make_audit_id(int64_t at_us, uint8_t id[AUDIT_ID_LEN])
{
    struct writer writer = writer_init(id, AUDIT_ID_LEN / 2);
    struct error error;

    writer_be64(&writer, (uint64_t)at_us);
    return crypto_random(id + AUDIT_ID_LEN / 2, AUDIT_ID_LEN / 2, &error);
}

void store_act_audit(struct store_txn *txn, const struct store_audit *audit)
{
    struct act *act = add(txn, ACT_AUDIT, audit->at_us / 1000000);

    if (!act)
        return;
    if (!make_audit_id(audit->at_us, act->digest))
        txn->failed = true;
    act->audit = *audit;
    act->audit.who = keep_text(txn, audit->who);
    act->audit.what = keep_text(txn, audit->what);
    act->audit.subject = keep_text(txn, audit->subject);
    act->audit.detail = keep_text(txn, audit->detail);
    act->audit.address = keep_text(txn, audit->address);
}

void store_act_prune(struct store_txn *txn, int64_t now_s)
{
    (void)add(txn, ACT_PRUNE, now_s);
}
