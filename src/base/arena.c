#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_LEN = 16 * 1024, KEPT_LEN = 1024 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t len;  /* bytes in data */
    size_t used; /* bytes given out */
    _Alignas(max_align_t) uint8_t data[];
};

struct arena arena_init(size_t cap)
{
    return (struct arena){.cap = cap};
}

void arena_done(struct arena *arena)
{
    while (arena->block) {
        struct arena_block *next = arena->block->next;
        free(arena->block);
        arena->block = next;
    }
    arena->used = 0;
}

/* The largest block that one may keep: with it the next piece of work of the same size needs no
 * other. */
static struct arena_block *take_kept(struct arena *arena)
{
    struct arena_block **best = NULL, *kept;

    for (struct arena_block **at = &arena->block; *at; at = &(*at)->next)
        if ((*at)->len <= KEPT_LEN && (!best || (*at)->len > (*best)->len))
            best = at;
    if (!best)
        return NULL;
    kept = *best;
    *best = kept->next;
    return kept;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *kept = take_kept(arena);

    arena_done(arena);
    if (!kept)
        return;
    memset(kept->data, 0, kept->used);
    kept->used = 0;
    kept->next = NULL;
    arena->block = kept;
}

static bool add_block(struct arena *arena, size_t len)
{
    size_t block_len = arena->block ? 2 * arena->block->len : BLOCK_LEN;
    struct arena_block *block;

    if (block_len > KEPT_LEN)
        block_len = KEPT_LEN;
    if (block_len < len)
        block_len = len;
    block = calloc(1, sizeof *block + block_len);

    if (!block)
        return false;
    block->len = block_len;
    block->next = arena->block;
    arena->block = block;
    return true;
}

void *arena_alloc(struct arena *arena, size_t len)
{
    const size_t align = _Alignof(max_align_t);
    size_t rounded = (len + align - 1) / align * align;
    void *memory;

    if (rounded < len || rounded > arena->cap - arena->used)
        return NULL;
    if (!arena->block || rounded > arena->block->len - arena->block->used)
        if (!add_block(arena, rounded))
            return NULL;
    memory = arena->block->data + arena->block->used;
    arena->block->used += rounded;
    arena->used += rounded;
    return memory;
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
    size_t len;

    if (__builtin_mul_overflow(n, size, &len))
        return NULL;
    return arena_alloc(arena, len);
}

char *arena_text(struct arena *arena, struct span bytes)
{
    char *text = arena_alloc(arena, bytes.len + 1);

    if (text && bytes.len)
        memcpy(text, bytes.data, bytes.len);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    int len;
    char *text;

    va_start(arguments, format);
    len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len < 0)
        return NULL;
    text = arena_alloc(arena, (size_t)len + 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)len + 1, format, arguments);
    va_end(arguments);
    return text;
}

bool arena_error(const struct arena *arena, struct error *error)
{
    return error_plain(error, ERROR_MEMORY, "needs more than the %zu bytes of memory allowed",
                       arena->cap);
}
