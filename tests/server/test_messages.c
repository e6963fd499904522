/* The processes' messages: what is encoded is decoded, and no cut or foreign message is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/host_memory.h"
#include "server/role.h"
#include "server/sign_message.h"
#include "server/work_examine.h"
#include "server/work_message.h"
#include "server/work_parts.h"

static struct arena arena;
static const uint8_t BYTES[96] = {1, 2, 3};

static int start(void **state)
{
    (void)state;
    arena = arena_init(256 * 1024 * 1024);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

typedef bool decode_fn(struct span message, struct error *error);

/* No prefix of a message, and no message with a byte more, is one. */
static void assert_whole(struct span message, decode_fn *decode)
{
    struct error error;
    uint8_t *longer = arena_alloc(&arena, message.len + 1);

    assert_true(decode(message, &error));
    for (size_t len = 0; len < message.len; len++)
        assert_false(decode(span_of(message.data, len), &error));
    memcpy(longer, message.data, message.len);
    assert_false(decode(span_of(longer, message.len + 1), &error));
}

static struct reasons *make_reasons(void)
{
    struct reasons *reasons = arena_new(&arena, struct reasons);

    reason_add(reasons, (struct reason){.code = REASON_POLICY_FAILED,
                                        .pcr = 7,
                                        .event = 12,
                                        .component = "shim",
                                        .expected = "a",
                                        .found = "b",
                                        .rule = "secure-boot"});
    reason_add_plain(reasons, REASON_QUOTE_NONCE, REASON_NO_PCR, NULL, "x");
    return reasons;
}

static bool decode_appraise(struct span message, struct error *error)
{
    struct work_appraise request;

    return work_appraise_decode(message, &arena, &request, error);
}

static const struct span TEXTS[] = {{(const uint8_t *)"values", 6}, {(const uint8_t *)"more", 4}};
static const struct work_policy POLICIES[] = {
    {.id = {1}},
    {.id = {2},
     .has_sources = true,
     .sources = {.text = {(const uint8_t *)"rules", 5},
                 .references = TEXTS,
                 .n_references = 2,
                 .updates = TEXTS,
                 .n_updates = 2,
                 .n_retiring = 1}},
};

static void assert_policies(const struct work_policies *policies)
{
    assert_int_equal(policies->n_items, 2);
    assert_int_equal(policies->n_judging, 1);
    assert_int_equal(policies->items[0].id[0], 1);
    assert_false(policies->items[0].has_sources);
    assert_true(policies->items[1].has_sources);
    assert_true(span_is(policies->items[1].sources.text, "rules"));
    assert_int_equal(policies->items[1].sources.n_references, 2);
    assert_true(span_is(policies->items[1].sources.references[1], "more"));
    assert_int_equal(policies->items[1].sources.n_updates, 2);
    assert_int_equal(policies->items[1].sources.n_retiring, 1);
}

static const struct work_catalog CATALOG = {.given = true,
                                            .has_text = true,
                                            .sha256 = {5},
                                            .text = {(const uint8_t *)"models", 6},
                                            .signature = {(const uint8_t *)"signed", 6}};

static struct work_catalog without_text(void)
{
    struct work_catalog catalog = CATALOG;

    catalog.has_text = false;
    return catalog;
}

static void assert_catalog(const struct work_catalog *catalog)
{
    assert_true(catalog->given && catalog->has_text);
    assert_int_equal(catalog->sha256[0], 5);
    assert_true(span_is(catalog->text, "models") && span_is(catalog->signature, "signed"));
}

/* Policies as work_write_policies writes them, with the one policy's array given as CBOR. */
static bool read_policy_of(struct span policy, struct error *error)
{
    struct reader reader;
    uint8_t message[128] = {0x82, 0, 0x81}; /* [0, [policy]] */

    assert_true(policy.len + 3 <= sizeof message);
    memcpy(message + 3, policy.data, policy.len);
    reader = reader_init(span_of(message, policy.len + 3), "policies", error);
    (void)work_read_policies(&reader, &arena);
    return reader_ok(&reader);
}

