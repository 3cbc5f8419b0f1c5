#include "guard.h"

#include "octets.h"

#define GUARD_SEED 0xD00B

static unsigned char pattern(size_t at)
{
    return (unsigned char)(stream_word(GUARD_SEED, at / 8) >> 8 * (at % 8));
}

void guard_fill(const struct mapping *mapping, uint64_t size)
{
    size_t at, before, after;

    if (mapping->pages == NULL)
        return;
    before = (size_t)(mapping->memory - mapping->pages);
    after = before + (size_t)size;
    for (at = 0; at < before; at++)
        mapping->pages[at] = pattern(at);
    for (at = after; at < mapping->page_bytes; at++)
        mapping->pages[at] = pattern(at);
}

bool guard_intact(const struct mapping *mapping, uint64_t size, uint64_t *address)
{
    size_t at, before, after;

    if (mapping->pages == NULL)
        return true;
    before = (size_t)(mapping->memory - mapping->pages);
    after = before + (size_t)size;
    for (at = 0; at < mapping->page_bytes; at = at + 1 == before ? after : at + 1) {
        if (at == before && before == 0)
            at = after;
        if (at < mapping->page_bytes && mapping->pages[at] != pattern(at)) {
            *address = mapping->address - before + at;
            return false;
        }
    }
    return true;
}
