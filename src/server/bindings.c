#include "server/bindings.h"

#include <stdlib.h>

enum { ARENA_LEN = 512 * 1024 * 1024, BUCKETS = 256 };

/* A document that bindings name, there once however many do. */
struct kept {
    struct store_document document;
    struct kept *next;
};

struct bound {
    struct store_binding binding;
    struct span text; /* of its policy or update */
    uint8_t text_sha256[STORE_DIGEST_LEN];
    const char *label; /* "baseline 3" */
    struct span *references;
    uint8_t (*reference_sha256)[STORE_DIGEST_LEN];
    size_t n_references;
};

/* A set and which bindings make it. */
struct known_set {
    uint8_t members[(LIMIT_BINDINGS + 8) / 8];
    struct policy_set set;
    struct known_set *next;
};

struct bindings {
    struct arena arena;
    struct crypto *crypto;
    struct kept *documents[BUCKETS]; /* by the first byte of the digest */
    struct bound *items;
    size_t n_items;
    struct known_set *sets;
};

/* --- Globs --- */

/* The glob at the start of globs, and where the next one starts. */
static struct span next_glob(const char **globs)
{
    const char *start = *globs + strspn(*globs, " ,");
    size_t len = strcspn(start, ",");

    *globs = start + len;
    while (len && start[len - 1] == ' ')
        len--;
    return span_of(start, len);
}

/* Whether the set at *at, "[a-z.]", has the sign; *at is then behind it. One that does not end has none. */
static bool set_has(struct span glob, size_t *at, uint8_t sign)
{
    size_t i = *at + 1;
    bool has = false;

    while (i < glob.len && glob.data[i] != ']') {
        size_t last = i + 2 < glob.len && glob.data[i + 1] == '-' && glob.data[i + 2] != ']' ? i + 2
                                                                                             : i;

        has |= sign >= glob.data[i] && sign <= glob.data[last];
        i = last + 1;
    }
    if (!has || i == glob.len)
        return false;
    *at = i + 1;
    return true;
}

/* Whether what stands at *at, which is no "*", takes the sign; *at is then behind it. */
static bool takes(struct span glob, size_t *at, uint8_t sign)
{
    if (*at == glob.len)
        return false;
    if (glob.data[*at] == '[')
        return set_has(glob, at, sign);
    if (glob.data[*at] != '?' && glob.data[*at] != sign)
        return false;
    (*at)++;
    return true;
}

/* Takes no more steps than both are long, one times the other: only the last "*" is tried again, as the
 * ones before it have taken as little as they can. */
static bool glob_matches(struct span glob, const char *name)
{
    const char *again = NULL; /* where what follows the last "*" is tried next */
    size_t at = 0, behind_star = 0;

    while (*name) {
        if (at < glob.len && glob.data[at] == '*') {
            behind_star = ++at;
            again = name;
        } else if (takes(glob, &at, (uint8_t)*name)) {
            name++;
        } else if (again) {
            at = behind_star;
            name = ++again;
        } else {
            return false;
        }
    }
    while (at < glob.len && glob.data[at] == '*')
        at++;
    return at == glob.len;
}

bool bindings_match(const char *globs, const char *name)
{
    while (*globs) {
        struct span glob = next_glob(&globs);

        if (glob.len && glob_matches(glob, name))
            return true;
    }
    return false;
}

/* A set must end, hold something, and have its ranges in order: else it would match nothing, and the
 * binding hold for nobody. */
static bool sets_ok(struct span glob)
{
    for (size_t i = 0; i < glob.len; i++) {
        size_t start = i + 1;

        if (glob.data[i] == ']')
            return false;
        if (glob.data[i] != '[')
            continue;
        for (i = start; i < glob.len && glob.data[i] != ']'; i++)
            if (glob.data[i] == '[' || glob.data[i] == '*' || glob.data[i] == '?' ||
                (glob.data[i] == '-' && i > start && i + 1 < glob.len && glob.data[i + 1] != ']' &&
                 glob.data[i - 1] > glob.data[i + 1]))
                return false;
        if (i == glob.len || i == start)
            return false;
    }
    return true;
}

