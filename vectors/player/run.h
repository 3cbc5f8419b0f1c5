/*
 * One vector at work: what its steps share. Every function that takes a `struct run` and returns bool gives
 * true to go on; false means that the run is settled (`outcome` says how) and nothing more is to be done.
 */
#ifndef DOORBELL_PLAYER_RUN_H
#define DOORBELL_PLAYER_RUN_H

#include "config.h"
#include "hardware.h"
#include "json.h"
#include "suite.h"
#include "verdict.h"

#define OUTCOME_BYTES 640

struct report;

struct buffer {
    const struct json *description; /* member of the vector's `buffers` */
    uint64_t size;
    struct mapping mapping;
    bool mapped;
};

struct saved {
    const char *name;
    uint64_t value;
};

struct outcome {
    enum verdict verdict;
    int step;           /* index of the op that settled it, or -1 */
    const char *recipe; /* the recipe whose op it was, or NULL: the vector's own steps */
    const char *op;     /* its name, or "" */
    uint64_t cycles;    /* device time that the steps took, when all were played */
    char text[OUTCOME_BYTES];
};

struct octets {
    unsigned char *bytes;
    unsigned char *mask; /* a byte compares equal under it; NULL: all bits count */
    size_t length, room;
};

struct run {
    struct hardware *hardware;
    const struct suite *suite;
    struct report *report;
    double time_scale;
    struct config config; /* as it was when the player began */
    bool config_changed;  /* by the vector at work */

    const struct json *vector; /* at work, or the last one */
    const char *recipe;
    const struct json *step;
    int step_index;

    uint32_t place;
    struct buffer *buffers;
    size_t buffer_count;
    struct saved *saved;
    size_t saved_count;
    uint64_t *interrupt_base; /* counts when the vector began, by vector */

    struct octets octets; /* what the current op's segments stand for */
    struct octets found;  /* what was read to compare with them */
    uint64_t cycle;       /* last reading of the device's counter */
    bool cycle_known;

    struct outcome outcome;
    bool not_observed; /* a `link` expectation was passed over */
};

/* Ends the run with this verdict and text; always false. */
bool run_settle(struct run *run, enum verdict verdict, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Ends the run because a function of the hardware layer gave false. */
bool run_broken(struct run *run, const char *what);

/* Plays an op list of the suite, before or after a vector; the outcome is PASS when all of it held. */
struct outcome run_recipe(struct run *run, const char *name);

/* Plays one vector from reset to unmapping; recovery is the caller's. `place`: see struct mapping_request. */
struct outcome run_vector(struct run *run, const struct json *vector, uint32_t place);

struct buffer *run_buffer(struct run *run, const struct json *name);
bool run_save(struct run *run, const struct json *name, uint64_t value);
const struct saved *run_saved(const struct run *run, const struct json *name);

/* Reads the device's cycle counter. */
bool run_clock(struct run *run, uint64_t *cycle);

#endif
