/* Every attack by itself: the honest host of the other tests with one thing wrong, and the reason
 * that must be among those given. "Lying host" signs what it sends; "in between" changes evidence
 * after it was signed. */
#include "appraise_fixture.h"

#include "wire/event_type.h"
#include "wire/eventlog.h"

enum { EVENTS_MAX = 256 };

/* Where the events of a log stand. */
struct index {
    struct eventlog_event events[EVENTS_MAX];
    size_t n_events;
    struct span log;
};

static struct index index_of(struct span bytes)
{
    struct index index = {.log = bytes};
    struct eventlog log;
    struct error error;

    assert_true(eventlog_open(&log, bytes, &error));
    while (index.n_events < EVENTS_MAX &&
           eventlog_next(&log, &index.events[index.n_events]) == EVENTLOG_EVENT)
        index.n_events++;
    assert_in_range(index.n_events, 10, EVENTS_MAX - 1);
    return index;
}

static struct span event_bytes(const struct index *index, size_t i)
{
    const struct eventlog_event *event = &index->events[i];
    size_t end = event->data_offset + event->data.len;

    return span_of(index->log.data + event->offset, end - event->offset);
}

static bool is_measured(const struct index *index, size_t i)
{
    return i > 0 && index->events[i].type != EV_NO_ACTION;
}

/* Sends the log's parts one after the other, named and signed by a lying host. */
static struct span lie(struct fixture *fixture, const struct span *parts, size_t n_parts)
{
    struct soft_host *host = &fixture->host;
    uint8_t *bytes = arena_alloc(&host->arena, 1 << 20);
    size_t len = 0;

