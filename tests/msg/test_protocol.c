#include "msg/protocol.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Every message is made, encoded, decoded, compared, and then its bytes are spoilt. */

static const uint8_t BYTES[64] = {1, 2, 3, 4, 5, 6, 7, 8};

enum { ARENA_LEN = 1 << 20 };

static struct challenge a_challenge(void)
{
    return (struct challenge){.nonce = span_of(BYTES, 32),
                              .bank = TPM_ALG_SHA256,
                              .pcrs = 0xFFFF,
                              .policy_key = span_of(BYTES, 40),
                              .policy_ref = span_of(BYTES, 32)};
}

static struct span encode_enrol_request(struct arena *arena)
{
    static struct evidence_item items[] = {
        {.name = {(const uint8_t *)"os.name", 7}, .value = {(const uint8_t *)"Debian", 6}},
        {.name = {(const uint8_t *)"boot", 4}, .value = {(const uint8_t *)"", 0}},
    };
    struct enrol_request request = {.name = span_text("host.example"),
                                    .ek_public = span_of(BYTES, 10),
                                    .certificates = {span_of(BYTES, 30), span_of(BYTES, 31)},
                                    .n_certificates = 2,
                                    .ak_public = span_of(BYTES, 11),
                                    .inventory = items,
                                    .n_inventory = 2};
    struct error error;
    struct span bytes;

    assert_true(enrol_request_encode(&request, arena, &bytes, &error));
    return bytes;
}

/* The same from a host with platform certificates. */
static struct span encode_platform_request(struct arena *arena)
{
    struct enrol_request request = {
        .name = span_text("host.example"),
        .ek_public = span_of(BYTES, 10),
        .ak_public = span_of(BYTES, 11),
        .platform_certificates = {span_of(BYTES, 20), span_of(BYTES, 21)},
        .n_platform_certificates = 2,
    };
    struct error error;
    struct span bytes;

    assert_true(enrol_request_encode(&request, arena, &bytes, &error));
    return bytes;
}

static bool decode_enrol_request(struct span bytes, struct arena *arena, struct error *error)
{
    struct enrol_request request;

    return enrol_request_decode(bytes, arena, &request, error);
}

static struct span encode_enrol_answer(struct arena *arena)
{
    struct enrol_answer answer = {.attempt_id = span_of(BYTES, 16),
                                  .id_object = span_of(BYTES, 50),
                                  .secret = span_of(BYTES, 64)};
    struct error error;
    struct span bytes;

    assert_true(enrol_answer_encode(&answer, arena, &bytes, &error));
    return bytes;
}

static bool decode_enrol_answer(struct span bytes, struct arena *arena, struct error *error)
{
    struct enrol_answer answer;

    (void)arena;
    return enrol_answer_decode(bytes, &answer, error);
}

static struct span encode_activate_request(struct arena *arena)
{
    struct activate_request request = {.attempt_id = span_of(BYTES, 16),
                                       .credential = span_of(BYTES, 32)};
    struct error error;
    struct span bytes;

    assert_true(activate_request_encode(&request, arena, &bytes, &error));
    return bytes;
}

static bool decode_activate_request(struct span bytes, struct arena *arena, struct error *error)
{
    struct activate_request request;

    (void)arena;
    return activate_request_decode(bytes, &request, error);
}

static struct span encode_activate_answer(struct arena *arena)
{
    struct activate_answer answer = {.host_id = span_of(BYTES, 32),
                                     .state = ENROLMENT_STATE_PENDING,
                                     .challenge = a_challenge(),
                                     .ca_certificate = span_of(BYTES, 60)};
    struct error error;
    struct span bytes;

    assert_true(activate_answer_encode(&answer, arena, &bytes, &error));
    return bytes;
}

static bool decode_activate_answer(struct span bytes, struct arena *arena, struct error *error)
{
    struct activate_answer answer;

    (void)arena;
    return activate_answer_decode(bytes, &answer, error);
}

static struct span encode_challenge_request(struct arena *arena)
{
    struct challenge_request request = {.host_id = span_of(BYTES, 32)};
    struct error error;
    struct span bytes;

    assert_true(challenge_request_encode(&request, arena, &bytes, &error));
    return bytes;
}

static bool decode_challenge_request(struct span bytes, struct arena *arena, struct error *error)
{
    struct challenge_request request;

    (void)arena;
    return challenge_request_decode(bytes, &request, error);
}

static struct span encode_challenge(struct arena *arena)
{
    struct challenge challenge = a_challenge();
    struct error error;
    struct span bytes;

