/* The bytes around a buffer that the device can reach but must not touch. */
#ifndef DOORBELL_PLAYER_GUARD_H
#define DOORBELL_PLAYER_GUARD_H

#include "hardware.h"

/* Fills what is mapped beside the buffer of `size` bytes with a pattern. */
void guard_fill(const struct mapping *mapping, uint64_t size);

/* Whether the pattern is still there; else stores the bus address of the first byte that changed. */
bool guard_intact(const struct mapping *mapping, uint64_t size, uint64_t *address);

#endif