const char *bindings_globs_wrong(const char *globs)
{
    size_t n_globs = 0;

    if (strlen(globs) > LIMIT_BINDING_HOSTS_LEN)
        return "the list of hosts is too long";
    while (*globs) {
        struct span glob = next_glob(&globs);

        n_globs += glob.len > 0;
        if (glob.len > LIMIT_NAME_LEN)
            return "a name of a host is too long";
        for (size_t i = 0; i < glob.len; i++)
            if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-.*?[]_", glob.data[i]))
                return "names of hosts have lower-case letters, digits, \"-\" and \".\"; \"*\", "
                       "\"?\" and \"[a-z]\" stand for any";
        if (!sets_ok(glob))
            return "what stands between \"[\" and \"]\" is letters, digits and ranges such as a-z";
    }
    return n_globs ? NULL : "there must be a host; \"*\" stands for all";
}

/* --- Reading --- */

static void hash_text(struct crypto *crypto, struct span text, uint8_t sha256[STORE_DIGEST_LEN])
{
    struct crypto_digest digest;

    crypto_hash_span(crypto, TPM_ALG_SHA256, text, &digest);
    memcpy(sha256, digest.bytes, STORE_DIGEST_LEN);
}

/* The document, from the store or as another binding has it; NULL on failure. */
static const struct store_document *read_document(struct bindings *bindings, struct store *store,
                                                  const uint8_t sha256[STORE_DIGEST_LEN],
                                                  struct error *error)
{
    struct kept **bucket = &bindings->documents[sha256[0]], *kept;
    bool found = false;

    for (kept = *bucket; kept; kept = kept->next)
        if (memcmp(kept->document.sha256, sha256, STORE_DIGEST_LEN) == 0)
            return &kept->document;
    kept = arena_new(&bindings->arena, struct kept);
    if (!kept) {
        arena_error(&bindings->arena, error);
        return NULL;
    }
    if (!store_document_get_by_id(store, sha256, &bindings->arena, &kept->document, &found, error))
        return NULL;
    if (!found) {
        error_plain(error, ERROR_NOT_FOUND, "a binding's document is not there");
        return NULL;
    }
    kept->next = *bucket;
    *bucket = kept;
    return &kept->document;
}

static bool make_references(struct bindings *bindings, struct bound *bound, size_t n,
                            struct error *error)
{
    bound->n_references = n;
    bound->references = arena_array(&bindings->arena, n + 1, sizeof *bound->references);
    bound->reference_sha256 = arena_array(&bindings->arena, n + 1, sizeof *bound->reference_sha256);
    if (bound->references && bound->reference_sha256)
        return true;
    arena_error(&bindings->arena, error);
    return false;
}

static bool read_bound(struct bindings *bindings, struct store *store, struct bound *bound,
                       struct error *error)
{
    const struct store_binding *binding = &bound->binding;
    const struct store_document *document = read_document(bindings, store, binding->document,
                                                          error);

    if (!document || !make_references(bindings, bound, binding->n_references, error))
        return false;
    bound->text = document->text;
    memcpy(bound->text_sha256, binding->document, STORE_DIGEST_LEN);
    bound->label = arena_printf(&bindings->arena, "%s %s", document->name, document->version);
    if (!bound->label)
        return arena_error(&bindings->arena, error);
    for (size_t i = 0; i < binding->n_references; i++) {
        document = read_document(bindings, store, binding->references[i], error);
        if (!document)
            return false;
        bound->references[i] = document->text;
        memcpy(bound->reference_sha256[i], binding->references[i], STORE_DIGEST_LEN);
    }
    return true;
}

static struct bindings *bindings_new(struct crypto *crypto, struct error *error)
{
    struct bindings *bindings = calloc(1, sizeof *bindings);

    if (!bindings) {
        error_plain(error, ERROR_MEMORY, "no memory for bindings");
        return NULL;
    }
    bindings->arena = arena_init(ARENA_LEN);
    bindings->crypto = crypto;
    return bindings;
}

static bool read_all(struct bindings *bindings, struct store *store, struct error *error)
{
    struct store_binding *list;
    size_t n_list;

    if (!store_binding_list(store, &bindings->arena, &list, &n_list, error))
        return false;
    bindings->items = arena_array(&bindings->arena, n_list + 1, sizeof *bindings->items);
    if (!bindings->items)
        return arena_error(&bindings->arena, error);
    for (; bindings->n_items < n_list; bindings->n_items++) {
        struct bound *bound = &bindings->items[bindings->n_items];

        bound->binding = list[bindings->n_items];
        if (!read_bound(bindings, store, bound, error))
            return false;
    }
    return true;
}

