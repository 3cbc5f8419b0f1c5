/* Values and expectations of the machine form. */
#ifndef DOORBELL_PLAYER_VALUES_H
#define DOORBELL_PLAYER_VALUES_H

#include "run.h"

#define EXPECT_TEXT_BYTES 200

/* An integer that is not negative, or "0x" and 1 to 16 hexadecimal digits. */
bool value_literal(const struct json *value, uint64_t *result);

/* Any value; what it refers to is looked up in the run. */
bool value_resolve(struct run *run, const struct json *value, uint64_t *result);

/* Whether `found` is as `expect` says; `*held` tells. Without an expectation (NULL) it is. */
bool expect_met(struct run *run, const struct json *expect, uint64_t found, bool *held);

/* For people, such as "0x10 under mask 0xff". Only after expect_met went well. */
void expect_text(struct run *run, const struct json *expect, char text[EXPECT_TEXT_BYTES]);

#endif
