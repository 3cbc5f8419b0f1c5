/* The host's abilities by name. */
#ifndef DOORBELL_PLAYER_ABILITIES_H
#define DOORBELL_PLAYER_ABILITIES_H

#include "hardware.h"

#define ABILITY_COUNT 5

/* Name of bit 0 to ABILITY_COUNT - 1 of hardware->abilities. */
const char *ability_name(unsigned bit);

/* The bit of a name of `length` characters; 0: this player knows no such ability. */
unsigned ability_bit(const char *name, size_t length);

/* Takes abilities away: names with commas between. False: one is unknown. */
bool abilities_without(struct hardware *hardware, const char *names);

#endif
