/* How a vector can end, from the lightest to the heaviest. */
#ifndef DOORBELL_PLAYER_VERDICT_H
#define DOORBELL_PLAYER_VERDICT_H

#include <stdbool.h>

enum verdict {
    VERDICT_PASS,
    VERDICT_NOT_OBSERVED,  /* all that was seen held, but an expectation needs an analyser */
    VERDICT_NOT_SUPPORTED, /* the device lacks a capability, or the host an ability */
    VERDICT_INCONCLUSIVE,  /* a host guard ran out */
    VERDICT_FAIL,
    VERDICT_ERROR, /* player or host broke */
    VERDICT_COUNT
};

const char *verdict_name(enum verdict verdict);

/* Whether this ending says something against the device or the run: the player then recovers, and may bail out. */
bool verdict_is_bad(enum verdict verdict);

#endif