static void test_a_policy_is_its_id_and_perhaps_its_sources(void **state)
{
    static const uint8_t KNOWN[35] = {0x81, 0x58, 0x20};
    static const uint8_t NOTHING[1] = {0x80};
    static const uint8_t SHORT_ID[34] = {0x81, 0x58, 0x1F};
    static const uint8_t THREE[36] = {0x83, 0x58, 0x20};
    static const uint8_t NO_SOURCES[36] = {0x82, 0x58, 0x20};
    struct error error;

    (void)state;
    assert_true(read_policy_of(span_of(KNOWN, sizeof KNOWN), &error));
    assert_false(read_policy_of(span_of(NOTHING, sizeof NOTHING), &error));
    assert_false(read_policy_of(span_of(SHORT_ID, sizeof SHORT_ID), &error));
    assert_false(read_policy_of(span_of(THREE, sizeof THREE), &error));
    assert_false(read_policy_of(span_of(NO_SOURCES, sizeof NO_SOURCES), &error));
}

static bool read_catalog_of(struct span message, struct work_catalog *catalog, struct error *error)
{
    struct reader reader = reader_init(message, "catalogue", error);

    *catalog = work_read_catalog(&reader);
    return reader_end(&reader);
}

static void test_a_catalogue_is_its_digest_and_perhaps_its_text(void **state)
{
    static const uint8_t NONE[1] = {0x80};
    static const uint8_t KNOWN[35] = {0x81, 0x58, 0x20};
    static const uint8_t SHORT[34] = {0x81, 0x58, 0x1F};
    static const uint8_t NO_SIGNATURE[36] = {0x82, 0x58, 0x20, [35] = 0x40};
    static const uint8_t FOUR[38] = {0x84, 0x58, 0x20, [35] = 0x40, 0x40, 0x40};
    struct work_catalog catalog;
    struct error error;

    (void)state;
    assert_true(read_catalog_of(span_of(NONE, sizeof NONE), &catalog, &error));
    assert_false(catalog.given);
    assert_true(read_catalog_of(span_of(KNOWN, sizeof KNOWN), &catalog, &error));
    assert_true(catalog.given && !catalog.has_text);
    assert_false(read_catalog_of(span_of(SHORT, sizeof SHORT), &catalog, &error));
    assert_false(read_catalog_of(span_of(NO_SIGNATURE, sizeof NO_SIGNATURE), &catalog, &error));
    assert_false(read_catalog_of(span_of(FOUR, sizeof FOUR), &catalog, &error));
}

static bool decode_catalog_check(struct span message, struct error *error)
{
    struct work_catalog_check request;

    return work_catalog_check_decode(message, &request, error);
}

static bool decode_catalog_answer(struct span message, struct error *error)
{
    struct work_catalog_answer answer;

    return work_catalog_answer_decode(message, &answer, error);
}

static void test_catalog_check(void **state)
{
    const struct work_catalog_check request = {
        .text = span_text("models"), .signature = span_text("signed"), .is_draft = true};
    const struct work_catalog_answer answer = {.valid = true,
                                               .name = span_text("utrecht"),
                                               .version = 3,
                                               .issued_s = 1767225600,
                                               .valid_until_s = 1798761600,
                                               .n_models = 2,
                                               .signer = span_text("CN=maker"),
                                               .line = 4,
                                               .column = 5,
                                               .message = span_text("wrong")};
    struct work_catalog_check decoded;
    struct work_catalog_answer decoded_answer;
    struct span message;
    struct error error;

    (void)state;
    assert_true(work_catalog_check_encode(&request, &arena, &message, &error));
    assert_int_equal(work_kind_of(message), WORK_CATALOG);
    assert_true(work_catalog_check_decode(message, &decoded, &error));
    assert_true(span_is(decoded.text, "models") && decoded.is_draft);
    assert_whole(message, decode_catalog_check);
    assert_true(work_catalog_answer_encode(&answer, &arena, &message, &error));
    assert_true(work_catalog_answer_decode(message, &decoded_answer, &error));
    assert_true(span_is(decoded_answer.name, "utrecht") &&
                span_is(decoded_answer.signer, "CN=maker"));
    assert_int_equal(decoded_answer.version, 3);
    assert_int_equal(decoded_answer.valid_until_s, 1798761600);
    assert_int_equal(decoded_answer.column, 5);
    assert_whole(message, decode_catalog_answer);
}

