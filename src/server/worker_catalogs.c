#include "server/worker_catalogs.h"

#include "document/document.h"
#include "log/log.h"
#include "os/clock.h"

enum { CATALOG_ARENA_LEN = 64 * 1024 * 1024 };

/* Says who signed the text; false when it is nobody who may. */
static bool check_signature(struct worker_catalogs *catalogs, struct span text,
                            struct span signature, struct arena *arena, const char **signer,
                            struct error *error)
{
    if (catalogs->certificates.len == 0)
        return error_plain(error, ERROR_DENIED,
                           "nobody may sign catalogues: attest.catalog_certificates_file is empty");
    return catalog_check_signature(catalogs->crypto, text, signature, catalogs->certificates, arena,
                                   signer, error);
}

/* --- Those in use --- */

static struct worker_catalog_slot *find(struct worker_catalogs *catalogs,
                                        const struct work_catalog *wanted, bool is_draft)
{
    for (size_t i = 0; i < WORKER_CATALOG_SLOTS; i++) {
        struct worker_catalog_slot *slot = &catalogs->slots[i];

        if (slot->used && slot->is_draft == is_draft &&
            memcmp(slot->sha256, wanted->sha256, sizeof slot->sha256) == 0)
            return slot;
    }
    return NULL;
}

static struct worker_catalog_slot *oldest(struct worker_catalogs *catalogs)
{
    struct worker_catalog_slot *oldest = &catalogs->slots[0];

    for (size_t i = 1; i < WORKER_CATALOG_SLOTS; i++)
        if (catalogs->slots[i].last_used < oldest->last_used)
            oldest = &catalogs->slots[i];
    return oldest;
}

static struct worker_catalog_slot *learn(struct worker_catalogs *catalogs,
                                         const struct work_catalog *wanted, bool is_draft)
{
    struct worker_catalog_slot *slot = oldest(catalogs);
    const char *signer;
    struct error error;

    arena_done(&slot->arena);
    *slot = (struct worker_catalog_slot){
        .used = true, .is_draft = is_draft, .arena = arena_init(CATALOG_ARENA_LEN)};
    memcpy(slot->sha256, wanted->sha256, sizeof slot->sha256);
    if ((!is_draft && !check_signature(catalogs, wanted->text, wanted->signature, &slot->arena,
                                       &signer, &error)) ||
        !catalog_decode(wanted->text, &slot->arena, &slot->catalog, &error)) {
        slot->catalog = NULL;
        log_failure(LOG_LEVEL_ERROR, "worker.catalog", &error);
    }
    return slot;
}

/* The slot, learnt if need be; NULL when it is not known and came without its text. */
static struct worker_catalog_slot *find_or_learn(struct worker_catalogs *catalogs,
                                                 const struct work_catalog *wanted, bool is_draft)
{
    struct worker_catalog_slot *slot = find(catalogs, wanted, is_draft);

    if (!slot && wanted->has_text)
        slot = learn(catalogs, wanted, is_draft);
    if (slot)
        slot->last_used = ++catalogs->now;
    return slot;
}

static struct worker_catalog use(const struct worker_catalog_slot *slot)
{
    return (struct worker_catalog){slot->catalog, span_of(slot->sha256, sizeof slot->sha256)};
}

bool worker_catalogs_find(struct worker_catalogs *catalogs, const struct work_catalog *wanted,
                          int64_t now_s, struct worker_catalog *found)
{
    struct worker_catalog_slot *slot;
    struct error why;

    *found = (struct worker_catalog){0};
    if (!wanted->given)
        return true;
    slot = find_or_learn(catalogs, wanted, false);
    if (!slot || !slot->catalog)
        return slot != NULL;
    if (catalog_check_time(slot->catalog, now_s, &why)) {
        slot->ended = false;
        *found = use(slot);
    } else if (!slot->ended) {
        log_failure(LOG_LEVEL_ERROR, "worker.catalog", &why);
        slot->ended = true;
    }
    return true;
}

bool worker_catalogs_find_draft(struct worker_catalogs *catalogs, const struct work_catalog *wanted,
                                struct worker_catalog *found)
{
    const struct worker_catalog_slot *slot;

    *found = (struct worker_catalog){0};
    if (!wanted->given)
        return true;
    slot = find_or_learn(catalogs, wanted, true);
    if (slot && slot->catalog)
        *found = use(slot);
    return slot != NULL;
}

void worker_catalogs_done(struct worker_catalogs *catalogs)
{
    for (size_t i = 0; i < WORKER_CATALOG_SLOTS; i++) {
        arena_done(&catalogs->slots[i].arena);
        catalogs->slots[i] = (struct worker_catalog_slot){0};
    }
}

/* --- A new one --- */

static bool check(struct worker_catalogs *catalogs, const struct work_catalog_check *request,
                  struct arena *arena, struct work_catalog_answer *answer, struct error *error)
{
    const char *signer = "";
    struct catalog *catalog;

    if (!request->is_draft &&
        !check_signature(catalogs, request->text, request->signature, arena, &signer, error))
        return false;
    if (!catalog_decode(request->text, arena, &catalog, error)) {
        struct document_position at = document_position_of(request->text, error->offset);

        answer->line = at.line;
        answer->column = at.column;
        return false;
    }
    if (!request->is_draft && !catalog_check_time(catalog, os_now_s(), error))
        return false;
    answer->name = span_text(catalog->name);
    answer->version = catalog->version;
    answer->issued_s = catalog->issued_s;
    answer->valid_until_s = catalog->valid_until_s;
    answer->n_models = catalog->n_models;
    answer->signer = span_text(signer);
    return true;
}

bool worker_catalogs_check(struct worker_catalogs *catalogs, struct span frame, struct arena *arena,
                           struct span *answer_frame, struct error *error)
{
    struct work_catalog_check request;
    struct work_catalog_answer answer = {0};
    struct error wrong = {0};

    if (!work_catalog_check_decode(frame, &request, error))
        return false;
    answer.valid = check(catalogs, &request, arena, &answer, &wrong);
    if (!answer.valid && (wrong.code == ERROR_MEMORY || wrong.code == ERROR_CRYPTO)) {
        *error = wrong;
        return false;
    }
    answer.message = span_text(answer.valid ? "" : wrong.message);
    return work_catalog_answer_encode(&answer, arena, answer_frame, error);
}