    for (size_t i = 0; i < n_parts; i++) {
        memcpy(bytes + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    soft_host_send(host, EVIDENCE_LOG_TCG, span_of(bytes, len));
    return soft_host_attest(host);
}

static struct span before(const struct index *index, size_t i)
{
    return span_of(index->log.data, index->events[i].offset);
}

static struct span after(const struct index *index, size_t i)
{
    size_t end = index->events[i].offset + event_bytes(index, i).len;

    return span_of(index->log.data + end, index->log.len - end);
}

static void test_log_edited_in_between(void **state)
{
    struct fixture *fixture = *state;
    struct span evidence = soft_host_attest(&fixture->host);
    struct span log = fixture->host.evidence.logs[0].bytes;
    uint8_t *bytes = soft_host_copy(&fixture->host, evidence);
    const uint8_t *found = memmem(bytes, evidence.len, log.data, log.len);
    size_t start = (size_t)(found - bytes);

    assert_non_null(found);
    for (size_t at = start; at < start + log.len; at++) {
        bytes[at] ^= (uint8_t)(1u << (at % 8));
        expect_verdict(fixture, span_of(bytes, evidence.len), VERDICT_UNTRUSTED,
                       REASON_EVIDENCE_BINDING_MISMATCH);
        bytes[at] ^= (uint8_t)(1u << (at % 8));
    }
    expect_verdict(fixture, span_of(bytes, evidence.len), VERDICT_TRUSTED, REASON_NONE);
}

/* A byte that no event's digest covers can be told from the true one by the log's digest alone:
 * here, or by the caller where he says so. */
static void test_edit_that_no_event_shows(void **state)
{
    struct fixture *fixture = *state;
    struct evidence_log *log = &fixture->host.evidence.logs[0];
    const struct index index = index_of(log->bytes);
    size_t image = 0;
    uint8_t *edited = soft_host_copy(&fixture->host, log->bytes);

    while (index.events[image].type != EV_EFI_BOOT_SERVICES_APPLICATION)
        image++;
    edited[index.events[image].data_offset] ^= 1; /* where the image was loaded to */
    log->bytes.data = edited;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_EVIDENCE_BINDING_MISMATCH);
    fixture->input.logs_hashed = true;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
}

static void test_events_removed_added_reordered(void **state)
{
    struct fixture *fixture = *state;
    const struct index index = index_of(fixture->host.booted_tcg);

    for (size_t i = 1; i < index.n_events; i++) {
        struct span event = event_bytes(&index, i);

        if (!is_measured(&index, i))
            continue;
        expect_verdict(fixture,
                       lie(fixture, (struct span[]){before(&index, i), after(&index, i)}, 2),
                       VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
        expect_verdict(
            fixture,
            lie(fixture, (struct span[]){before(&index, i), event, event, after(&index, i)}, 4),
            VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
        if (i + 1 < index.n_events && index.events[i + 1].pcr == index.events[i].pcr &&
            !span_equal(index.events[i].digests[0].bytes, index.events[i + 1].digests[0].bytes))
            expect_verdict(fixture,
                           lie(fixture,
                               (struct span[]){before(&index, i), event_bytes(&index, i + 1), event,
                                               after(&index, i + 1)},
                               4),
                           VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
    }
}

/* A digest changed by a lying host, in each event; then a PCR index. */
static void test_digests_and_pcrs_changed(void **state)
{
    struct fixture *fixture = *state;
    const struct index index = index_of(fixture->host.booted_tcg);

    for (size_t i = 1; i < index.n_events; i++) {
        uint8_t *bytes = soft_host_copy(&fixture->host, index.log);
        size_t digest = (size_t)(index.events[i].digests[0].bytes.data - index.log.data);

        if (!is_measured(&index, i))
            continue;
        bytes[digest] ^= 0x80;
        expect_verdict(fixture, lie(fixture, (struct span[]){span_of(bytes, index.log.len)}, 1),
                       VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
        bytes[digest] ^= 0x80;
        bytes[index.events[i].offset] ^= 1;
        expect_verdict(fixture, lie(fixture, (struct span[]){span_of(bytes, index.log.len)}, 1),
                       VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
    }
}

/* The replay of a relabelled event is right: only the place tells that its type is not. */
static void test_event_type_changed(void **state)
{
    struct fixture *fixture = *state;
    const struct index index = index_of(fixture->host.booted_tcg);
    size_t n_tried = 0;

    for (size_t i = 1; i < index.n_events; i++) {
        uint8_t *bytes = soft_host_copy(&fixture->host, index.log);
        uint8_t *type = bytes + index.events[i].offset + 4;

        if (index.events[i].pcr != 7 || index.events[i].type != EV_EFI_VARIABLE_DRIVER_CONFIG)
            continue;
        n_tried++;
        type[0] = EV_IPL & 0xFF;
        type[1] = type[2] = type[3] = 0;
        expect_verdict(fixture, lie(fixture, (struct span[]){span_of(bytes, index.log.len)}, 1),
                       VERDICT_UNTRUSTED, REASON_EVENTLOG_TYPE_UNEXPECTED);
        type[0] = EV_NO_ACTION;
        expect_verdict(fixture, lie(fixture, (struct span[]){span_of(bytes, index.log.len)}, 1),
                       VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
    }
    assert_in_range(n_tried, 4, 10);
}

/* Secure Boot's variable said to be on in data that its digest does not cover. */
static void test_event_data_changed(void **state)
{
    struct fixture *fixture = *state;
    const struct index index = index_of(fixture->host.booted_tcg);
    size_t n_tried = 0;

    for (size_t i = 1; i < index.n_events; i++) {
        uint8_t *bytes = soft_host_copy(&fixture->host, index.log);
        size_t last = index.events[i].data_offset + index.events[i].data.len - 1;

        if (index.events[i].type != EV_EFI_VARIABLE_DRIVER_CONFIG)
            continue;
        n_tried++;
        bytes[last] ^= 1;
        expect_verdict(fixture, lie(fixture, (struct span[]){span_of(bytes, index.log.len)}, 1),
                       VERDICT_UNTRUSTED, REASON_EVENTLOG_DATA_MISMATCH);
    }
    assert_in_range(n_tried, 4, 10);
}

/* One event carries a SHA-1 digest only, while the SHA-256 bank is quoted. */
static void test_digest_for_one_bank_only(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct index index;
    struct span event;
    uint8_t *changed;
    size_t sha1_end;

    (void)state;
    fixture_init(fixture, "secure-boot-3-banks", TPM_ALG_ECC, TPM_ALG_SHA256);
    index = index_of(fixture->host.booted_tcg);
    event = event_bytes(&index, 3);
    assert_int_equal(index.events[3].digests[0].alg, TPM_ALG_SHA1);
    sha1_end = 12 + 2 + 20;
    changed = soft_host_copy(&fixture->host, span_of(event.data, sha1_end));
    changed[8] = 1; /* one digest */
    expect_verdict(fixture,
                   lie(fixture,
                       (struct span[]){before(&index, 3), span_of(changed, sha1_end),
                                       span_of(index.log.data + index.events[3].data_offset - 4,
                                               index.events[3].data.len + 4),
                                       after(&index, 3)},
                       4),
                   VERDICT_UNTRUSTED, REASON_EVENTLOG_BANK_MISSING);
    fixture_done(fixture);
    free(fixture);
}

/* The log carries SHA-256 only, the quote is over SHA-384. */
static void test_log_without_the_quoted_bank(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct soft_host *host = &fixture->host;

    (void)state;
    fixture_init(fixture, "secure-boot-3-banks", TPM_ALG_ECC, TPM_ALG_SHA384);
    fixture_appraise(fixture, soft_host_attest(host));
    assert_true(fixture->appraisal.logs_match);
    soft_host_send(host, EVIDENCE_LOG_TCG, soft_host_fixture(host, "secure-boot", "eventlog.bin"));
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED,
                   REASON_EVENTLOG_BANK_MISSING);
    fixture_done(fixture);
    free(fixture);
}

static void test_log_of_another_host(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;

    soft_host_send(host, EVIDENCE_LOG_TCG,
                   soft_host_fixture(host, "secure-boot-off", "eventlog.bin"));
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
}

static void test_ima_list_of_another_host(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;

    soft_host_send(host, EVIDENCE_LOG_IMA, soft_host_fixture(host, "own-keys-uki", "ima.bin"));
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
    host->evidence.n_logs = 1;
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
}

/* Signed values beside the quote name the PCR; false ones change nothing. */
static void test_pcr_values_are_a_hint(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    uint8_t *values;

    soft_host_measure(host);
    soft_host_send_pcr_values(host);
    expect_verdict(fixture, soft_host_attest(host), VERDICT_TRUSTED, REASON_NONE);
    soft_host_send(host, EVIDENCE_LOG_TCG, soft_host_fixture(host, "command-line", "eventlog.bin"));
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
    assert_in_range(fixture->appraisal.reasons.items[0].pcr, 8, 9);
    values = soft_host_copy(host, host->evidence.pcr_values);
    values[0] ^= 1;
    host->evidence.pcr_values.data = values;
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
    soft_host_send(host, EVIDENCE_LOG_TCG, host->booted_tcg);
    expect_verdict(fixture, soft_host_attest(host), VERDICT_TRUSTED, REASON_NONE);
}

static void test_quote_from_another_ak(void **state)
{
    struct fixture *fixture = *state;
    struct soft_key enrolled = fixture->host.ak;
    struct span ak_public = fixture->host.ak.public_area.whole;

    fixture->input.ak_public = span_of(soft_host_copy(&fixture->host, ak_public), ak_public.len);
    soft_key_ecc(&fixture->host.ak, TPM_ECC_NIST_P256);
    soft_key_be_ak(&fixture->host.ak, TPM_ALG_ECDSA, TPM_ALG_SHA256);
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_QUOTE_SIGNATURE);
    /* and with the other AK named in the evidence */
    fixture->host.evidence.ak_public = fixture->host.ak.public_area.whole;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED, REASON_AK_UNKNOWN);
    soft_key_done(&enrolled);
}

static void test_nonces(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    uint8_t fresh[32] = {1, 2, 3};

    /* the old evidence as it is: an old nonce, or that of another host */
    fixture->input.nonce = span_of(fresh, sizeof fresh);
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_NONCE);
    /* the old quote under the new nonce */
    host->evidence.nonce = span_of(fresh, sizeof fresh);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED,
                   REASON_EVIDENCE_BINDING_MISMATCH);
    /* a quote over the bare nonce, as other protocols have it */
    host->quote.extra_data = span_of(fresh, sizeof fresh);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED,
                   REASON_EVIDENCE_BINDING_MISMATCH);
}

static void test_channel_binding(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t OURS[32] = {1}, THEIRS[32] = {2};

    fixture->input.channel_bound = true;
    fixture->input.channel_binding = span_of(OURS, 32);
    fixture->host.evidence.channel_binding = span_of(OURS, 32);
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    fixture->host.evidence.channel_binding = span_of(THEIRS, 32);
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_EVIDENCE_BINDING_MISMATCH);
    fixture->host.evidence.channel_binding = span_of(NULL, 0);
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_EVIDENCE_BINDING_MISMATCH);
}