static void test_appraise(void **state)
{
    struct work_appraise request = {
        .evidence = span_of(BYTES, 96),
        .ak_public = span_of(BYTES, 7),
        .nonce = span_of(BYTES, 32),
        .channel_bound = true,
        .channel_binding = span_of(BYTES, 32),
        .pcrs = 0xFFFF,
        .identity_policy = span_of(BYTES, 32),
        .history = {.known = true, .reset_count = 3, .clock_ms = UINT64_MAX},
        .endorsed.texts[ENDORSED_TPM_MANUFACTURER] = span_text("id:49465800"),
        .steady_only = true,
        .known_logs = {{span_of(BYTES, 32), span_of(BYTES, 50)}},
        .n_known_logs = 1,
        .logs_hashed = true,
        .policies = {POLICIES, 2, 1},
        .catalog = CATALOG,
    };
    struct work_appraise decoded;
    struct span message;
    struct error error;

    (void)state;
    assert_true(work_appraise_encode(&request, &arena, &message, &error));
    assert_int_equal(work_kind_of(message), WORK_APPRAISE);
    assert_true(work_appraise_decode(message, &arena, &decoded, &error));
    assert_true(span_equal(decoded.evidence, request.evidence));
    assert_true(decoded.history.known && decoded.history.clock_ms == UINT64_MAX);
    assert_true(decoded.logs_hashed);
    assert_policies(&decoded.policies);
    assert_catalog(&decoded.catalog);
    assert_true(span_is(decoded.endorsed.texts[ENDORSED_TPM_MANUFACTURER], "id:49465800"));
    assert_int_equal(decoded.n_known_logs, 1);
    assert_true(span_equal(decoded.known_logs[0].bytes, request.known_logs[0].bytes));
    assert_whole(message, decode_appraise);
}

static const uint8_t CLAIMS[sizeof(struct work_claims)];

static bool decode_appraise_answer(struct span message, struct error *error)
{
    struct work_appraise_answer answer;

    return work_appraise_answer_decode(message, &arena, &answer, error);
}

static void test_appraise_answer(void **state)
{
    struct work_appraise_answer answer = {
        .applies = true,
        .verdict = VERDICT_ATTENTION,
        .quote_verified = true,
        .attributed = true,
        .reasons = make_reasons(),
        .boot_sha256 = span_of(BYTES, 32),
        .identity_spki = span_of(BYTES, 91),
        .memory = span_of(BYTES, 20),
        .approval = {.wanted = true, .bank = TPM_ALG_SHA256, .pcrs = 0xFBFF, .policy = {9}},
        .observed = make_reasons(),
        .observed_verdict = VERDICT_UNTRUSTED,
        .claims = span_of(CLAIMS, sizeof CLAIMS),
        .class_name = span_text("Maker Model"),
    };
    struct work_appraise_answer decoded;
    struct span message;
    struct error error;

    (void)state;
    assert_true(work_appraise_answer_encode(&answer, &arena, &message, &error));
    assert_true(work_appraise_answer_decode(message, &arena, &decoded, &error));
    assert_int_equal(decoded.verdict, VERDICT_ATTENTION);
    assert_true(decoded.attributed && !decoded.logs_match);
    assert_int_equal(decoded.reasons->n_items, 2);
    assert_int_equal(decoded.reasons->items[0].pcr, 7);
    assert_string_equal(decoded.reasons->items[0].rule, "secure-boot");
    assert_int_equal(decoded.reasons->items[1].pcr, REASON_NO_PCR);
    assert_int_equal(decoded.reasons->items[1].event, REASON_NO_EVENT);
    assert_null(decoded.reasons->items[1].expected);
    assert_int_equal(decoded.observed->n_items, 2);
    assert_int_equal(decoded.observed_verdict, VERDICT_UNTRUSTED);
    assert_true(span_is(decoded.class_name, "Maker Model"));
    assert_memory_equal(&decoded.approval, &answer.approval, sizeof answer.approval);
    assert_whole(message, decode_appraise_answer);
}