bool bindings_load(struct store *store, struct crypto *crypto, struct bindings **bindings,
                   struct error *error)
{
    struct bindings *loaded = bindings_new(crypto, error);

    if (!loaded)
        return false;
    if (!read_all(loaded, store, error)) {
        bindings_free(loaded);
        return false;
    }
    *bindings = loaded;
    return true;
}

void bindings_free(struct bindings *bindings)
{
    if (!bindings)
        return;
    arena_done(&bindings->arena);
    free(bindings);
}

/* Whether the binding holds now; *changes_s becomes the next moment at which that changes. */
static bool holds_now(const struct store_binding *binding, int64_t now_s, int64_t *changes_s)
{
    int64_t change_s = now_s < binding->from_s ? binding->from_s : binding->until_s;

    if (change_s > now_s && (*changes_s == 0 || change_s < *changes_s))
        *changes_s = change_s;
    return now_s >= binding->from_s && (binding->until_s == 0 || now_s < binding->until_s);
}

bool bindings_enforce(const struct bindings *bindings, int64_t now_s)
{
    int64_t ignored = 0;

    for (size_t i = 0; i < bindings->n_items; i++)
        if (bindings->items[i].binding.mode == STORE_BINDING_ENFORCE &&
            holds_now(&bindings->items[i].binding, now_s, &ignored))
            return true;
    return false;
}

static struct policy_sources sources_of(const struct bound *bound)
{
    return (struct policy_sources){
        .text = bound->text, .references = bound->references, .n_references = bound->n_references};
}

bool bindings_sources(const struct bindings *bindings, const char *name,
                      struct policy_sources *sources)
{
    for (size_t i = 0; i < bindings->n_items; i++) {
        if (strcmp(bindings->items[i].binding.name, name) != 0)
            continue;
        *sources = sources_of(&bindings->items[i]);
        return true;
    }
    return false;
}

bool bindings_policy(const struct bindings *bindings, size_t i, struct policy_sources *sources)
{
    for (size_t k = 0; k < bindings->n_items; k++) {
        if (bindings->items[k].binding.mode != STORE_BINDING_ENFORCE || i-- > 0)
            continue;
        *sources = sources_of(&bindings->items[k]);
        return true;
    }
    return false;
}

void bindings_references(const struct bindings *bindings, const uint8_t policy[STORE_DIGEST_LEN],
                         const struct span **references, size_t *n_references)
{
    *references = NULL;
    *n_references = 0;
    for (size_t i = 0; i < bindings->n_items && *n_references == 0; i++)
        if (memcmp(bindings->items[i].text_sha256, policy, STORE_DIGEST_LEN) == 0) {
            *references = bindings->items[i].references;
            *n_references = bindings->items[i].n_references;
        }
}

/* --- Drafts --- */

static bool copy_text(struct arena *arena, struct span *text, struct error *error)
{
    char *copy = arena_text(arena, *text);

    if (!copy)
        return arena_error(arena, error);
    *text = span_of(copy, text->len);
    return true;
}

static bool apply_draft(struct bindings *bindings, const struct bindings_draft *draft,
                        struct bound *bound, struct error *error)
{
    struct arena *arena = &bindings->arena;

    bound->binding.name = arena_text(arena, span_text(draft->name));
    bound->binding.mode = draft->mode;
    bound->binding.from_s = bound->binding.until_s = 0;
    if (draft->hosts || !bound->binding.hosts)
        bound->binding.hosts = arena_text(arena, span_text(draft->hosts ? draft->hosts : "*"));
    if (!bound->binding.name || !bound->binding.hosts)
        return arena_error(arena, error);
    if (draft->text.len) {
        bound->text = draft->text;
        bound->label = "draft";
        if (!copy_text(arena, &bound->text, error))
            return false;
        hash_text(bindings->crypto, bound->text, bound->text_sha256);
    }
    if (draft->n_references == 0)
        return true;
    if (!make_references(bindings, bound, draft->n_references, error))
        return false;
    for (size_t i = 0; i < draft->n_references; i++) {
        bound->references[i] = draft->references[i];
        if (!copy_text(arena, &bound->references[i], error))
            return false;
        hash_text(bindings->crypto, bound->references[i], bound->reference_sha256[i]);
    }
    return true;
}

bool bindings_try(const struct bindings *bindings, const struct bindings_draft *draft,
                  struct bindings **changed, struct error *error)
{
    struct bindings *copy = bindings_new(bindings->crypto, error);
    size_t at = 0;

