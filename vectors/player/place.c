#include "place.h"

/* Clear of address 0, of the window that hosts keep for messages, and of where BARs are put. */
static const uint64_t FIRST[2] = {UINT64_C(0x01000000), UINT64_C(0x200000000)};
static const uint64_t LAST[2] = {UINT64_C(0xE0000000), UINT64_C(0x3F00000000)};

/* A vector begins in the first three quarters: the rest has room for all that the largest may map. */
bool place_buffer(struct placer *placer, const struct mapping_request *request, struct placed *placed)
{
    uint64_t unit = request->align > PAGE_BYTES ? request->align : PAGE_BYTES, address;
    bool high = request->window == WINDOW_HIGH || (request->window == WINDOW_ANY && placer->turn++ % 2 == 1);

    if (placer->next[high] == 0)
        placer->next[high] = FIRST[high] + (((LAST[high] - FIRST[high]) / 4 * 3 >> 20) * request->place >> 32 << 20);
    address = (placer->next[high] + unit - 1) / unit * unit;
    placed->into = request->edge < 0 ? 0 : (uint64_t)request->edge;
    placed->bytes = (placed->into + request->size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    placed->base = address;
    if (address > LAST[high] || placed->bytes > LAST[high] - address)
        return false;
    placer->next[high] = address + placed->bytes + PAGE_BYTES;
    placer->mapped++;
    return true;
}

void place_freed(struct placer *placer)
{
    if (--placer->mapped == 0)
        *placer = (struct placer){0};
}
