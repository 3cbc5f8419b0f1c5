/*
 * Waiting. Whether a device is in time is judged by its own cycle counter alone; the host's clock only
 * guards the player against a device that stands still, and can never make a vector fail.
 */
#ifndef DOORBELL_PLAYER_LIMIT_H
#define DOORBELL_PLAYER_LIMIT_H

#include "run.h"

/* Looks whether a condition holds now. Gives false when the run is settled. */
typedef bool look(struct run *run, void *context, bool *held);

/*
 * Looks until the condition holds or `within` (a value in cycles; NULL: look once) has passed. `*held`
 * tells how it ended.
 */
bool limit_await(struct run *run, const struct json *within, look *condition, void *context, bool *held);

/* Lets this much device time pass. */
bool limit_delay(struct run *run, uint64_t cycles);

#endif
