#include "arena.h"

#include <stdint.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)1 << 18)

struct arena_block {
    struct arena_block *next;
    size_t size;
    max_align_t bytes[];
};

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    const size_t unit = sizeof(max_align_t);
    struct arena_block *block;
    size_t wanted;

    if (size != 0 && count > (SIZE_MAX - unit) / size)
        return NULL;
    wanted = (count * size + unit - 1) / unit * unit;
    if (wanted > arena->free || arena->blocks == NULL) {
        size_t fresh = wanted > BLOCK_BYTES ? wanted : BLOCK_BYTES;

        if (fresh > arena->limit || arena->used > arena->limit - fresh)
            return NULL;
        block = calloc(1, sizeof *block + fresh);
        if (block == NULL)
            return NULL;
        block->size = fresh;
        block->next = arena->blocks;
        arena->blocks = block;
        arena->free = fresh;
        arena->used += fresh;
    }
    block = arena->blocks;
    arena->free -= wanted;
    return (char *)block->bytes + (block->size - arena->free - wanted);
}

void arena_free(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;

        arena->blocks = block->next;
        free(block);
    }
    arena->free = 0;
    arena->used = 0;
}
