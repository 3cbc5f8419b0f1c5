/* Which vectors of a suite are played, and in which order. */
#ifndef DOORBELL_PLAYER_PLAN_H
#define DOORBELL_PLAYER_PLAN_H

#include "suite.h"

#define CHOICES_MAX 256

/* One --id, --rule or --tag: `text` may end with `*`. A vector must fit one choice of every kind that is given. */
enum choice_kind { CHOICE_ID, CHOICE_RULE, CHOICE_TAG, CHOICE_KINDS };

struct choice {
    enum choice_kind kind;
    const char *text;
};

/* One vector to play, and its place among all of the suite, in 2^-32: its own whatever else is chosen. */
struct planned {
    const struct json *vector;
    uint32_t place;
};

struct plan {
    struct choice choices[CHOICES_MAX];
    size_t choice_count;
    int tier;          /* rank of the largest tier, or -1: all */
    bool bringup;      /* only vectors with a level, in order of it */
    const char **only; /* only these ids; NULL: all */
    size_t only_count;
    uint64_t shard;    /* from 1 */
    uint64_t shards;   /* 1: all */

    struct arena arena; /* of `only` */
    struct planned *vectors; /* what was chosen; plan_free frees it */
    size_t count;
};

/* Chooses. False: no memory. */
bool plan_make(struct plan *plan, const struct suite *suite);
void plan_free(struct plan *plan);

/* The first choice of ids that fits no vector of the suite, or NULL. */
const char *plan_unknown(const struct plan *plan, const struct suite *suite);

/* The bring-up level of a vector, 0 for none. */
unsigned plan_level(const struct json *vector);

#endif
