#include "claims/boot_diff_details.h"

#include <stdlib.h>

#include "wire/efi_signature_list.h"
#include "wire/efi_variable.h"

/* --- The texts --- */

struct details {
    struct arena *arena;
    const char *texts[LIMIT_DIFF_DETAILS + 2]; /* with "removed 3 more" and "added 9 more" */
    size_t n_texts;
    bool out_of_memory;
};

static void add(struct details *details, const char *verb, const char *text)
{
    const char *said = text ? arena_printf(details->arena, "%s %s", verb, text) : NULL;

    if (said)
        details->texts[details->n_texts++] = said;
    else
        details->out_of_memory = true;
}

static void add_rest(struct details *details, const char *verb, size_t n_more)
{
    if (n_more)
        add(details, verb, arena_printf(details->arena, "%zu more", n_more));
}

static bool finish(const struct details *details, struct boot_diff_details *result)
{
    const char **texts;

    if (details->out_of_memory)
        return false;
    *result = (struct boot_diff_details){0};
    if (details->n_texts == 0)
        return true;
    texts = arena_array(details->arena, details->n_texts, sizeof *texts);
    if (!texts)
        return false;
    memcpy(texts, details->texts, details->n_texts * sizeof *texts);
    *result = (struct boot_diff_details){texts, details->n_texts};
    return true;
}

/* --- Lists of items --- */

static int by_value(const void *left, const void *right)
{
    const struct claim_item *a = left, *b = right;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->alg != b->alg)
        return a->alg < b->alg ? -1 : 1;
    return span_compare(a->bytes, b->bytes);
}

/* A sorted copy, for searching. */
static struct claim_item *sorted_items(const struct claim_item *items, size_t n_items,
                                       struct arena *arena)
{
    struct claim_item *sorted = arena_array(arena, n_items + 1, sizeof *sorted);

    if (sorted && n_items) {
        memcpy(sorted, items, n_items * sizeof *sorted);
        qsort(sorted, n_items, sizeof *sorted, by_value);
    }
    return sorted;
}

struct item_list {
    const struct claim_item *items;
    size_t n_items;
};

/* Adds what `has` holds and `lacks` does not; returns how many there are. */
static size_t add_items(struct details *details, struct crypto *crypto, struct item_list has,
                        struct item_list lacks, const char *verb)
{
    const size_t room = details->n_texts + LIMIT_DIFF_DETAILS / 2;
    struct claim_item *sorted = sorted_items(lacks.items, lacks.n_items, details->arena);
    size_t n = 0, n_said = 0;

    if (!sorted) {
        details->out_of_memory = true;
        return 0;
    }
    for (size_t i = 0; i < has.n_items; i++) {
        if (bsearch(&has.items[i], sorted, lacks.n_items, sizeof *sorted, by_value))
            continue;
        n++;
        if (details->n_texts >= room)
            continue;
        n_said++;
        add(details, verb, claim_item_print(crypto, &has.items[i], details->arena));
    }
    add_rest(details, verb, n - n_said);
    return n;
}

bool boot_diff_item_details(struct crypto *crypto, const struct claim *before,
                            const struct claim *after, struct arena *arena,
                            struct boot_diff_details *result, bool *differ)
{
    struct details details = {.arena = arena};
    const struct item_list old = {before->items, before->n_items};
    const struct item_list new = {after->items, after->n_items};
    size_t n = add_items(&details, crypto, old, new, "removed") +
               add_items(&details, crypto, new, old, "added");

    if (!finish(&details, result))
        return false;
    *differ = n > 0;
    return true;
}

/* --- Words --- */

/* The next word, moving text past it; empty at the end. */
static struct span next_word(const char **text)
{
    const char *begin;
    bool quoted = false;

    while (**text == ' ')
        (*text)++;
    begin = *text;
    while (**text && (quoted || **text != ' ')) {
        quoted ^= **text == '"';
        (*text)++;
    }
    return span_of(begin, (size_t)(*text - begin));
}

static bool has_word(const char *text, struct span wanted)
{
    for (struct span word = next_word(&text); word.len; word = next_word(&text))
        if (span_equal(word, wanted))
            return true;
    return false;
}

static void add_words(struct details *details, const char *has, const char *lacks, const char *verb)
{
    const size_t room = details->n_texts + LIMIT_DIFF_DETAILS / 2;
    size_t n_more = 0;

    for (struct span word = next_word(&has); word.len; word = next_word(&has)) {
        if (has_word(lacks, word))
            continue;
        if (details->n_texts < room)
            add(details, verb, arena_text(details->arena, word));
        else
            n_more++;
    }
    add_rest(details, verb, n_more);
}

bool boot_diff_word_details(const char *before, const char *after, struct arena *arena,
                            struct boot_diff_details *result)
{
    struct details details = {.arena = arena};

    add_words(&details, before, after, "removed");
    add_words(&details, after, before, "added");
    return finish(&details, result);
}

/* --- Events --- */

/* The signature entries of a proven UEFI variable as items; none of another event. */
static bool read_entries(const struct boot_diff_event *side, struct arena *arena,
                         struct item_list *result, bool *has_list)
{
    struct efi_signature_list list;
    struct efi_signature entry;
    struct efi_variable variable;
    struct claim_item *items;
    struct error error = {0};
    size_t n_items = 0, room;

    *result = (struct item_list){0};
    if (side->event->coverage != COVERAGE_WHOLE ||
        !efi_variable_decode(side->event->covered, &variable, &error) ||
        !efi_signature_list_is(variable.data))
        return true;
    room = variable.data.len / EFI_GUID_LEN; /* each entry names its owner */
    if (room > LIMIT_SIGLIST_ENTRIES)
        room = LIMIT_SIGLIST_ENTRIES;
    items = arena_array(arena, room, sizeof *items);
    if (!items)
        return false;
    efi_signature_list_open(&list, variable.data, &error);
    while (n_items < room && efi_signature_list_next(&list, &entry) == EFI_SIGNATURE_ENTRY)
        items[n_items++] = (struct claim_item){
            .kind = entry.kind == EFI_SIGNATURE_X509 ? CLAIM_ITEM_CERTIFICATE : CLAIM_ITEM_DIGEST,
            .alg = entry.alg,
            .bytes = entry.data};
    *result = (struct item_list){items, n_items};
    *has_list = true;
    return true;
}

bool boot_diff_event_details(struct crypto *crypto, const struct boot_diff_change *change,
                             struct arena *arena, struct boot_diff_details *result)
{
    struct details details = {.arena = arena};
    struct item_list before, after;
    bool has_list = false;

    *result = (struct boot_diff_details){0};
    if (!change->before || !change->after)
        return true;
    if (!read_entries(change->before, arena, &before, &has_list) ||
        !read_entries(change->after, arena, &after, &has_list))
        return false;
    if (has_list) {
        add_items(&details, crypto, before, after, "removed");
        add_items(&details, crypto, after, before, "added");
        return finish(&details, result);
    }
    if (!change->before->words.proven || !change->after->words.proven)
        return true;
    return boot_diff_word_details(change->before->words.summary, change->after->words.summary,
                                  arena, result);
}
