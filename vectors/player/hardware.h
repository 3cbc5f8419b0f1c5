/*
 * What the player needs from below, and all that a port has to write: a dozen functions.
 *
 *   suite ─► player ─► struct hardware ─► vfio-user socket | VFIO | bare metal | loopback
 *
 * Functions that can break return true when the *host* did its part. A device that does not answer is no
 * break: such a read gives all ones, as on every root complex. After false the player calls `error` for the
 * reason and ends the vector with ERROR. Sizes are bytes, times nanoseconds of the host; numbers are plain
 * integers: the layer owes the little-endian order of PCIe. Accesses happen in the order of the calls.
 */
#ifndef DOORBELL_PLAYER_HARDWARE_H
#define DOORBELL_PLAYER_HARDWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a host may be able to do beyond this layer's functions; the names are those of FORMAT.md. */
enum ability {
    ABILITY_HIGH_ADDRESSES = 1 << 0,  /* buffers at or above 4 GiB */
    ABILITY_INTERRUPT_COUNT = 1 << 1, /* messages are counted one by one, never merged */
    ABILITY_MSIX_TABLE = 1 << 2,      /* table and pending bits may be touched through BAR0 */
    ABILITY_BUS_MASTER = 1 << 3,      /* may be switched in the command register */
    ABILITY_FLR = 1 << 4,             /* a function-level reset may be started by configuration writes */
};

enum window { WINDOW_ANY, WINDOW_LOW, WINDOW_HIGH };

/* Memory that the device can reach. */
struct mapping {
    unsigned char *memory; /* the CPU's view of byte 0 */
    uint64_t address;      /* the device's: bus address of byte 0 */
    unsigned char *pages;  /* all that the device can reach with it, byte 0's page first; NULL: just the memory */
    size_t page_bytes;
    void *handle;          /* the layer's own */
};

struct mapping_request {
    uint64_t size;  /* at least 1 */
    uint64_t align; /* a power of two: of the bus address; with an edge: of the start of byte 0's page */
    int edge;       /* bus address modulo 4096 of byte 0, or -1 */
    enum window window;
    uint32_t place; /* for layers that choose addresses: where in the window to begin, in 2^-32 of it */
    bool writable;  /* by the device */
};

struct hardware {
    const char *name;
    void *self;         /* first argument of every function */
    unsigned abilities; /* bits of enum ability */

    bool (*config_read)(void *self, unsigned at, unsigned size, uint32_t *value); /* size 1, 2, 4 */
    bool (*config_write)(void *self, unsigned at, unsigned size, uint32_t value);

    /* Exactly one access of 4 or 8 bytes; `bar` is 0 or 2; writes are posted. */
    bool (*bar_read)(void *self, unsigned bar, uint64_t at, unsigned size, uint64_t *value);
    bool (*bar_write)(void *self, unsigned bar, uint64_t at, unsigned size, uint64_t value);

    /* Any number of bytes of a BAR that is memory, in whatever accesses; both NULL: the player uses the above. */
    bool (*block_read)(void *self, unsigned bar, uint64_t at, void *bytes, size_t length);
    bool (*block_write)(void *self, unsigned bar, uint64_t at, const void *bytes, size_t length);

    /* Zeroed memory on pages of its own. */
    bool (*buffer_map)(void *self, const struct mapping_request *request, struct mapping *mapping);
    bool (*buffer_unmap)(void *self, struct mapping *mapping);

    /* Every store of the CPU so far is visible to the device before any later bar_write arrives. */
    void (*publish)(void *self);
    /* Every write of the device that came before the last bar_read's answer is visible to the CPU. */
    void (*fetch)(void *self);

    /* Lets the host receive this vector: entry filled, unmasked, function enabled. Counts go on. May be called again. */
    bool (*interrupt_setup)(void *self, unsigned vector);
    /* Sets the mask bit of the vector's entry; NULL: this host cannot. */
    bool (*interrupt_mask)(void *self, unsigned vector, bool masked);
    uint64_t (*interrupt_count)(void *self, unsigned vector); /* since the layer was opened; no vector: 0 */

    /* Returns after an interrupt or this time at the latest; early is no harm. */
    void (*wait)(void *self, uint64_t nanoseconds);
    /* The strongest reset there is (function level or power); the function is usable again on return. */
    bool (*reset)(void *self);
    uint64_t (*time)(void *self); /* never goes back */
    void (*log)(void *self, const char *line);
    const char *(*error)(void *self); /* why the last call gave false */
    void (*close)(void *self);
};

#endif
