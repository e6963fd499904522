#include "server/worker.h"

#include <jansson.h>

#include "claims/certification.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/frame.h"
#include "os/sandbox.h"
#include "server/role.h"
#include "server/worker_examine.h"
#include "verify/platform_certificate.h"
#include "wire/efi_revocations.h"

enum {
    KEY_SLOTS = 1024, /* about 2 KiB each when filled */
    TRUST_FILES = 256,
    TRUST_FILE_LEN = 1024 * 1024,
    START_ARENA_LEN = 64 * 1024 * 1024,
    MIB = 1024 * 1024,
};

struct key_slot {
    struct crypto_digest ak_sha256;
    struct crypto_key *key;
};

struct worker {
    struct role_start start;
    struct crypto *crypto;
    struct crypto_trust *trust;
    struct platform_issuers *platform_issuers; /* NULL: platform certificates are not looked at */
    struct ima_certificates *ima_certificates; /* NULL: signatures of files are not checked */
    struct arena start_arena;                  /* of the files below */
    struct span revocations;
    struct crypto_digest revocations_sha256;
    struct crypto_digest basis; /* of claims: struct work_claims */
    struct worker_catalogs catalogs;
    struct worker_policies policies;
    struct key_slot keys[KEY_SLOTS];
};

/* --- Start --- */

static bool load_trust(struct worker *worker, struct arena *arena, struct error *error)
{
    const char *directory = conf_text(&worker->start.conf, CONF_ENROL_TRUST);
    const char **names;
    size_t n_names;

    worker->trust = crypto_trust_new(error);
    if (!worker->trust || directory[0] == '\0')
        return worker->trust != NULL;
    if (!os_directory_list(directory, ".pem", TRUST_FILES, arena, &names, &n_names, error))
        return false;
    for (size_t i = 0; i < n_names; i++) {
        char *path = arena_printf(arena, "%s/%s", directory, names[i]);
        struct span pem;
        size_t n_added;

        if (!path)
            return arena_error(arena, error);
        if (!os_file_read(path, TRUST_FILE_LEN, arena, &pem, error) ||
            !crypto_trust_add(worker->trust, pem, &n_added, error))
            return false;
    }
    return true;
}

static bool load_platform_issuers(struct worker *worker, struct arena *arena, struct error *error)
{
    const char *directory = conf_text(&worker->start.conf, CONF_ENROL_PLATFORM_TRUST);
    const char **names;
    size_t n_names;

    if (directory[0] == '\0')
        return true;
    worker->platform_issuers = platform_issuers_new(error);
    if (!worker->platform_issuers ||
        !os_directory_list(directory, ".pem", TRUST_FILES, arena, &names, &n_names, error))
        return false;
    for (size_t i = 0; i < n_names; i++) {
        char *path = arena_printf(arena, "%s/%s", directory, names[i]);
        struct span pem;

        if (!path)
            return arena_error(arena, error);
        if (!os_file_read(path, TRUST_FILE_LEN, arena, &pem, error) ||
            !platform_issuers_add(worker->platform_issuers, pem, error))
            return false;
    }
    return true;
}

static bool load_ima_certificates(struct worker *worker, struct arena *arena, struct error *error)
{
    const char *path = conf_text(&worker->start.conf, CONF_IMA_CERTIFICATES);
    struct span text;

    return path[0] == '\0' ||
           (os_file_read(path, LIMIT_IMA_CERTIFICATES_LEN, arena, &text, error) &&
            ima_certificates_new(worker->crypto, text, &worker->ima_certificates, error));
}

/* The operator's revocation list. One that cannot be read ends the worker: hosts must not go on being
 * judged without it. */
static bool load_revocations(struct worker *worker, struct error *error)
{
    const char *path = conf_text(&worker->start.conf, CONF_ATTEST_REVOCATIONS);
    struct efi_revocations ignored;

    if (path[0] == '\0')
        return true;
    if (!os_file_read(path, LIMIT_EVENT_DATA_LEN, &worker->start_arena, &worker->revocations,
                      error) ||
        !efi_revocations_decode(worker->revocations, &ignored, error))
        return false;
    crypto_hash_span(worker->crypto, TPM_ALG_SHA256, worker->revocations,
                     &worker->revocations_sha256);
    return true;
}

