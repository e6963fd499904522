/* Holds a host's claims against a catalogue. Owns nothing. Trusts the catalogue, whose signature the
 * caller has checked, and a claim as far as its grade. */
#include "claims/certification.h"

#include "base/text.h"
#include "claims/collect.h"

static const struct {
    enum claim_id claim;
    const char *key;
    size_t texts; /* offset in struct catalog_model; not of CERTIFICATION_IMAGES */
} CRITERIA[CERTIFICATION_CRITERIA] = {
    [CERTIFICATION_MANUFACTURER] = {CLAIM_HARDWARE_MANUFACTURER, "manufacturer",
                                    offsetof(struct catalog_model, manufacturer)},
    [CERTIFICATION_PRODUCT] = {CLAIM_HARDWARE_MODEL, "product",
                               offsetof(struct catalog_model, product)},
    [CERTIFICATION_FIRMWARE] = {CLAIM_HARDWARE_FIRMWARE, "firmware",
                                offsetof(struct catalog_model, firmware)},
    [CERTIFICATION_IMAGES] = {CLAIM_FIRMWARE_IMAGES, "firmware_images", 0},
    [CERTIFICATION_TPM_MANUFACTURER] = {CLAIM_TPM_MANUFACTURER, "tpm_manufacturer",
                                        offsetof(struct catalog_model, tpm_manufacturer)},
    [CERTIFICATION_TPM_MODEL] = {CLAIM_TPM_MODEL, "tpm_model",
                                 offsetof(struct catalog_model, tpm_model)},
    [CERTIFICATION_PLATFORM_ISSUER] = {CLAIM_HARDWARE_PLATFORM_ISSUER, "platform_issuer",
                                       offsetof(struct catalog_model, platform_issuer)},
    [CERTIFICATION_EK_ISSUER] = {CLAIM_TPM_EK_ISSUER, "ek_issuer",
                                 offsetof(struct catalog_model, ek_issuer)},
};

/* What a platform certificate says of the same. */
static const enum claim_id PLATFORM_NAMES[] = {
    [CERTIFICATION_MANUFACTURER] = CLAIM_HARDWARE_PLATFORM_MANUFACTURER,
    [CERTIFICATION_PRODUCT] = CLAIM_HARDWARE_PLATFORM_MODEL,
};

static bool is_name(enum certification_criterion criterion)
{
    return criterion == CERTIFICATION_MANUFACTURER || criterion == CERTIFICATION_PRODUCT;
}

const char *certification_key(enum certification_criterion criterion)
{
    return CRITERIA[criterion].key;
}

enum claim_id certification_claim(const struct certification *certification,
                                  enum certification_criterion criterion)
{
    if (is_name(criterion) && certification->answers[criterion].by == CERTIFICATION_BY_PLATFORM)
        return PLATFORM_NAMES[criterion];
    return CRITERIA[criterion].claim;
}

void certification_mark_read(bool *claims)
{
    for (int c = 0; c < CERTIFICATION_CRITERIA; c++)
        claims[CRITERIA[c].claim] = true;
    for (size_t i = 0; i < sizeof PLATFORM_NAMES / sizeof *PLATFORM_NAMES; i++)
        claims[PLATFORM_NAMES[i]] = true;
}

const char *certification_proof_text(enum certification_proof by)
{
    static const char *const TEXTS[] = {
        [CERTIFICATION_BY_CLAIM] = "",
        [CERTIFICATION_BY_IMAGES] = "firmware_images",
        [CERTIFICATION_BY_PLATFORM] = "platform certificate",
    };

    return TEXTS[by];
}

/* --- One criterion --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Skips a number's zeros and gives its length. */
static size_t number_len(const char **text)
{
    size_t len = 0;

    while (**text == '0' && is_digit((*text)[1]))
        (*text)++;
    while (is_digit((*text)[len]))
        len++;
    return len;
}

/* True when found equals least up to least's end, or differs first in a number that is higher there:
 * "Acme 2.10.1 2026" is as new as "Acme 2.9". Other words make texts that cannot be compared. */
