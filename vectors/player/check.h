/* The form of vectors and recipes, checked before the device is touched: what passes cannot break the player. */
#ifndef DOORBELL_PLAYER_CHECK_H
#define DOORBELL_PLAYER_CHECK_H

#include "suite.h"

/* Fills `error` and gives false at the first thing that is wrong. */
bool check_vector(const struct suite *suite, const struct json *vector, struct suite_error *error);
bool check_recipe(const struct suite *suite, const char *name, struct suite_error *error);

/* 0 to 3 for smoke, core, full, stress; -1 for anything else. */
int tier_rank(const struct json *name);

#endif