/* Of those who may sign catalogues of hardware. */
static bool load_catalog_certificates(struct worker *worker, struct error *error)
{
    const char *path = conf_text(&worker->start.conf, CONF_ATTEST_CATALOG_CERTIFICATES);

    worker->catalogs.crypto = worker->crypto;
    return path[0] == '\0' || os_file_read(path, LIMIT_IMA_CERTIFICATES_LEN, &worker->start_arena,
                                           &worker->catalogs.certificates, error);
}

/* Claims of another program, or from other data of the operator, are not to be compared. A catalogue
 * plays no part: what it says of a host follows from the host's other claims. */
static bool digest_basis(struct worker *worker, struct arena *arena, struct error *error)
{
    const struct ima_certificates *certificates = worker->ima_certificates;
    const char *names = "";

    for (int id = 0; id < CLAIM_IDS && names; id++)
        names = arena_printf(arena, "%s%s\n", names, claim_name((enum claim_id)id));
    if (!names)
        return arena_error(arena, error);
    crypto_hash(
        worker->crypto, TPM_ALG_SHA256,
        (struct span[]){span_text(BOOTSEAL_VERSION), span_text(names),
                        crypto_digest_span(&worker->revocations_sha256),
                        certificates ? ima_certificates_digest(certificates) : (struct span){0}},
        4, &worker->basis);
    return true;
}

static bool start(struct worker *worker, int control, struct error *error)
{
    struct arena arena = arena_init(START_ARENA_LEN);
    bool ok;

    if (!role_start_receive(ROLE_WORKER, control, &worker->start, error))
        return false;
    log_init("bootseald-worker", log_level_by_name(conf_text(&worker->start.conf, CONF_LOG_LEVEL)));
    json_object_seed(0); /* reads the system's randomness, which the sandbox then forbids */
    worker->start_arena = arena_init(START_ARENA_LEN);
    worker->crypto = crypto_new(error);
    ok = worker->crypto && load_trust(worker, &arena, error) &&
         load_platform_issuers(worker, &arena, error) &&
         load_ima_certificates(worker, &arena, error) && load_revocations(worker, error) &&
         load_catalog_certificates(worker, error) && digest_basis(worker, &arena, error);
    arena_done(&arena);
    return ok && os_sandbox_worker(
                     (uint64_t)conf_number(&worker->start.conf, CONF_SERVER_WORKER_MEMORY) * MIB, 0,
                     error);
}

/* --- Documents --- */

static bool answer_check(struct worker *worker, struct span frame, struct arena *arena,
                         struct span *answer_frame, struct error *error)
{
    struct work_check request;
    struct work_check_answer answer = {0};
    struct policy_position position = {0};
    struct policy_values values;
    struct policy *policy;
    struct error wrong = {0};

    if (!work_check_decode(frame, arena, &request, error))
        return false;
    if (request.kind == STORE_DOCUMENT_POLICY) {
        answer.valid = policy_compile(&request.sources, arena, &policy, &position, &wrong);
        if (answer.valid) {
            answer.name = span_text(policy_name(policy));
            answer.version = span_text(policy_version(policy));
            answer.n_rules = policy_rules(policy);
            answer.cost = policy_cost(policy);
            answer.claims_read = span_of(policy_claims_read(policy), CLAIM_IDS);
        }
    } else {
        answer.valid = policy_values_check(request.sources.text, arena, &values, &position, &wrong);
        if (answer.valid && values.is_update != (request.kind == STORE_DOCUMENT_UPDATE)) {
            answer.valid = false;
            position = (struct policy_position){.line = 1, .column = 1};
            error_plain(&wrong, ERROR_USAGE, "the document is of another kind");
        }
        if (answer.valid) {
            answer.name = span_text(values.name);
            answer.version = span_text(values.version);
            answer.n_values = values.n_values;
        }
    }
    answer.basis = crypto_digest_span(&worker->basis);
    answer.source = position.source;
    answer.line = position.line;
    answer.column = position.column;
    answer.message = span_text(answer.valid ? "" : wrong.message);
    return work_check_answer_encode(&answer, arena, answer_frame, error);
}