static bool is_as_new(const char *found, const char *least, size_t least_len)
{
    const char *end = least + least_len;

    while (least < end) {
        if (is_digit(*least) && is_digit(*found)) {
            size_t least_digits = number_len(&least), found_digits = number_len(&found);
            int order = found_digits == least_digits
                            ? memcmp(found, least, least_digits)
                            : (found_digits > least_digits) - (found_digits < least_digits);

            if (order != 0)
                return order > 0;
            found += found_digits;
            least += least_digits;
        } else if (*found++ != *least++) {
            return false;
        }
    }
    return true;
}

static bool text_matches(const char *found, const char *wanted)
{
    size_t len;

    if (catalog_is_least(wanted, &len))
        return is_as_new(found, wanted, len);
    return strcmp(found, wanted) == 0;
}

static enum certification_state match_texts(const struct catalog_texts *texts,
                                            const struct claim *claim, bool newer)
{
    if (texts->n_items == 0)
        return CERTIFICATION_NOT_ASKED;
    if (!claim->known)
        return CERTIFICATION_UNKNOWN;
    for (size_t i = 0; i < texts->n_items; i++)
        if (newer ? text_matches(claim->text, texts->items[i])
                  : strcmp(claim->text, texts->items[i]) == 0)
            return CERTIFICATION_HOLDS;
    return CERTIFICATION_DIFFERS;
}

static bool lists_digest(const struct catalog_digests *digests, const struct claim_item *item)
{
    for (size_t i = 0; i < digests->n_items; i++)
        if (digests->items[i].alg == item->alg && span_equal(digests->items[i].bytes, item->bytes))
            return true;
    return false;
}

static bool shows_digest(const struct claim *claim, const struct catalog_digest *digest)
{
    for (size_t i = 0; i < claim->n_items; i++)
        if (claim->items[i].alg == digest->alg && span_equal(claim->items[i].bytes, digest->bytes))
            return true;
    return false;
}

/* Every image demanded is there, and none but those listed. A catalogue may list the same images in
 * several hashes: the log has one. */
static enum certification_state match_images(const struct catalog_model *model,
                                             const struct claim *claim)
{
    const struct catalog_digests *needed = &model->firmware_images;
    size_t n_needed = 0;

    if (needed->n_items == 0)
        return CERTIFICATION_NOT_ASKED;
    if (!claim->known || claim->n_items == 0)
        return CERTIFICATION_UNKNOWN;
    if (claim->n_items > (size_t)2 * LIMIT_CATALOG_VALUES) /* what costs too much is no entry's */
        return CERTIFICATION_DIFFERS;
    for (size_t i = 0; i < needed->n_items; i++) {
        if (needed->items[i].alg != claim->items[0].alg)
            continue;
        n_needed++;
        if (!shows_digest(claim, &needed->items[i]))
            return CERTIFICATION_DIFFERS;
    }
    if (n_needed == 0)
        return CERTIFICATION_UNKNOWN;
    for (size_t i = 0; i < claim->n_items; i++)
        if (!lists_digest(needed, &claim->items[i]) &&
            !lists_digest(&model->optional_images, &claim->items[i]))
            return CERTIFICATION_DIFFERS;
    return CERTIFICATION_HOLDS;
}

/* --- One model --- */

/* Images that run on this model only prove its name and release as well as they are proven
 * themselves; what the host says of these otherwise may still contradict them. */
static void lift_by_images(struct certification_answer *answers)
{
    static const enum certification_criterion PROVEN[] = {
        CERTIFICATION_MANUFACTURER, CERTIFICATION_PRODUCT, CERTIFICATION_FIRMWARE};
    const struct certification_answer *images = &answers[CERTIFICATION_IMAGES];

    for (size_t i = 0; i < sizeof PROVEN / sizeof *PROVEN; i++) {
        struct certification_answer *answer = &answers[PROVEN[i]];

        if (answer->state != CERTIFICATION_UNKNOWN &&
            (answer->state != CERTIFICATION_HOLDS || answer->grade >= images->grade))
            continue;
        *answer = (struct certification_answer){
            .state = CERTIFICATION_HOLDS, .grade = images->grade, .by = CERTIFICATION_BY_IMAGES};
    }
}