static void test_selections(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    struct tpm_pcr_selection *selection = &host->quote.selection;
    static const uint32_t OTHERS[] = {0x00007FFF, 0x0001FFFF, 0x0001FFFE,
                                      0x0000FF7F, 0x00FF00FF, 0};

    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        selection->banks[0].pcrs = OTHERS[i];
        expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_SELECTION);
    }
    /* relabelled: the digest is that of the demanded PCRs, the label another; and the reverse */
    selection->banks[0].pcrs = APPRAISE_DEFAULT_PCRS;
    soft_host_attest(host);
    selection->banks[0].pcrs = 0x0001FFFE;
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_QUOTE_SELECTION);
    soft_host_attest(host);
    selection->banks[0].pcrs = APPRAISE_DEFAULT_PCRS;
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_QUOTE_PCR_DIGEST);
    /* another bank besides, and another bank instead */
    selection->n_banks = 2;
    selection->banks[1] = (struct tpm_pcr_bank_selection){TPM_ALG_SHA1, 1};
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_SELECTION);
    selection->n_banks = 1;
    selection->banks[0].alg = TPM_ALG_SHA384;
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_SELECTION);
}

static void test_structures(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;

    host->quote.magic = 0xFF544346;
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_MAGIC);
    host->quote.magic = TPM_GENERATED_VALUE;
    host->quote.type = TPM_ST_ATTEST_CERTIFY;
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_TYPE);
    host->quote.type = 0x8019;
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_QUOTE_TYPE);
}