/* --- Enrolment --- */

static bool make_challenge(struct worker *worker, const struct work_enrol *request,
                           struct span ak_name, struct credential_blob *blob, struct error *error)
{
    struct tpm_public ek;

    return tpm_public_decode(request->ek_public, &ek, error) &&
           make_credential(worker->crypto, &ek, ak_name, request->credential, blob, error);
}

/* Which machine the TPM is in. Whoever makes up an EK certificate can name in it whatever a platform
 * certificate names as its holder: the chain comes first. */
static void check_platform(struct worker *worker, const struct work_enrol *request,
                           enum endorsement endorsement, struct arena *arena,
                           struct work_enrol_answer *answer)
{
    const struct platform_request platform = {
        .ek_certificate = request->certificates[0],
        .certificates = request->platform_certificates,
        .n_certificates = request->n_platform_certificates,
        .now_s = request->now_s,
    };
    struct platform_result result;

    if (!worker->platform_issuers || request->n_platform_certificates == 0)
        return;
    if (endorsement != ENDORSEMENT_CHAIN) {
        reason_add(answer->reasons, (struct reason){.code = REASON_PLATFORM_HOLDER,
                                                    .pcr = REASON_NO_PCR,
                                                    .event = REASON_NO_EVENT,
                                                    .message = "the EK certificate is not proven"});
        return;
    }
    if (!platform_certificates_check(worker->crypto, worker->platform_issuers, &platform, arena,
                                     &result, answer->reasons))
        return;
    answer->platform[0] = span_text(result.issuer);
    answer->platform[1] = span_text(result.manufacturer);
    answer->platform[2] = span_text(result.model);
    answer->platform[3] = span_text(result.version);
    answer->platform[4] = span_text(result.serial);
}

static bool answer_enrol(struct worker *worker, struct span frame, struct arena *arena,
                         struct span *answer_frame, struct error *error)
{
    struct work_enrol request;
    struct work_enrol_answer answer = {.reasons = arena_new(arena, struct reasons)};
    struct endorsement_result result = {0};
    struct credential_blob *blob = arena_new(arena, struct credential_blob);
    struct endorsement_request endorsement;

    if (!work_enrol_decode(frame, &request, error))
        return false;
    if (!answer.reasons || !blob)
        return arena_error(arena, error);
    endorsement = (struct endorsement_request){
        .ek_public = request.ek_public,
        .ek_certificate = request.n_certificates ? request.certificates[0] : (struct span){0},
        .intermediates = request.certificates + 1,
        .n_intermediates = request.n_certificates ? request.n_certificates - 1 : 0,
        .ak_public = request.ak_public,
        .now_s = request.now_s,
    };
    answer.accepted = endorsement_check(worker->crypto, worker->trust, &endorsement, arena, &result,
                                        answer.reasons);
    if (answer.accepted) {
        struct span ak_name = span_of(result.ak_name, result.ak_name_len);

        if (!make_challenge(worker, &request, ak_name, blob, error))
            return false;
        answer.endorsement = result.endorsement;
        answer.host_id = span_of(result.host_id, sizeof result.host_id);
        answer.ak_name = ak_name;
        answer.issuer = span_text(result.issuer);
        answer.manufacturer = span_text(result.manufacturer);
        answer.model = span_text(result.model);
        answer.version = span_text(result.version);
        check_platform(worker, &request, result.endorsement, arena, &answer);
        answer.id_object = span_of(blob->id_object, blob->id_object_len);
        answer.secret = span_of(blob->secret, blob->secret_len);
    }
    return work_enrol_answer_encode(&answer, arena, answer_frame, error);
}

/* --- Appraisal --- */

/* The AK made ready, from the slot or anew; NULL leaves it to appraise, which then says why. */
static struct crypto_key *find_key(struct worker *worker, struct span ak_public)
{
    struct crypto_digest digest;
    struct key_slot *slot;
    struct tpm_public decoded;
    struct crypto_key *key;
    struct error error;