static void test_answer_needs_the_measured_state(void **state)
{
    struct work_appraise_answer answer = {.applies = true,
                                          .attributed = true,
                                          .reasons = make_reasons(),
                                          .boot_sha256 = span_of(BYTES, 31)};
    struct work_appraise_answer decoded;
    struct span message;
    struct error error;

    (void)state;
    assert_true(work_appraise_answer_encode(&answer, &arena, &message, &error));
    assert_false(work_appraise_answer_decode(message, &arena, &decoded, &error));
    answer.boot_sha256.len = 32; /* and so has what a full appraisal was about */
    assert_true(work_appraise_answer_encode(&answer, &arena, &message, &error));
    assert_false(work_appraise_answer_decode(message, &arena, &decoded, &error));
    answer.steady = true;
    assert_true(work_appraise_answer_encode(&answer, &arena, &message, &error));
    assert_true(work_appraise_answer_decode(message, &arena, &decoded, &error));
    assert_null(decoded.observed);
}

static bool decode_enrol_answer(struct span message, struct error *error)
{
    struct work_enrol_answer answer;

    return work_enrol_answer_decode(message, &arena, &answer, error);
}

static bool decode_enrol(struct span message, struct error *error)
{
    struct work_enrol request;

    return work_enrol_decode(message, &request, error);
}

static void test_enrol(void **state)
{
    struct work_enrol request = {.now_s = 1800000000,
                                 .ek_public = span_of(BYTES, 90),
                                 .ak_public = span_of(BYTES, 80),
                                 .certificates = {span_of(BYTES, 10), span_of(BYTES, 11)},
                                 .n_certificates = 2,
                                 .credential = span_of(BYTES, 32),
                                 .platform_certificates = {span_of(BYTES, 12)},
                                 .n_platform_certificates = 1};
    struct work_enrol_answer answer = {.accepted = true,
                                       .endorsement = ENDORSEMENT_CHAIN,
                                       .host_id = span_of(BYTES, 32),
                                       .ak_name = span_of(BYTES, 34),
                                       .issuer = span_text("CN=TPM maker"),
                                       .platform = {span_text("CN=Acme"), span_text("Acme")},
                                       .reasons = make_reasons()};
    struct work_enrol decoded;
    struct work_enrol_answer decoded_answer;
    struct span message;
    struct error error;

    (void)state;
    assert_true(work_enrol_encode(&request, &arena, &message, &error));
    assert_true(work_enrol_decode(message, &decoded, &error));
    assert_int_equal(decoded.n_certificates, 2);
    assert_int_equal(decoded.certificates[1].len, 11);
    assert_int_equal(decoded.n_platform_certificates, 1);
    assert_int_equal(decoded.platform_certificates[0].len, 12);
    assert_whole(message, decode_enrol);
    assert_true(work_enrol_answer_encode(&answer, &arena, &message, &error));
    assert_whole(message, decode_enrol_answer);
    assert_true(work_enrol_answer_decode(message, &arena, &decoded_answer, &error));
    assert_true(span_is(decoded_answer.platform[1], "Acme"));
    assert_int_equal(decoded_answer.platform[4].len, 0);
    answer.host_id.len = 31;
    assert_true(work_enrol_answer_encode(&answer, &arena, &message, &error));
    assert_false(decode_enrol_answer(message, &error));
}