static void test_ak_attributes(void **state)
{
    struct fixture *fixture = *state;
    struct soft_key *ak = &fixture->host.ak;
    const uint32_t good = ak->public_area.attributes;
    static const struct {
        uint32_t attribute;
        enum reason_code code;
    } CASES[] = {
        {TPMA_OBJECT_RESTRICTED, REASON_AK_NOT_RESTRICTED},
        {TPMA_OBJECT_FIXEDTPM, REASON_AK_NOT_FIXED},
        {TPMA_OBJECT_FIXEDPARENT, REASON_AK_NOT_FIXED},
        {TPMA_OBJECT_SENSITIVEDATAORIGIN, REASON_AK_NOT_CREATED_INSIDE},
        {TPMA_OBJECT_SIGN_ENCRYPT, REASON_AK_NOT_SIGNING},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        ak->public_area.attributes = good & ~CASES[i].attribute;
        soft_key_encode(ak);
        fixture->input.ak_public = ak->public_area.whole;
        expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED, CASES[i].code);
    }
}

/* Enrolled from somewhere, or sent in a bundle: bytes that are no key, or none that anybody can use. */
static void test_keys_that_are_none(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    struct span good = host->ak.public_area.whole;
    uint8_t *off_the_curve = soft_host_copy(host, good);

    fixture->input.ak_public = span_of(good.data, good.len - 1);
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_AK_NOT_SIGNING);
    off_the_curve[good.len - 1] ^= 1;
    fixture->input.ak_public = span_of(off_the_curve, good.len);
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_AK_NOT_SIGNING);
    assert_false(fixture->appraisal.quote_verified);
    fixture->input.ak_public = good;
    soft_host_add_identity(host);
    soft_host_attest(host);
    host->evidence.identity.public_area.len--;
    soft_host_bind(host);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED,
                   REASON_IDENTITY_ATTRIBUTES);
    assert_false(fixture->appraisal.identity.proven);
}