    crypto_hash_span(worker->crypto, TPM_ALG_SHA256, ak_public, &digest);
    slot = &worker->keys[(digest.bytes[0] | digest.bytes[1] << 8) % KEY_SLOTS];
    if (slot->key && span_equal(crypto_digest_span(&slot->ak_sha256), crypto_digest_span(&digest)))
        return slot->key;
    if (!tpm_public_decode(ak_public, &decoded, &error) ||
        !crypto_key_from_tpm(worker->crypto, &decoded, &key, &error))
        return NULL;
    crypto_key_free(slot->key);
    slot->key = key;
    slot->ak_sha256 = digest;
    return key;
}

static bool identity_spki(struct worker *worker, struct span public_area, struct arena *arena,
                          struct span *spki, struct error *error)
{
    struct tpm_public decoded;
    struct crypto_key *key;
    bool ok;

    if (!tpm_public_decode(public_area, &decoded, error) ||
        !crypto_key_from_tpm(worker->crypto, &decoded, &key, error))
        return false;
    ok = crypto_key_spki(key, arena, spki, error);
    crypto_key_free(key);
    return ok;
}

/* True when the host's AK signed this under this nonce, whatever it says: signature and nonce come
 * first in quote_verify, so these findings are only reached behind both. Anything else may be the
 * work of somebody else who asked for a challenge. */
static bool is_attributed(const struct appraisal *appraisal)
{
    static const enum reason_code BEHIND[] = {
        REASON_QUOTE_SELECTION,     REASON_QUOTE_BANK_WEAK, REASON_CLOCK_RESET_COUNT,
        REASON_CLOCK_RESTART_COUNT, REASON_CLOCK_TIME,      REASON_QUOTE_FIRMWARE_VERSION,
    };

    for (size_t i = 0; i < sizeof BEHIND / sizeof *BEHIND; i++)
        if (reasons_have(&appraisal->reasons, BEHIND[i]))
            return true;
    return appraisal->quote_verified;
}

/* What stays the same while a boot runs: the approved policy digest where there is one (it leaves
 * the IMA list's PCR out), else the quoted digest. */
static bool boot_digest(struct worker *worker, const struct appraisal *appraisal,
                        const struct outcome_approval *approval, struct arena *arena,
                        struct span *boot_sha256, struct error *error)
{
    struct crypto_digest *digest = arena_new(arena, struct crypto_digest);

    if (!digest)
        return arena_error(arena, error);
    crypto_hash_span(worker->crypto, TPM_ALG_SHA256,
                     approval->wanted ? span_of(approval->policy, sizeof approval->policy)
                                      : appraisal->quote.quote.pcr_digest,
                     digest);
    *boot_sha256 = crypto_digest_span(digest);
    return true;
}

/* Findings about the evidence count by their codes: what else they say decides nothing. */
static void digest_evidence(struct worker *worker, const struct appraisal *appraisal,
                            uint8_t evidence[CLAIM_DIGEST_LEN])
{
    uint8_t facts[2 + LIMIT_REASONS] = {appraisal->quote_verified, appraisal->logs_match};
    struct crypto_digest digest;

    _Static_assert(REASON_CODES <= UINT8_MAX, "a code fits a byte");
    for (size_t i = 0; i < appraisal->n_evidence_reasons; i++)
        facts[2 + i] = (uint8_t)appraisal->reasons.items[i].code;
    crypto_hash_span(worker->crypto, TPM_ALG_SHA256,
                     span_of(facts, 2 + appraisal->n_evidence_reasons), &digest);
    memcpy(evidence, digest.bytes, CLAIM_DIGEST_LEN);
}

static bool digest_claims(struct worker *worker, const struct appraisal *appraisal,
                          struct arena *arena, struct span *bytes, struct error *error)
{
    struct work_claims *claims = arena_new(arena, struct work_claims);
    uint8_t sources[64]; /* of lists that were not collected: logs and inventory */