/* One that the host may have in two places: what is proven better counts, and when they differ none
 * does, whether or not the entry asks. */
static struct certification_answer match_name(const struct catalog_texts *texts,
                                              const struct claims *claims,
                                              enum certification_criterion criterion,
                                              bool *contradicted)
{
    const struct claim *said = &claims->claims[CRITERIA[criterion].claim];
    const struct claim *signed_name = &claims->claims[PLATFORM_NAMES[criterion]];
    struct certification_answer answer = {.grade = said->grade};

    if (signed_name->known && (!said->known || signed_name->grade > said->grade))
        answer = (struct certification_answer){.grade = signed_name->grade,
                                               .by = CERTIFICATION_BY_PLATFORM};
    if (signed_name->known && said->known && strcmp(signed_name->text, said->text) != 0) {
        answer.state = CERTIFICATION_DIFFERS;
        *contradicted = true;
    } else {
        answer.state = match_texts(
            texts, answer.by == CERTIFICATION_BY_PLATFORM ? signed_name : said, false);
    }
    return answer;
}

static struct certification_answer match_claim(const struct catalog_model *model,
                                               const struct claims *claims,
                                               enum certification_criterion criterion,
                                               bool *contradicted)
{
    const struct claim *claim = &claims->claims[CRITERIA[criterion].claim];
    const struct catalog_texts *texts = (const void *)((const char *)model +
                                                       CRITERIA[criterion].texts);
    struct certification_answer answer = {.grade = claim->grade};

    if (is_name(criterion))
        return match_name(texts, claims, criterion, contradicted);
    answer.state = criterion == CERTIFICATION_IMAGES
                       ? match_images(model, claim)
                       : match_texts(texts, claim, criterion == CERTIFICATION_FIRMWARE);
    return answer;
}

static void match_model(const struct catalog_model *model, const struct claims *claims,
                        struct certification *match)
{
    *match = (struct certification){.state = CERTIFICATION_HOLDS, .model = model};
    for (int c = 0; c < CERTIFICATION_CRITERIA; c++)
        match->answers[c] = match_claim(model, claims, c, &match->contradicted);
    if (model->images_prove_model &&
        match->answers[CERTIFICATION_IMAGES].state == CERTIFICATION_HOLDS)
        lift_by_images(match->answers);
    /* All must hold, as well proven as the worst of them; one that differs is enough against it. */
    for (int c = 0; c < CERTIFICATION_CRITERIA; c++)
        if (match->answers[c].state != CERTIFICATION_NOT_ASKED &&
            match->answers[c].state < match->state)
            match->state = match->answers[c].state;
    match->grade = match->state == CERTIFICATION_HOLDS ? CLAIM_ATTESTED : CLAIM_UNPROVEN;
    for (int c = 0; c < CERTIFICATION_CRITERIA; c++) {
        const struct certification_answer *answer = &match->answers[c];

        if (answer->state != match->state || match->state == CERTIFICATION_UNKNOWN)
            continue;
        if (match->state == CERTIFICATION_HOLDS ? answer->grade < match->grade
                                                : answer->grade > match->grade)
            match->grade = answer->grade;
    }
}

/* --- All models --- */

static size_t n_holding(const struct certification *match)
{
    size_t n = 0;

    for (int c = 0; c < CERTIFICATION_CRITERIA; c++)
        n += match->answers[c].state == CERTIFICATION_HOLDS;
    return n;
}

static bool is_better(const struct certification *match, const struct certification *best)
{
    if (match->state != best->state)
        return match->state > best->state;
    if (match->state != CERTIFICATION_HOLDS)
        return n_holding(match) > n_holding(best);
    if (match->model->level != best->model->level)
        return match->model->level > best->model->level;
    return match->grade > best->grade;
}