static void test_identity_keys(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    struct soft_key ak = host->ak, other;

    soft_host_add_identity(host);
    /* certified by another TPM's AK */
    soft_host_measure(host);
    soft_host_bind(host);
    soft_key_ecc(&other, TPM_ECC_NIST_P256);
    soft_key_be_ak(&other, TPM_ALG_ECDSA, TPM_ALG_SHA256);
    host->ak = other;
    soft_host_certify(host);
    host->ak = ak;
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_IDENTITY_CERTIFY);
    assert_false(fixture->appraisal.identity.proven);
    soft_key_done(&other);
    /* certified in an earlier exchange */
    soft_host_attest(host);
    host->nonce[0] ^= 1;
    soft_host_bind(host);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_IDENTITY_CERTIFY);
    host->nonce[0] ^= 1;
    /* another key put in its place after the quote */
    soft_host_attest(host);
    host->identity.public_area.attributes |= TPMA_OBJECT_USERWITHAUTH;
    soft_key_encode(&host->identity);
    host->evidence.identity.public_area = host->identity.public_area.whole;
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED,
                   REASON_EVIDENCE_BINDING_MISMATCH);
    /* a key that can be used without the service's policy */
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_IDENTITY_ATTRIBUTES);
    assert_false(fixture->appraisal.identity.proven);
    /* the quote's own structure in place of the certify structure */
    soft_host_attest(host);
    host->evidence.identity.certify = host->evidence.quote;
    host->evidence.identity.certify_signature = host->evidence.quote_signature;
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_IDENTITY_CERTIFY);
}

static void test_counters(void **state)
{
    struct fixture *fixture = *state;
    struct soft_attest *quote = &fixture->host.quote;
    const struct soft_attest good = *quote;

    fixture->input.history = (struct quote_history){.known = true,
                                                    .reset_count = 7,
                                                    .restart_count = 1,
                                                    .clock_ms = 4000,
                                                    .firmware_version = 0x20240101};
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_TRUSTED, REASON_NONE);
    quote->reset_count = 6;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_CLOCK_RESET_COUNT);
    *quote = good;
    quote->restart_count = 0;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED,
                   REASON_CLOCK_RESTART_COUNT);
    *quote = good;
    quote->clock_ms = 3999;
    expect_verdict(fixture, soft_host_attest(&fixture->host), VERDICT_UNTRUSTED, REASON_CLOCK_TIME);
}

/* CVE-2021-42299: a bank that the firmware left alone, quoted as it is. */
static void test_bank_never_extended(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    const struct index index = index_of(host->booted_tcg);
    struct span header = before(&index, 1);

    /* nothing was measured, the log says so too */
    host->booted_tcg = header;
    soft_host_send(host, EVIDENCE_LOG_TCG, header);
    host->booted_ima = span_of(NULL, 0);
    soft_host_send(host, EVIDENCE_LOG_IMA, host->booted_ima);
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_PCR_NEVER_EXTENDED);
    /* all ones */
    soft_host_attest(host);
    memset(host->pcrs, 0xFF, sizeof host->pcrs);
    soft_host_digest_pcrs(host);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_PCR_NEVER_EXTENDED);
    /* no log at all: still seen, whatever the TPM's start values */
    host->evidence.n_logs = 0;
    soft_host_bind(host);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_PCR_NEVER_EXTENDED);
    memset(host->pcrs, 0, sizeof host->pcrs);
    soft_host_digest_pcrs(host);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_PCR_NEVER_EXTENDED);
    memset(host->pcrs + 17, 0xFF, 6 * sizeof *host->pcrs);
    soft_host_digest_pcrs(host);
    expect_verdict(fixture, soft_host_evidence(host), VERDICT_UNTRUSTED, REASON_PCR_NEVER_EXTENDED);
}

