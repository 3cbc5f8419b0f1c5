#include "limit.h"

#include "values.h"

#include <inttypes.h>

#define GUARD_NANOSECONDS 2e9
#define NANOSECONDS_PER_CYCLE 1e5 /* a device at 10 kHz, the slowest that is expected */
#define NAP_FIRST 1000
#define NAP_LONGEST 1000000

/* Device time since `start`, and a nap if there is time left; false when the guard ran out. */
struct stretch {
    uint64_t start, began, nap;
    double guard;
};

static bool begin(struct run *run, struct stretch *stretch, uint64_t cycles)
{
    stretch->nap = NAP_FIRST;
    stretch->guard = (GUARD_NANOSECONDS + (double)cycles * NANOSECONDS_PER_CYCLE) * run->time_scale;
    stretch->began = run->hardware->time(run->hardware->self);
    return run_clock(run, &stretch->start);
}

/* Stores the cycles that have passed. Naps when they are fewer than `cycles`. */
static bool pass(struct run *run, struct stretch *stretch, uint64_t cycles, uint64_t *passed)
{
    struct hardware *hardware = run->hardware;
    uint64_t now;

    if (!run_clock(run, &now))
        return false;
    *passed = now - stretch->start;
    if (*passed > cycles)
        return true;
    if ((double)(hardware->time(hardware->self) - stretch->began) > stretch->guard)
        return run_settle(run, VERDICT_INCONCLUSIVE,
                          "the host's guard of %.1f s ran out after %" PRIu64 " of %" PRIu64
                          " cycles; a slow device needs a larger --time-scale",
                          stretch->guard / 1e9, *passed, cycles);
    hardware->wait(hardware->self, stretch->nap);
    stretch->nap = stretch->nap * 2 > NAP_LONGEST ? NAP_LONGEST : stretch->nap * 2;
    return true;
}

bool limit_await(struct run *run, const struct json *within, look *condition, void *context, bool *held)
{
    struct stretch stretch;
    uint64_t cycles, passed = 0;

    if (within == NULL)
        return condition(run, context, held);
    if (!value_resolve(run, within, &cycles) || !begin(run, &stretch, cycles))
        return false;
    do {
        if (!condition(run, context, held))
            return false;
        if (*held)
            return true;
        if (!pass(run, &stretch, cycles, &passed))
            return false;
    } while (passed <= cycles);
    return condition(run, context, held);
}

bool limit_delay(struct run *run, uint64_t cycles)
{
    struct stretch stretch;
    uint64_t passed;

    if (cycles == 0)
        return true;
    if (!begin(run, &stretch, cycles - 1))
        return false;
    do {
        if (!pass(run, &stretch, cycles - 1, &passed))
            return false;
    } while (passed < cycles);
    return true;
}