    assert_true(challenge_encode(&challenge, arena, &bytes, &error));
    return bytes;
}

static bool decode_challenge(struct span bytes, struct arena *arena, struct error *error)
{
    struct challenge challenge;

    (void)arena;
    return challenge_decode(bytes, &challenge, error);
}

static struct attest_answer an_attest_answer(void)
{
    static struct attest_reason reasons[] = {
        {.code = {(const uint8_t *)"log.pcr", 7}, .text = {(const uint8_t *)"PCR 4 differs", 13}},
    };

    return (struct attest_answer){.verdict = VERDICT_ATTENTION,
                                  .ends_s = 1800000000,
                                  .challenge = a_challenge(),
                                  .reasons = reasons,
                                  .n_reasons = 1,
                                  .certificates = {span_of(BYTES, 20)},
                                  .n_certificates = 1,
                                  .approval = {.bank = TPM_ALG_SHA256,
                                               .pcrs = 0xFBFF,
                                               .policy = span_of(BYTES, 32),
                                               .signature = span_of(BYTES, 60)},
                                  .send_logs = true,
                                  .verdict_id = span_text("v-1")};
}

static struct span encode_attest_answer(struct arena *arena)
{
    struct attest_answer answer = an_attest_answer();
    struct error error;
    struct span bytes;

    assert_true(attest_answer_encode(&answer, arena, &bytes, &error));
    return bytes;
}

static bool decode_attest_answer(struct span bytes, struct arena *arena, struct error *error)
{
    struct attest_answer answer;

    return attest_answer_decode(bytes, arena, &answer, error);
}

static const struct message {
    struct span (*encode)(struct arena *arena);
    bool (*decode)(struct span bytes, struct arena *arena, struct error *error);
} MESSAGES[] = {
    {encode_enrol_request, decode_enrol_request},
    {encode_platform_request, decode_enrol_request},
    {encode_enrol_answer, decode_enrol_answer},
    {encode_activate_request, decode_activate_request},
    {encode_activate_answer, decode_activate_answer},
    {encode_challenge_request, decode_challenge_request},
    {encode_challenge, decode_challenge},
    {encode_attest_answer, decode_attest_answer},
};

enum { N_MESSAGES = sizeof MESSAGES / sizeof *MESSAGES };

static void what_is_encoded_decodes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MESSAGES; i++) {
        struct arena arena = arena_init(ARENA_LEN);
        struct error error;

        assert_true(MESSAGES[i].decode(MESSAGES[i].encode(&arena), &arena, &error));
        arena_done(&arena);
    }
}

static void a_message_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MESSAGES; i++) {
        struct arena arena = arena_init(ARENA_LEN);
        struct span whole = MESSAGES[i].encode(&arena);

        for (size_t len = 0; len < whole.len; len++) {
            struct error error = {0};
            assert_false(MESSAGES[i].decode(span_of(whole.data, len), &arena, &error));
            assert_int_not_equal(error.code, ERROR_NONE);
        }
        arena_done(&arena);
    }
}

static void one_byte_too_many_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MESSAGES; i++) {
        struct arena arena = arena_init(ARENA_LEN);
        struct span whole = MESSAGES[i].encode(&arena);
        uint8_t *longer = arena_alloc(&arena, whole.len + 1);
        struct error error = {0};

        memcpy(longer, whole.data, whole.len);
        assert_false(MESSAGES[i].decode(span_of(longer, whole.len + 1), &arena, &error));
        assert_int_equal(error.code, ERROR_TRAILING);
        arena_done(&arena);
    }
}

/* The outermost map's head is the first byte: 0xA0 + number of pairs; keys follow in order. */
static void an_unknown_key_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_MESSAGES; i++) {
        struct arena arena = arena_init(ARENA_LEN);
        struct span whole = MESSAGES[i].encode(&arena);
        uint8_t *longer = arena_alloc(&arena, whole.len + 2);
        struct error error = {0};

        memcpy(longer, whole.data, whole.len);
        longer[0]++;
        longer[whole.len] = 0x17; /* key 23 */
        longer[whole.len + 1] = 0x00;
        assert_false(MESSAGES[i].decode(span_of(longer, whole.len + 2), &arena, &error));
        assert_int_equal(error.code, ERROR_MALFORMED);
        arena_done(&arena);
    }
}