static void test_limits(void **state)
{
    struct fixture *fixture = *state;
    struct soft_host *host = &fixture->host;
    uint8_t *big = arena_alloc(&host->arena, LIMIT_EVENTLOG_LEN + 1);

    soft_host_send(host, EVIDENCE_LOG_TCG, span_of(big, LIMIT_EVENTLOG_LEN + 1));
    expect_verdict(fixture, soft_host_attest(host), VERDICT_UNTRUSTED, REASON_EVIDENCE_TOO_LARGE);
}

static void test_truncated_at_every_byte(void **state)
{
    struct fixture *fixture = *state;
    struct span evidence = soft_host_attest(&fixture->host);

    for (size_t len = 0; len < evidence.len; len++)
        expect_verdict(fixture, span_of(evidence.data, len), VERDICT_UNTRUSTED,
                       REASON_EVIDENCE_MALFORMED);
}

/* Every bit of what is not the log: heads, nonce, digests, quote, signature. */
static void test_every_bit_of_the_rest(void **state)
{
    struct fixture *fixture = *state;
    struct span evidence, log;
    uint8_t *bytes;
    size_t log_start;

    fixture->host.evidence.n_logs = 1; /* IMA's digest is checked like the other's */
    fixture->host.booted_ima = span_of(NULL, 0);
    evidence = soft_host_attest(&fixture->host);
    log = fixture->host.evidence.logs[0].bytes;
    bytes = soft_host_copy(&fixture->host, evidence);
    log_start = (size_t)((uint8_t *)memmem(bytes, evidence.len, log.data, log.len) - bytes);
    for (size_t bit = 0; bit < 8 * evidence.len; bit++) {
        size_t at = bit / 8;

        if (at >= log_start && at < log_start + log.len)
            continue;
        /* the host id is the caller's to look up, the inventory is host-said */
        if (at >= 6 && at < 6 + 32)
            continue;
        bytes[at] ^= (uint8_t)(1u << bit % 8);
        if (fixture_appraise(fixture, span_of(bytes, evidence.len)) != VERDICT_UNTRUSTED)
            fail_msg("byte %zu: %s", at, verdict_name(fixture->appraisal.verdict));
        bytes[at] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_log_edited_in_between),
        WITH_FIXTURE(test_edit_that_no_event_shows),
        WITH_FIXTURE(test_events_removed_added_reordered),
        WITH_FIXTURE(test_digests_and_pcrs_changed),
        WITH_FIXTURE(test_event_type_changed),
        WITH_FIXTURE(test_event_data_changed),
        cmocka_unit_test(test_digest_for_one_bank_only),
        cmocka_unit_test(test_log_without_the_quoted_bank),
        WITH_FIXTURE(test_log_of_another_host),
        WITH_FIXTURE(test_ima_list_of_another_host),
        WITH_FIXTURE(test_pcr_values_are_a_hint),
        WITH_FIXTURE(test_quote_from_another_ak),
        WITH_FIXTURE(test_nonces),
        WITH_FIXTURE(test_channel_binding),
        WITH_FIXTURE(test_selections),
        WITH_FIXTURE(test_structures),
        WITH_FIXTURE(test_ak_attributes),
        WITH_FIXTURE(test_keys_that_are_none),
        WITH_FIXTURE(test_identity_keys),
        WITH_FIXTURE(test_counters),
        WITH_FIXTURE(test_bank_never_extended),
        WITH_FIXTURE(test_limits),
        WITH_FIXTURE(test_truncated_at_every_byte),
        WITH_FIXTURE(test_every_bit_of_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
