/* The arena: memory that lives as long as one piece of work and is given back at once.
 *
 * A chain of blocks from malloc under a total cap, so that no input can make one appraisal use more
 * memory than its caller allowed. Not for threads. arena_done(zeroed arena) is fine. */
#ifndef BOOTSEAL_BASE_ARENA_H
#define BOOTSEAL_BASE_ARENA_H

#include "base/error.h"
#include "base/span.h"

struct arena_block;

struct arena {
    struct arena_block *block; /* newest first */
    size_t used;               /* bytes given out, all blocks */
    size_t cap;                /* most bytes that may be given out */
};

/* cap is in bytes. Allocates nothing yet. */
struct arena arena_init(size_t cap);

/* Frees everything that came from the arena. */
void arena_done(struct arena *arena);

/* Forgets what was given out but keeps one block, of 1 MiB at most, for the next piece of work. */
void arena_reset(struct arena *arena);

/* Zeroed memory, aligned for any type; NULL when the cap or the machine says no. */
void *arena_alloc(struct arena *arena, size_t len);

/* As arena_alloc for an array; NULL also when n * size overflows. */
void *arena_array(struct arena *arena, size_t n, size_t size);

/* A NUL-terminated copy of the bytes; NULL as above. */
char *arena_text(struct arena *arena, struct span bytes);

/* printf into the arena; NULL as above. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#define arena_new(arena, type) ((type *)arena_alloc(arena, sizeof(type)))

/* Fills in *error for a failed arena allocation and returns false. */
bool arena_error(const struct arena *arena, struct error *error);

#endif
