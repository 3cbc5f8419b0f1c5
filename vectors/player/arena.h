/*
 * Memory that lives as long as one suite: many small pieces, freed at once, never more than a limit.
 */
#ifndef DOORBELL_PLAYER_ARENA_H
#define DOORBELL_PLAYER_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t free;  /* bytes left in the newest block */
    size_t used;  /* bytes taken from the system */
    size_t limit; /* bytes that may be taken */
};

/* Zeroed memory, aligned for every type; NULL when the limit or the machine's memory is spent. */
void *arena_take(struct arena *arena, size_t count, size_t size);
void arena_free(struct arena *arena);

#endif