/* Who only was approved, or is on a list, has certificates that prove nothing. */
static void test_only_a_chain_endorses(void **state)
{
    static const int NOT[] = {ENDORSEMENT_NONE, ENDORSEMENT_REGISTERED, ENDORSEMENT_UNPROVEN};
    struct store_enrolment enrolment = {
        .endorsement = ENDORSEMENT_CHAIN,
        .issuer = "CN=TPM maker",
        .manufacturer = "id:49465800",
        .model = "SLB 9672",
        .platform = {"CN=Acme platforms", "Acme", "Anvil", "2", "4711", ""},
    };
    struct endorsed endorsed = work_endorsed(&enrolment);

    (void)state;
    assert_true(span_is(endorsed.texts[ENDORSED_EK_ISSUER], "CN=TPM maker"));
    assert_true(span_is(endorsed.texts[ENDORSED_TPM_MANUFACTURER], "id:49465800"));
    assert_true(span_is(endorsed.texts[ENDORSED_TPM_MODEL], "SLB 9672"));
    assert_true(span_is(endorsed.texts[ENDORSED_PLATFORM_ISSUER], "CN=Acme platforms"));
    assert_true(span_is(endorsed.texts[ENDORSED_PLATFORM_MANUFACTURER], "Acme"));
    assert_true(span_is(endorsed.texts[ENDORSED_PLATFORM_MODEL], "Anvil"));
    assert_true(span_is(endorsed.texts[ENDORSED_PLATFORM_VERSION], "2"));
    assert_true(span_is(endorsed.texts[ENDORSED_PLATFORM_SERIAL], "4711"));
    for (size_t i = 0; i < sizeof NOT / sizeof *NOT; i++) {
        enrolment.endorsement = NOT[i];
        endorsed = work_endorsed(&enrolment);
        for (int text = 0; text < ENDORSED_TEXTS; text++)
            assert_int_equal(endorsed.texts[text].len, 0);
    }
}

static bool decode_check(struct span message, struct error *error)
{
    struct work_check request;

    return work_check_decode(message, &arena, &request, error);
}

static bool decode_check_answer(struct span message, struct error *error)
{
    struct work_check_answer answer;

    return work_check_answer_decode(message, &answer, error);
}

static void test_check(void **state)
{
    struct work_check request = {.kind = STORE_DOCUMENT_POLICY, .sources = POLICIES[1].sources};
    struct work_check_answer answer = {
        .source = 1, .line = 3, .column = 7, .message = span_text("no")};
    struct span message;
    struct error error;

    (void)state;
    assert_true(work_check_encode(&request, &arena, &message, &error));
    assert_whole(message, decode_check);
    assert_true(work_check_answer_encode(&answer, &arena, &message, &error));
    assert_whole(message, decode_check_answer);
    /* One kind is never taken for another. */
    assert_false(decode_appraise(message, &error));
    assert_false(decode_enrol(message, &error));
    assert_int_equal(work_kind_of((struct span){0}), WORK_NONE);
}

static bool decode_try(struct span message, struct error *error)
{
    struct work_try request;

    return work_try_decode(message, &arena, &request, error);
}

static bool decode_try_answer(struct span message, struct error *error)
{
    struct work_try_answer answer;

    return work_try_answer_decode(message, &arena, &answer, error);
}