    if (!claims)
        return arena_error(arena, error);
    memcpy(sources, appraisal->memory.logs_digest, 32);
    memcpy(sources + 32, appraisal->memory.inventory_digest, 32);
    memcpy(claims->basis, worker->basis.bytes, sizeof claims->basis);
    digest_evidence(worker, appraisal, claims->evidence);
    if (!claims_digest(worker->crypto, &appraisal->claims, appraisal->collected,
                       span_of(sources, sizeof sources), arena, claims->digests, error))
        return false;
    *bytes = span_of(claims, sizeof *claims);
    return true;
}

/* Hosts of one maker and model are a class: among them a finding is common or rare. */
static bool name_class(const struct claims *claims, struct arena *arena, struct span *name,
                       struct error *error)
{
    const struct claim *maker = &claims->claims[CLAIM_HARDWARE_MANUFACTURER];
    const struct claim *model = &claims->claims[CLAIM_HARDWARE_MODEL];
    const char *text = "";

    if (maker->known && model->known)
        text = arena_printf(arena, "%s %s", maker->text, model->text);
    if (!text)
        return arena_error(arena, error);
    *name = span_text(text);
    return true;
}

static bool fill_answer(struct worker *worker, const struct work_appraise *request,
                        const struct work_memory *known, const struct appraisal *appraisal,
                        struct arena *arena, struct work_appraise_answer *answer,
                        struct error *error)
{
    struct outcome outcome;
    struct work_memory memory;

    answer->verdict = appraisal->verdict;
    answer->quote_verified = appraisal->quote_verified;
    answer->logs_match = appraisal->logs_match;
    *answer->reasons = appraisal->reasons;
    answer->observed = appraisal->observed;
    answer->observed_verdict = appraisal->observed_verdict;
    answer->history = appraisal->history;
    outcome_decide(worker->crypto, appraisal, request->pcrs, &outcome);
    if (answer->steady && outcome_passes(appraisal->verdict) && appraisal->quote_verified)
        outcome.approval = known->approval; /* the same PCRs, so the same digest */
    answer->approval = outcome.approval;
    answer->attributed = is_attributed(appraisal);
    if (!boot_digest(worker, appraisal, &outcome.approval, arena, &answer->boot_sha256, error))
        return false;
    if (!answer->steady) {
        if (!digest_claims(worker, appraisal, arena, &answer->claims, error) ||
            !name_class(&appraisal->claims, arena, &answer->class_name, error))
            return false;
    }
    if (outcome.certificate.wanted && !identity_spki(worker, outcome.certificate.public_area, arena,
                                                     &answer->identity_spki, error))
        return false;
    if (!appraisal->memory.valid)
        return true;
    memory.appraise = appraisal->memory;
    memory.approval = outcome.approval;
    return work_memory_encode(&memory, arena, &answer->memory, error);
}

/* What the operator gave to hold hosts against. */
static void give_references(const struct worker *worker, const struct worker_catalog *catalog,
                            struct appraise_input *input)
{
    input->ima_certificates = worker->ima_certificates;
    input->revocations = worker->revocations;
    input->revocations_sha256 = crypto_digest_span(&worker->revocations_sha256);
    input->catalog = catalog->catalog;
    input->catalog_sha256 = catalog->sha256;
}

static bool answer_appraise(struct worker *worker, struct span frame, struct arena *arena,
                            struct span *answer_frame, struct error *error)
{
    struct work_appraise request;
    struct work_appraise_answer answer = {.applies = true,
                                          .reasons = arena_new(arena, struct reasons)};
    struct appraisal *appraisal = arena_new(arena, struct appraisal);
    struct work_memory known = {0};
    struct policy *policies[LIMIT_HOST_POLICIES];
    struct worker_catalog catalog;
    struct appraise_input input;
    struct error ignored;