    if (!copy)
        return false;
    copy->items = arena_array(&copy->arena, bindings->n_items + 1, sizeof *copy->items);
    if (!copy->items) {
        arena_error(&copy->arena, error);
        bindings_free(copy);
        return false;
    }
    /* The texts stay the other's: a draft does not outlive what it was made from. */
    memcpy(copy->items, bindings->items, bindings->n_items * sizeof *copy->items);
    while (at < bindings->n_items && strcmp(copy->items[at].binding.name, draft->name) != 0)
        at++;
    copy->n_items = at == bindings->n_items ? at + 1 : bindings->n_items;
    if (!apply_draft(copy, draft, &copy->items[at], error)) {
        bindings_free(copy);
        return false;
    }
    *changed = copy;
    return true;
}

/* --- Sets --- */

struct members {
    const struct bound *policies[LIMIT_HOST_POLICIES]; /* those that judge come first */
    size_t n_policies, n_judging;
    const struct bound *updates[LIMIT_POLICY_SOURCES]; /* those that retire come first */
    size_t n_updates, n_retiring;
    size_t updates_len,
        sources_len; /* bytes; of all policies with all that they are compiled with */
};

/* A policy's id: which texts it is made of, in their order. */
static void policy_id(struct crypto *crypto, const struct bound *bound,
                      const struct members *members, uint8_t id[STORE_DIGEST_LEN])
{
    struct span parts[2 * LIMIT_POLICY_SOURCES + LIMIT_BINDINGS];
    const uint8_t counts[] = {(uint8_t)bound->n_references, (uint8_t)members->n_updates,
                              (uint8_t)members->n_retiring};
    struct crypto_digest digest;
    size_t n_parts = 0;

    parts[n_parts++] = span_of(counts, sizeof counts);
    parts[n_parts++] = span_of(bound->text_sha256, STORE_DIGEST_LEN);
    for (size_t i = 0; i < bound->n_references; i++)
        parts[n_parts++] = span_of(bound->reference_sha256[i], STORE_DIGEST_LEN);
    for (size_t i = 0; i < members->n_updates; i++)
        parts[n_parts++] = span_of(members->updates[i]->text_sha256, STORE_DIGEST_LEN);
    crypto_hash(crypto, TPM_ALG_SHA256, parts, n_parts, &digest);
    memcpy(id, digest.bytes, STORE_DIGEST_LEN);
}

static bool is_in(const struct bindings *bindings, const struct known_set *known, size_t i,
                  enum store_binding_mode mode)
{
    return known->members[i / 8] & 1u << i % 8 && bindings->items[i].binding.mode == mode;
}

static bool sort_updates(const struct bindings *bindings, const struct known_set *known,
                         struct members *members)
{
    static const enum store_binding_mode ORDER[] = {STORE_BINDING_RETIRE, STORE_BINDING_ACCEPT};

    for (size_t mode = 0; mode < 2; mode++)
        for (size_t i = 0; i < bindings->n_items; i++) {
            if (!is_in(bindings, known, i, ORDER[mode]))
                continue;
            if (members->n_updates == LIMIT_POLICY_SOURCES / 2)
                return false;
            members->updates[members->n_updates++] = &bindings->items[i];
            members->updates_len += bindings->items[i].text.len;
            members->n_retiring += ORDER[mode] == STORE_BINDING_RETIRE;
        }
    return true;
}

/* One policy more, when it fits with all that it is compiled with. */
static bool add_policy(struct members *members, const struct bound *bound)
{
    size_t len = bound->text.len + members->updates_len;

    for (size_t i = 0; i < bound->n_references; i++)
        len += bound->references[i].len;
    if (members->n_policies == LIMIT_HOST_POLICIES ||
        len > LIMIT_HOST_SOURCES_LEN - members->sources_len)
        return false;
    members->policies[members->n_policies++] = bound;
    members->sources_len += len;
    return true;
}

static bool sort_policies(const struct bindings *bindings, const struct known_set *known,
                          struct members *members)
{
    for (size_t i = 0; i < bindings->n_items; i++)
        if (is_in(bindings, known, i, STORE_BINDING_ENFORCE) &&
            !add_policy(members, &bindings->items[i]))
            return false;
    members->n_judging = members->n_policies;
    /* What is only observed must not be what a host fails by: it is left out where it does not fit. */
    for (size_t i = 0; i < bindings->n_items; i++)
        if (is_in(bindings, known, i, STORE_BINDING_OBSERVE))
            (void)add_policy(members, &bindings->items[i]);
    return true;
}