static void test_try(void **state)
{
    struct work_try request = {.evidence = span_of(BYTES, 96),
                               .ak_public = span_of(BYTES, 7),
                               .pcrs = 0xFF,
                               .present = {POLICIES, 2, 1},
                               .draft = {POLICIES + 1, 1, 1},
                               .catalog = without_text(),
                               .draft_catalog = CATALOG};
    struct work_try_answer answer = {
        .present = VERDICT_TRUSTED, .draft = VERDICT_UNTRUSTED, .reasons = make_reasons()};
    struct work_try decoded;
    struct work_try_answer decoded_answer;
    struct span message;
    struct error error;

    (void)state;
    assert_true(work_try_encode(&request, &arena, &message, &error));
    assert_int_equal(work_kind_of(message), WORK_TRY);
    assert_true(work_try_decode(message, &arena, &decoded, &error));
    assert_policies(&decoded.present);
    assert_int_equal(decoded.draft.n_items, 1);
    assert_true(decoded.catalog.given && !decoded.catalog.has_text);
    assert_catalog(&decoded.draft_catalog);
    assert_whole(message, decode_try);
    assert_true(work_try_answer_encode(&answer, &arena, &message, &error));
    assert_true(work_try_answer_decode(message, &arena, &decoded_answer, &error));
    assert_int_equal(decoded_answer.draft, VERDICT_UNTRUSTED);
    assert_int_equal(decoded_answer.reasons->n_items, 2);
    assert_whole(message, decode_try_answer);
    request.present.n_judging = 3; /* of two */
    assert_true(work_try_encode(&request, &arena, &message, &error));
    assert_false(decode_try(message, &error));
}

static bool decode_examine(struct span message, struct error *error)
{
    struct work_examine request;

    return work_examine_decode(message, &arena, &request, error);
}

static bool decode_diff(struct span message, struct error *error)
{
    struct work_diff request;

    return work_diff_decode(message, &request, error);
}

static bool decode_json(struct span message, struct error *error)
{
    struct span json;

    return work_json_decode(message, WORK_DIFF, &json, error);
}

static void test_examine_and_diff(void **state)
{
    const struct work_examine examine = {
        .evidence = span_of(BYTES, 96),
        .ak_public = span_of(BYTES, 7),
        .identity_policy = span_of(BYTES, 32),
        .endorsed.texts[ENDORSED_TPM_MANUFACTURER] = span_text("id:49465800"),
        .pcrs = 0xFF,
        .policies = {POLICIES, 2, 1},
        .catalog = CATALOG,
        .features = true};
    const struct work_diff diff = {
        .before = span_of(BYTES, 9), .after = span_of(BYTES, 8), .catalog = CATALOG};
    struct work_examine decoded_examine;
    struct work_diff decoded_diff;
    struct span message, json;
    struct error error;

    (void)state;
    assert_true(work_examine_encode(&examine, &arena, &message, &error));
    assert_int_equal(work_kind_of(message), WORK_EXAMINE);
    assert_true(work_examine_decode(message, &arena, &decoded_examine, &error));
    assert_int_equal(decoded_examine.evidence.len, 96);
    assert_true(span_is(decoded_examine.endorsed.texts[ENDORSED_TPM_MANUFACTURER], "id:49465800"));
    assert_policies(&decoded_examine.policies);
    assert_catalog(&decoded_examine.catalog);
    assert_true(decoded_examine.features);
    assert_whole(message, decode_examine);
    assert_false(decode_diff(message, &error));
    assert_true(work_diff_encode(&diff, &arena, &message, &error));
    assert_int_equal(work_kind_of(message), WORK_DIFF);
    assert_true(work_diff_decode(message, &decoded_diff, &error));
    assert_int_equal(decoded_diff.before.len, 9);
    assert_int_equal(decoded_diff.after.len, 8);
    assert_catalog(&decoded_diff.catalog);
    assert_whole(message, decode_diff);
    assert_true(work_json_encode(WORK_DIFF, span_text("{}"), &arena, &message, &error));
    assert_true(work_json_decode(message, WORK_DIFF, &json, &error));
    assert_true(span_is(json, "{}"));
    assert_whole(message, decode_json);
    assert_true(work_json_encode(WORK_EXAMINE, span_text("{}"), &arena, &message, &error));
    assert_false(decode_json(message, &error)); /* the answer to another question */
}

static bool decode_memory(struct span message, struct error *error)
{
    struct work_memory memory;

    return work_memory_decode(message, &memory, error);
}

static bool decode_host_memory(struct span message, struct error *error)
{
    struct host_memory memory;

    return message.len > 0 && host_memory_decode(message, &memory, error);
}