static void a_missing_key_is_refused_by_number(void **state)
{
    static const uint8_t EMPTY_MAP[] = {0xA0};

    (void)state;
    for (size_t i = 0; i < N_MESSAGES; i++) {
        struct arena arena = arena_init(ARENA_LEN);
        struct error error = {0};

        assert_false(MESSAGES[i].decode(span_of(EMPTY_MAP, 1), &arena, &error));
        assert_int_equal(error.code, ERROR_MALFORMED);
        assert_string_equal(error.message, "key 1 is missing");
        arena_done(&arena);
    }
}

static void a_message_over_the_limit_is_refused_unread(void **state)
{
    static uint8_t long_message[LIMIT_MESSAGE_LEN + 1];

    (void)state;
    for (size_t i = 0; i < N_MESSAGES; i++) {
        struct arena arena = arena_init(ARENA_LEN);
        struct error error = {0};

        assert_false(
            MESSAGES[i].decode(span_of(long_message, sizeof long_message), &arena, &error));
        assert_int_equal(error.code, ERROR_LIMIT);
        arena_done(&arena);
    }
}

static void an_enrol_request_arrives_as_sent(void **state)
{
    struct arena arena = arena_init(ARENA_LEN);
    struct enrol_request request;
    struct error error;

    (void)state;
    assert_true(enrol_request_decode(encode_enrol_request(&arena), &arena, &request, &error));
    assert_true(span_is(request.name, "host.example"));
    assert_true(span_equal(request.ek_public, span_of(BYTES, 10)));
    assert_true(span_equal(request.ak_public, span_of(BYTES, 11)));
    assert_int_equal(request.n_certificates, 2);
    assert_true(span_equal(request.certificates[1], span_of(BYTES, 31)));
    assert_int_equal(request.n_inventory, 2);
    assert_true(span_is(request.inventory[0].name, "boot")); /* sorted: shorter first */
    assert_true(span_is(request.inventory[1].value, "Debian"));
    arena_done(&arena);
}

static void platform_certificates_arrive_as_sent(void **state)
{
    struct arena arena = arena_init(ARENA_LEN);
    struct enrol_request request = {0};
    struct span bytes = encode_platform_request(&arena);
    struct error error;

    (void)state;
    assert_true(enrol_request_decode(encode_enrol_request(&arena), &arena, &request, &error));
    assert_int_equal(request.n_platform_certificates, 0);
    assert_true(enrol_request_decode(bytes, &arena, &request, &error));
    assert_int_equal(request.n_platform_certificates, 2);
    assert_true(span_equal(request.platform_certificates[1], span_of(BYTES, 21)));
    /* too many, too long, none: the host that has none leaves the key out */
    request.n_platform_certificates = LIMIT_PLATFORM_CERTIFICATES + 1;
    assert_false(enrol_request_encode(&request, &arena, &bytes, &error));
    request.n_platform_certificates = 2;
    request.platform_certificates[1].len = LIMIT_PLATFORM_CERTIFICATE_LEN + 1;
    assert_false(enrol_request_encode(&request, &arena, &bytes, &error));
    request.platform_certificates[1].len = 0;
    assert_false(enrol_request_encode(&request, &arena, &bytes, &error));
    request.n_platform_certificates = 1;
    request.platform_certificates[0].len = 1;
    assert_true(enrol_request_encode(&request, &arena, &bytes, &error));
    ((uint8_t *)bytes.data)[bytes.len - 3] = 0x80; /* an array of none */
    bytes.len -= 2;
    assert_false(enrol_request_decode(bytes, &arena, &request, &error));
    assert_non_null(strstr(error.message, "no platform certificate"));
    arena_done(&arena);
}

static void an_inventory_is_kept_as_said(void **state)
{
    char long_text[LIMIT_INVENTORY_TEXT_LEN + 1];
    struct evidence_item items[] = {{span_text("os.name"), span_text("Acme")},
                                    {span_text("boot"), span_text("1")}};
    struct evidence_item *found;
    struct arena arena = arena_init(ARENA_LEN);
    struct span bytes;
    struct error error;
    size_t n_found;

    (void)state;
    assert_true(inventory_encode(items, 2, &arena, &bytes, &error));
    assert_true(inventory_decode(bytes, &arena, &found, &n_found, &error));
    assert_int_equal(n_found, 2);
    assert_true(span_is(found[0].name, "boot") && span_is(found[1].value, "Acme"));
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(inventory_decode(span_of(bytes.data, len), &arena, &found, &n_found, &error));
    items[0].name = items[1].name; /* twice the same */
    assert_false(inventory_encode(items, 2, &arena, &bytes, &error));
    memset(long_text, 'x', sizeof long_text);
    items[0] = (struct evidence_item){span_text("os.name"), span_of(long_text, sizeof long_text)};
    assert_false(inventory_encode(items, 2, &arena, &bytes, &error));
    arena_done(&arena);
}

