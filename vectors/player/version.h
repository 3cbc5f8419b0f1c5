/* Versions of the contract, and which of them a vector holds for. */
#ifndef DOORBELL_PLAYER_VERSION_H
#define DOORBELL_PLAYER_VERSION_H

#include "json.h"

#include <stdbool.h>
#include <stdint.h>

/* A version such as 0.1.0 as one number; a later one is greater. Its parts have 16 bits, as in CONTRACT_VERSION. */
uint64_t version_number(uint64_t major, uint64_t minor, uint64_t patch);

/* Reads "major.minor.patch"; false: it is none. */
bool version_parse(const struct json *text, uint64_t *version);

/* Whether `contract` is [first, last]; a last one of null is stored as UINT64_MAX. */
bool version_range(const struct json *contract, uint64_t *first, uint64_t *last);

#endif