static bool fill_policy(struct bindings *bindings, const struct members *members,
                        const struct bound *bound, struct work_policy *policy, struct error *error)
{
    struct span *updates = arena_array(&bindings->arena, members->n_updates + 1, sizeof *updates);

    if (!updates)
        return arena_error(&bindings->arena, error);
    for (size_t i = 0; i < members->n_updates; i++)
        updates[i] = members->updates[i]->text;
    policy_id(bindings->crypto, bound, members, policy->id);
    policy->has_sources = true;
    policy->sources = (struct policy_sources){.text = bound->text,
                                              .references = bound->references,
                                              .n_references = bound->n_references,
                                              .updates = updates,
                                              .n_updates = members->n_updates,
                                              .n_retiring = members->n_retiring};
    return true;
}

static bool fill_set(struct bindings *bindings, const struct members *members,
                     struct policy_set *set, struct error *error)
{
    struct arena *arena = &bindings->arena;
    struct work_policy *full = arena_array(arena, members->n_policies + 1, sizeof *full);
    struct work_policy *brief = arena_array(arena, members->n_policies + 1, sizeof *brief);
    struct span parts[LIMIT_HOST_POLICIES + 2];
    const uint8_t n_judging = (uint8_t)members->n_judging;
    struct crypto_digest digest;

    set->label = arena_text(arena, span_text(""));
    if (!full || !brief || !set->label)
        return arena_error(arena, error);
    /* A later version may see what this one did not: what is remembered of hosts ends with it. */
    parts[0] = span_of(BOOTSEAL_VERSION, sizeof BOOTSEAL_VERSION);
    parts[1] = span_of(&n_judging, 1);
    for (size_t i = 0; i < members->n_policies; i++) {
        if (!fill_policy(bindings, members, members->policies[i], &full[i], error))
            return false;
        memcpy(brief[i].id, full[i].id, sizeof brief[i].id);
        parts[i + 2] = span_of(full[i].id, sizeof full[i].id);
        if (i < members->n_judging)
            set->label = arena_printf(arena, "%s%s%s", set->label, i ? ", " : "",
                                      members->policies[i]->label);
        if (!set->label)
            return arena_error(arena, error);
    }
    crypto_hash(bindings->crypto, TPM_ALG_SHA256, parts, members->n_policies + 2, &digest);
    memcpy(set->sha256, digest.bytes, sizeof set->sha256);
    set->policies = (struct work_policies){brief, members->n_policies, members->n_judging};
    set->with_sources = (struct work_policies){full, members->n_policies, members->n_judging};
    return true;
}

static bool make_set(struct bindings *bindings, const struct known_set *wanted,
                     const struct policy_set **set, struct error *error)
{
    /* In place of too many or too long ones: one that no worker can use, so the host is unknown. */
    static const struct bound TOO_MANY = {.label = "more policies than can hold for one host"};
    struct known_set *known = arena_new(&bindings->arena, struct known_set);
    struct members members = {0};

    if (!known)
        return arena_error(&bindings->arena, error);
    *known = *wanted;
    if (!sort_updates(bindings, known, &members) || !sort_policies(bindings, known, &members))
        members = (struct members){.policies = {&TOO_MANY}, .n_policies = 1, .n_judging = 1};
    if (!fill_set(bindings, &members, &known->set, error))
        return false;
    known->next = bindings->sets;
    bindings->sets = known;
    *set = &known->set;
    return true;
}

bool bindings_for_host(struct bindings *bindings, const char *name, int64_t now_s,
                       const struct policy_set **set, int64_t *changes_s, struct error *error)
{
    struct known_set wanted = {0};

    *changes_s = 0;
    for (size_t i = 0; i < bindings->n_items; i++)
        if (bindings_match(bindings->items[i].binding.hosts, name) &&
            holds_now(&bindings->items[i].binding, now_s, changes_s))
            wanted.members[i / 8] |= (uint8_t)(1u << i % 8);
    for (const struct known_set *known = bindings->sets; known; known = known->next)
        if (memcmp(known->members, wanted.members, sizeof wanted.members) == 0) {
            *set = &known->set;
            return true;
        }
    return make_set(bindings, &wanted, set, error);
}