static void test_memories(void **state)
{
    struct work_memory work = {.appraise = {.valid = true,
                                            .pcrs = 0xFFFF,
                                            .bank = TPM_ALG_SHA256,
                                            .pcr_digest_len = 32,
                                            .verdict = VERDICT_TRUSTED}};
    struct host_memory host = {.policy_sha256 = span_of(BYTES, 32),
                               .identity_spki = span_of(BYTES, 91),
                               .approval = {.wanted = true, .bank = TPM_ALG_SHA256},
                               .approval_signature = span_of(BYTES, 72),
                               .certificate_serial = span_of(BYTES, 16),
                               .certificate_ends_s = 1800000000};
    struct host_memory decoded;
    uint8_t old[2048];
    struct span message;
    struct error error;

    (void)state;
    assert_true(work_memory_encode(&work, &arena, &message, &error));
    assert_whole(message, decode_memory);
    host.work = message;
    assert_true(host_memory_encode(&host, &arena, &message, &error));
    assert_true(host_memory_decode(message, &decoded, &error));
    assert_true(decoded.approval.wanted);
    assert_true(span_equal(decoded.work, host.work));
    assert_true(span_equal(decoded.certificate_serial, host.certificate_serial));
    assert_int_equal(decoded.certificate_ends_s, host.certificate_ends_s);
    assert_whole(message, decode_host_memory);
    /* One of an older service: without the last two of nine parts (a serial: 17 bytes, a time: 5). */
    memcpy(old, message.data, message.len - 22);
    old[0] = 0x87;
    assert_true(host_memory_decode(span_of(old, message.len - 22), &decoded, &error));
    assert_true(span_equal(decoded.work, host.work));
    assert_int_equal(decoded.certificate_serial.len, 0);
    assert_true(host_memory_decode((struct span){0}, &decoded, &error));
    assert_false(decoded.approval.wanted || decoded.work.len);
}

static bool decode_sign_request(struct span message, struct error *error)
{
    struct sign_request request;

    return sign_request_decode(message, &arena, &request, error);
}

static bool decode_sign_answer(struct span message, struct error *error)
{
    struct sign_answer answer;

    return sign_answer_decode(message, &answer, error);
}

static void test_signing(void **state)
{
    struct ca_revoked revoked[2] = {{.serial = {1}, .revoked_s = 5}, {.serial = {2}}};
    struct sign_request request = {.kind = SIGN_CRL,
                                   .host_id = span_of(BYTES, 32),
                                   .name = span_text("web-1"),
                                   .spki = span_of(BYTES, 91),
                                   .not_after_s = 1800000000,
                                   .revoked = revoked,
                                   .n_revoked = 2};
    struct sign_answer answer = {.done = true, .der = span_of(BYTES, 80), .not_after_s = 7};
    struct sign_request decoded;
    struct span message;
    struct error error;

    (void)state;
    assert_true(sign_request_encode(&request, &arena, &message, &error));
    assert_true(sign_request_decode(message, &arena, &decoded, &error));
    assert_int_equal(decoded.n_revoked, 2);
    assert_memory_equal(decoded.revoked[1].serial, revoked[1].serial, CA_SERIAL_LEN);
    assert_whole(message, decode_sign_request);
    assert_true(sign_answer_encode(&answer, &arena, &message, &error));
    assert_whole(message, decode_sign_answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_policy_is_its_id_and_perhaps_its_sources),
        cmocka_unit_test(test_a_catalogue_is_its_digest_and_perhaps_its_text),
        cmocka_unit_test(test_catalog_check),
        cmocka_unit_test(test_appraise),
        cmocka_unit_test(test_appraise_answer),
        cmocka_unit_test(test_answer_needs_the_measured_state),
        cmocka_unit_test(test_enrol),
        cmocka_unit_test(test_only_a_chain_endorses),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_try),
        cmocka_unit_test(test_examine_and_diff),
        cmocka_unit_test(test_memories),
        cmocka_unit_test(test_signing),
    };

    return cmocka_run_group_tests_name("server messages", tests, start, end);
}