    if (!work_appraise_decode(frame, arena, &request, error))
        return false;
    if (!appraisal || !answer.reasons)
        return arena_error(arena, error);
    /* Also what was remembered of a host holds under the same catalogue only. */
    answer.needs_sources = !worker_catalogs_find(&worker->catalogs, &request.catalog, os_now_s(),
                                                 &catalog);
    if (answer.needs_sources)
        return work_appraise_answer_encode(&answer, arena, answer_frame, error);
    input = (struct appraise_input){
        .evidence = request.evidence,
        .ak_public = request.ak_public,
        .ak = find_key(worker, request.ak_public),
        .nonce = request.nonce,
        .channel_bound = request.channel_bound,
        .channel_binding = request.channel_binding,
        .pcrs = request.pcrs,
        .identity_policy = request.identity_policy,
        .history = request.history,
        .endorsed = request.endorsed,
        .known_logs = request.known_logs,
        .n_known_logs = request.n_known_logs,
        .logs_hashed = request.logs_hashed,
        .policies = policies,
        .n_policies = request.policies.n_judging,
        .observed = policies + request.policies.n_judging,
        .n_observed = request.policies.n_items - request.policies.n_judging,
        .policy_claims_only = true, /* the answer holds reasons, no claims */
    };
    give_references(worker, &catalog, &input);
    if (request.memory.len && !work_memory_decode(request.memory, &known, &ignored))
        known = (struct work_memory){0}; /* another version's: the full way */
    if (known.appraise.valid && !appraise_steady(worker->crypto, &input, &known.appraise, arena,
                                                 appraisal, &answer.steady, error))
        return false;
    if (!answer.steady && request.steady_only) {
        answer.applies = false;
        return work_appraise_answer_encode(&answer, arena, answer_frame, error);
    }
    answer.needs_sources = !answer.steady &&
                           !worker_policies_find(&worker->policies, &request.policies, policies);
    if (answer.needs_sources)
        return work_appraise_answer_encode(&answer, arena, answer_frame, error);
    if (!answer.steady && !appraise(worker->crypto, &input, arena, appraisal, error))
        return false;
    return fill_answer(worker, &request, &known, appraisal, arena, &answer, error) &&
           work_appraise_answer_encode(&answer, arena, answer_frame, error);
}

/* --- Trials --- */

/* What a trial judges by. */
struct tried {
    struct policy *present[LIMIT_HOST_POLICIES], *draft[LIMIT_HOST_POLICIES];
    struct worker_catalog catalog, draft_catalog;
};

/* The draft's verdict: the one that was made beside the present one, where both go by the same claims
 * and the draft has a policy at all. */
static bool try_draft(struct worker *worker, const struct work_try *request,
                      const struct tried *tried, struct appraisal *appraisal, struct arena *arena,
                      struct work_try_answer *answer, struct error *error)
{
    if (!request->draft_catalog.given && appraisal->observed) {
        answer->draft = appraisal->observed_verdict;
        *answer->reasons = *appraisal->observed;
        return true;
    }
    return (!request->draft_catalog.given ||
            certification_collect(tried->draft_catalog.catalog, &appraisal->log, arena,
                                  &appraisal->claims, error)) &&
           appraise_under(worker->crypto, appraisal, tried->draft, request->draft.n_items, arena,
                          answer->reasons, &answer->draft, error);
}

static bool try_policies(struct worker *worker, const struct work_try *request,
                         const struct tried *tried, struct arena *arena,
                         struct work_try_answer *answer, struct error *error)
{
    struct appraisal *appraisal = arena_new(arena, struct appraisal);
    struct appraise_input input = {
        .evidence = request->evidence,
        .ak_public = request->ak_public,
        .ak = find_key(worker, request->ak_public),
        .pcrs = request->pcrs,
        .identity_policy = request->identity_policy,
        .endorsed = request->endorsed,
        .policies = tried->present,
        .n_policies = request->present.n_items,
        .observed = tried->draft,
        .n_observed = request->draft.n_items,
        .policy_claims_only = true,
    };

    if (!appraisal)
        return arena_error(arena, error);
    give_references(worker, &tried->catalog, &input);
    if (!appraise(worker->crypto, &input, arena, appraisal, error))
        return false;
    answer->present = appraisal->verdict;
    return try_draft(worker, request, tried, appraisal, arena, answer, error);
}

