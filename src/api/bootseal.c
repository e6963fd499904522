/* The public face of the core: plain structures around one arena each.
 *
 * Owns what it hands out. Trusts no input. Never does work of its own: it calls appraise() and
 * replay_eventlog() like every program does, and translates. */
#include "bootseal.h"

#include <stdio.h>
#include <stdlib.h>

#include "appraise/appraise.h"

/* One appraisal holds its evidence's logs several times at most. */
enum { ARENA_SPARE = 64 * 1024 * 1024 };

struct appraisal_object {
    struct bootseal_appraisal public_part; /* first: the caller's pointer is ours */
    struct arena arena;
    struct appraisal appraisal;
    struct bootseal_finding findings[LIMIT_REASONS];
};

struct replay_object {
    struct bootseal_replay public_part; /* first */
    struct bootseal_bank banks[LIMIT_EVENTLOG_BANKS];
};

static struct span span_from(const struct bootseal_bytes *bytes)
{
    return span_of(bytes->data, bytes->len);
}

static enum bootseal_status say(enum bootseal_status status, const char *message, char *error,
                                size_t error_len)
{
    if (error_len)
        snprintf(error, error_len, "%s", message);
    return status;
}

static enum bootseal_status say_error(const struct error *failure, char *error, size_t error_len)
{
    char text[BOOTSEAL_ERROR_LEN];
    bool resources = failure->code == ERROR_MEMORY || failure->code == ERROR_CRYPTO;

    return say(resources ? BOOTSEAL_RESOURCES : BOOTSEAL_MALFORMED,
               error_print(failure, text, sizeof text), error, error_len);
}

const char *bootseal_version(void)
{
    return BOOTSEAL_VERSION;
}

static struct bootseal_finding finding_of(const struct reason *reason)
{
    return (struct bootseal_finding){
        .code = reason_code_text(reason->code),
        .weight = reason_weight_text(reason->weight),
        .title = reason_title(reason->code),
        .action = reason->action ? reason->action : reason_action(reason->code),
        .component = reason->component,
        .expected = reason->expected,
        .found = reason->found,
        .rule = reason->rule,
        .message = reason->message,
        .pcr = reason->pcr,
        .event = reason->event == REASON_NO_EVENT ? BOOTSEAL_NO_EVENT : (int64_t)reason->event,
    };
}

static enum bootseal_verdict verdict_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_TRUSTED:
        return BOOTSEAL_TRUSTED;
    case VERDICT_ATTENTION:
        return BOOTSEAL_ATTENTION;
    case VERDICT_UNTRUSTED:
        return BOOTSEAL_UNTRUSTED;
    case VERDICT_NONE:
    case VERDICT_UNKNOWN:
    case VERDICT_PENDING: /* enrolment's; no bundle gives it */
        break;
    }
    return BOOTSEAL_UNKNOWN;
}

static void publish(struct appraisal_object *object)
{
    const struct reasons *reasons = &object->appraisal.reasons;

    for (size_t i = 0; i < reasons->n_items; i++)
        object->findings[i] = finding_of(&reasons->items[i]);
    object->public_part = (struct bootseal_appraisal){
        .verdict = verdict_of(object->appraisal.verdict),
        .verdict_name = verdict_name(object->appraisal.verdict),
        .findings = object->findings,
        .n_findings = reasons->n_items,
    };
}

/* Texts of reasons may point into the input, which the caller keeps: so the object has a copy. */
static bool copy_input(struct appraisal_object *object, const struct bootseal_bytes *bytes,
                       struct span *copy)
{
    uint8_t *data = arena_alloc(&object->arena, bytes->len);

    if (data && bytes->len)
        memcpy(data, bytes->data, bytes->len);
    *copy = span_of(data, bytes->len);
    return data != NULL;
}

