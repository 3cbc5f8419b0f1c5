/* Bus addresses for layers that choose them themselves (an IOMMU in between): whole pages, a gap after each. */
#ifndef DOORBELL_PLAYER_PLACE_H
#define DOORBELL_PLAYER_PLACE_H

#include "hardware.h"

#define PAGE_BYTES UINT64_C(4096)

struct placer {
    uint64_t next[2]; /* below 4 GiB, at or above */
    unsigned mapped;  /* when the last one goes, addresses begin anew, so that a vector finds the same each time */
    unsigned turn;
};

struct placed {
    uint64_t base;  /* of the first page */
    uint64_t bytes; /* of all pages */
    uint64_t into;  /* byte 0 counted from base */
};

/* False: the window is full. */
bool place_buffer(struct placer *placer, const struct mapping_request *request, struct placed *placed);
void place_freed(struct placer *placer);

#endif