/* False when something is not known and came without its text. */
static bool find_tried(struct worker *worker, const struct work_try *request, struct tried *tried)
{
    return worker_policies_find(&worker->policies, &request->present, tried->present) &&
           worker_policies_find(&worker->policies, &request->draft, tried->draft) &&
           worker_catalogs_find(&worker->catalogs, &request->catalog, os_now_s(),
                                &tried->catalog) &&
           worker_catalogs_find_draft(&worker->catalogs, &request->draft_catalog,
                                      &tried->draft_catalog);
}

static bool answer_try(struct worker *worker, struct span frame, struct arena *arena,
                       struct span *answer_frame, struct error *error)
{
    struct work_try request;
    struct work_try_answer answer = {.reasons = arena_new(arena, struct reasons)};
    struct tried tried;

    if (!work_try_decode(frame, arena, &request, error))
        return false;
    if (!answer.reasons)
        return arena_error(arena, error);
    answer.needs_sources = !find_tried(worker, &request, &tried);
    if (!answer.needs_sources && !try_policies(worker, &request, &tried, arena, &answer, error))
        return false;
    return work_try_answer_encode(&answer, arena, answer_frame, error);
}

/* --- The loop --- */

static struct worker_examiner examiner_of(struct worker *worker)
{
    return (struct worker_examiner){
        .crypto = worker->crypto,
        .ima_certificates = worker->ima_certificates,
        .revocations = worker->revocations,
        .revocations_sha256 = crypto_digest_span(&worker->revocations_sha256),
        .catalogs = &worker->catalogs,
        .policies = &worker->policies,
    };
}

static bool answer(struct worker *worker, struct span frame, struct arena *arena,
                   struct span *answer_frame, struct error *error)
{
    struct worker_examiner examiner;

    switch (work_kind_of(frame)) {
    case WORK_CHECK:
        return answer_check(worker, frame, arena, answer_frame, error);
    case WORK_ENROL:
        return answer_enrol(worker, frame, arena, answer_frame, error);
    case WORK_APPRAISE:
        return answer_appraise(worker, frame, arena, answer_frame, error);
    case WORK_TRY:
        return answer_try(worker, frame, arena, answer_frame, error);
    case WORK_EXAMINE:
        examiner = examiner_of(worker);
        return worker_examine(&examiner, frame, arena, answer_frame, error);
    case WORK_DIFF:
        examiner = examiner_of(worker);
        return worker_diff(&examiner, frame, arena, answer_frame, error);
    case WORK_CATALOG:
        return worker_catalogs_check(&worker->catalogs, frame, arena, answer_frame, error);
    case WORK_NONE:
    case WORK_KINDS:
        break;
    }
    return error_plain(error, ERROR_MALFORMED, "not a request that a worker knows");
}

static bool serve_one(struct worker *worker, int channel, struct arena *arena, struct error *error)
{
    struct span frame, answer_frame;
    struct error refusal;

    if (!os_frame_receive(channel, WORKER_FRAME_LEN, OS_NO_DEADLINE, arena, &frame, error))
        return false;
    if (!answer(worker, frame, arena, &answer_frame, &refusal)) {
        /* No verdict, and the front is told so: an empty frame is no answer of any kind. */
        log_failure(LOG_LEVEL_WARNING, "worker.request", &refusal);
        answer_frame = (struct span){0};
    }
    return os_frame_send(channel, &answer_frame, 1, WORKER_FRAME_LEN, OS_NO_DEADLINE, error);
}

int worker_run(int control, int channel)
{
    static struct worker worker; /* large, one per process */
    struct arena arena;
    struct error error;

    if (!start(&worker, control, &error)) {
        log_failure(LOG_LEVEL_ERROR, "worker.start", &error);
        return 1;
    }
    arena = arena_init((size_t)conf_number(&worker.start.conf, CONF_SERVER_WORKER_MEMORY) * MIB);
    do
        arena_reset(&arena);
    while (serve_one(&worker, channel, &arena, &error));
    if (error.code == ERROR_NOT_FOUND)
        return 0;
    log_failure(LOG_LEVEL_ERROR, "worker.channel", &error);
    return 1;
}