void certification_find(const struct catalog *catalog, const struct claims *claims,
                        struct certification *certification)
{
    enum claim_grade refusal = CLAIM_ATTESTED; /* as well proven as that of each model */
    struct certification best, match;

    match_model(&catalog->models[0], claims, &best);
    for (size_t i = 0; i < catalog->n_models; i++) {
        match_model(&catalog->models[i], claims, &match);
        if (match.state == CERTIFICATION_DIFFERS && match.grade < refusal)
            refusal = match.grade;
        if (is_better(&match, &best))
            best = match;
    }
    if (best.state == CERTIFICATION_DIFFERS)
        best.grade = refusal;
    *certification = best;
}

const char *certification_print(const struct certification *certification, struct arena *arena)
{
    const char *text = "";

    for (int c = 0; c < CERTIFICATION_CRITERIA && text; c++) {
        const struct certification_answer *answer = &certification->answers[c];
        const char *words = answer->state == CERTIFICATION_DIFFERS   ? "differs"
                            : answer->state == CERTIFICATION_UNKNOWN ? "unknown"
                                                                     : NULL;

        if (answer->state == CERTIFICATION_NOT_ASKED)
            continue;
        text = arena_printf(arena, "%s%s%s %s%s%s", text, *text ? ", " : "", CRITERIA[c].key,
                            words ? words : claim_grade_name(answer->grade),
                            answer->by ? " by " : "", certification_proof_text(answer->by));
    }
    return text;
}

/* --- The claims --- */

/* What the claims rest on: the events of each criterion that decides. */
static void rest_on(struct collector *collector, const struct certification *certification,
                    enum claim_id id)
{
    struct claim *claim = &collector->claims->claims[id];

    for (int c = 0; c < CERTIFICATION_CRITERIA; c++)
        if (certification->answers[c].state == certification->state)
            collect_from(collector, id, certification_claim(certification, c));
    claim->grade = certification->grade;
}

void collect_certification(struct collector *collector)
{
    const struct catalog *catalog = collector->input->catalog;
    struct certification certification;
    const char *how;
    bool certified;

    if (!catalog || (!collect_wants(collector, CLAIM_HARDWARE_CERTIFIED_LEVEL) &&
                     !collect_wants(collector, CLAIM_HARDWARE_CERTIFIED_BY)))
        return;
    certification_find(catalog, collector->claims, &certification);
    certified = certification.state == CERTIFICATION_HOLDS;
    if (certification.state == CERTIFICATION_UNKNOWN)
        return;
    how = certified ? certification_print(&certification, collector->arena)
          : certification.contradicted
              ? "no model matches: SMBIOS and the platform certificate name different machines"
              : "no model matches";
    collect_text(collector, CLAIM_HARDWARE_CERTIFIED_LEVEL,
                 catalog_level_name(certified ? certification.model->level : CATALOG_LEVEL_NONE));
    collect_text(collector, CLAIM_HARDWARE_CERTIFIED_BY,
                 how ? arena_printf(collector->arena, "%s version %lld, %s%s%s", catalog->name,
                                    (long long)catalog->version,
                                    certified ? certification.model->name : "",
                                    certified ? ": " : "", how)
                     : NULL);
    rest_on(collector, &certification, CLAIM_HARDWARE_CERTIFIED_LEVEL);
    rest_on(collector, &certification, CLAIM_HARDWARE_CERTIFIED_BY);
}

bool certification_collect(const struct catalog *catalog, const struct measured_log *log,
                           struct arena *arena, struct claims *claims, struct error *error)
{
    const struct claims_input input = {.catalog = catalog};
    struct collector collector = {.input = &input, .log = log, .arena = arena, .claims = claims};

    claims->claims[CLAIM_HARDWARE_CERTIFIED_LEVEL] = (struct claim){0};
    claims->claims[CLAIM_HARDWARE_CERTIFIED_BY] = (struct claim){0};
    collect_certification(&collector);
    return !collector.out_of_memory || arena_error(arena, error);
}