static void an_attest_answer_arrives_as_sent(void **state)
{
    struct arena arena = arena_init(ARENA_LEN);
    struct attest_answer sent = an_attest_answer(), answer;
    struct error error;

    (void)state;
    assert_true(attest_answer_decode(encode_attest_answer(&arena), &arena, &answer, &error));
    assert_int_equal(answer.verdict, VERDICT_ATTENTION);
    assert_int_equal(answer.ends_s, 1800000000);
    assert_true(span_equal(answer.challenge.nonce, sent.challenge.nonce));
    assert_int_equal(answer.challenge.bank, TPM_ALG_SHA256);
    assert_int_equal(answer.challenge.pcrs, 0xFFFF);
    assert_int_equal(answer.n_reasons, 1);
    assert_true(span_is(answer.reasons[0].text, "PCR 4 differs"));
    assert_int_equal(answer.n_certificates, 1);
    assert_int_equal(answer.approval.pcrs, 0xFBFF);
    assert_true(span_equal(answer.approval.signature, sent.approval.signature));
    assert_true(answer.send_logs);
    assert_true(span_is(answer.verdict_id, "v-1"));
    arena_done(&arena);
}

static void a_bare_answer_has_no_credential(void **state)
{
    struct arena arena = arena_init(ARENA_LEN);
    struct attest_answer sent = {.verdict = VERDICT_UNTRUSTED, .challenge = a_challenge()}, answer;
    struct error error;
    struct span bytes;

    (void)state;
    assert_true(attest_answer_encode(&sent, &arena, &bytes, &error));
    assert_true(attest_answer_decode(bytes, &arena, &answer, &error));
    assert_int_equal(answer.verdict, VERDICT_UNTRUSTED);
    assert_int_equal(answer.n_certificates, 0);
    assert_int_equal(answer.approval.signature.len, 0);
    assert_false(answer.send_logs);
    arena_done(&arena);
}

static void what_the_protocol_does_not_allow_is_never_sent(void **state)
{
    struct arena arena = arena_init(ARENA_LEN);
    struct attest_answer no_verdict = {.challenge = a_challenge()};
    struct attest_answer short_policy = an_attest_answer();
    struct challenge short_nonce = a_challenge();
    struct challenge_request no_id = {0};
    struct error error;
    struct span bytes;

    (void)state;
    short_policy.approval.policy.len--;
    short_nonce.nonce.len--;
    assert_false(attest_answer_encode(&no_verdict, &arena, &bytes, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_false(attest_answer_encode(&short_policy, &arena, &bytes, &error));
    assert_false(challenge_encode(&short_nonce, &arena, &bytes, &error));
    assert_false(challenge_request_encode(&no_id, &arena, &bytes, &error));
    arena_done(&arena);
}

static void sizes_and_words_are_those_of_the_protocol(void **state)
{
    static const uint8_t SHORT_HOST_ID[] = {0xA1, 0x01, 0x41, 0x00};
    struct arena arena = arena_init(ARENA_LEN);
    struct span answer = encode_attest_answer(&arena);
    uint8_t *spoilt = arena_alloc(&arena, answer.len);
    struct challenge_request request;
    struct attest_answer decoded;
    struct error error;

    (void)state;
    assert_false(challenge_request_decode(span_of(SHORT_HOST_ID, 4), &request, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    memcpy(spoilt, answer.data, answer.len);
    spoilt[3] = 'A'; /* "Attention": verdicts are lower case */
    assert_false(attest_answer_decode(span_of(spoilt, answer.len), &arena, &decoded, &error));
    assert_string_equal(error.message, "unknown verdict");
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_decodes),
        cmocka_unit_test(a_message_cut_anywhere_is_refused),
        cmocka_unit_test(one_byte_too_many_is_refused),
        cmocka_unit_test(an_unknown_key_is_refused),
        cmocka_unit_test(a_missing_key_is_refused_by_number),
        cmocka_unit_test(a_message_over_the_limit_is_refused_unread),
        cmocka_unit_test(an_enrol_request_arrives_as_sent),
        cmocka_unit_test(platform_certificates_arrive_as_sent),
        cmocka_unit_test(an_inventory_is_kept_as_said),
        cmocka_unit_test(an_attest_answer_arrives_as_sent),
        cmocka_unit_test(a_bare_answer_has_no_credential),
        cmocka_unit_test(what_the_protocol_does_not_allow_is_never_sent),
        cmocka_unit_test(sizes_and_words_are_those_of_the_protocol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