static enum bootseal_status appraise_into(struct appraisal_object *object, struct crypto *crypto,
                                          const struct bootseal_bytes *bundle,
                                          const struct bootseal_bytes *policy, char *error,
                                          size_t error_len)
{
    struct appraise_input input = {0};
    struct policy_position position;
    struct policy *compiled;
    struct error failure;
    char text[BOOTSEAL_ERROR_LEN];
    struct span policy_text;

    if (!copy_input(object, bundle, &input.evidence) || !copy_input(object, policy, &policy_text))
        return say(BOOTSEAL_RESOURCES, "no memory for the input", error, error_len);
    if (!policy_compile(&(struct policy_sources){.text = policy_text}, &object->arena, &compiled,
                        &position, &failure)) {
        snprintf(text, sizeof text, "policy, line %zu, column %zu: %s", position.line,
                 position.column, failure.message);
        return say(failure.code == ERROR_MEMORY ? BOOTSEAL_RESOURCES : BOOTSEAL_POLICY, text, error,
                   error_len);
    }
    input.policies = &compiled;
    input.n_policies = 1;
    if (!appraise(crypto, &input, &object->arena, &object->appraisal, &failure))
        return say_error(&failure, error, error_len);
    publish(object);
    return say(BOOTSEAL_OK, "", error, error_len);
}

enum bootseal_status bootseal_appraise(const struct bootseal_bytes *bundle,
                                       const struct bootseal_bytes *policy,
                                       struct bootseal_appraisal **appraisal, char *error,
                                       size_t error_len)
{
    struct appraisal_object *object;
    enum bootseal_status status;
    struct error failure;
    struct crypto *crypto;

    if (bundle->len > LIMIT_EVIDENCE_LEN)
        return say(BOOTSEAL_MALFORMED, "the bundle is over the size limit", error, error_len);
    if (policy->len > LIMIT_POLICY_LEN)
        return say(BOOTSEAL_POLICY, "the policy is over the size limit", error, error_len);
    object = calloc(1, sizeof *object);
    if (!object)
        return say(BOOTSEAL_RESOURCES, "no memory", error, error_len);
    object->arena = arena_init(bundle->len + (size_t)ARENA_SPARE);
    crypto = crypto_new(&failure);
    status = crypto ? appraise_into(object, crypto, bundle, policy, error, error_len)
                    : say_error(&failure, error, error_len);
    crypto_free(crypto);
    if (status != BOOTSEAL_OK) {
        bootseal_appraisal_free(&object->public_part);
        return status;
    }
    *appraisal = &object->public_part;
    return BOOTSEAL_OK;
}

void bootseal_appraisal_free(struct bootseal_appraisal *appraisal)
{
    struct appraisal_object *object = (struct appraisal_object *)appraisal;

    if (!object)
        return;
    arena_done(&object->arena);
    free(object);
}

static void publish_replay(struct replay_object *object, const struct replay *replay)
{
    for (size_t i = 0; i < replay->n_banks; i++) {
        const struct replay_bank *bank = &replay->banks[i];

        object->banks[i] = (struct bootseal_bank){.name = tpm_alg_name(bank->alg),
                                                  .digest_len = bank->digest_len,
                                                  .extended = bank->extended};
        memcpy(object->banks[i].pcrs, bank->pcrs, sizeof object->banks[i].pcrs);
    }
    object->public_part = (struct bootseal_replay){.banks = object->banks,
                                                   .n_banks = replay->n_banks};
}

enum bootseal_status bootseal_replay(const struct bootseal_bytes *log,
                                     struct bootseal_replay **replay, char *error, size_t error_len)
{
    struct crypto *crypto;
    struct replay_object *object;
    struct error failure = {0};
    struct replay replayed;
    bool done;

    crypto = crypto_new(&failure);
    if (!crypto)
        return say_error(&failure, error, error_len);
    done = replay_eventlog(crypto, span_from(log), 0, &replayed, &failure);
    crypto_free(crypto);
    if (!done)
        return say_error(&failure, error, error_len);
    object = calloc(1, sizeof *object);
    if (!object)
        return say(BOOTSEAL_RESOURCES, "no memory", error, error_len);
    publish_replay(object, &replayed);
    *replay = &object->public_part;
    return say(BOOTSEAL_OK, "", error, error_len);
}

void bootseal_replay_free(struct bootseal_replay *replay)
{
    free(replay);
}
