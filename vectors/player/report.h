/*
 * What the player tells: KTAP on standard output, and, if asked for, a file with one JSON object a line: first
 * a header of the run, then every transaction, and a verdict after each vector.
 */
#ifndef DOORBELL_PLAYER_REPORT_H
#define DOORBELL_PLAYER_REPORT_H

#include "run.h"

#include <stdio.h>

struct report {
    FILE *ktap;
    FILE *lines; /* NULL: no file */
    const char *device, *suite_path; /* as the command line gave them */
    unsigned number;
    unsigned counts[VERDICT_COUNT];
};

/* `plan` is how many vectors will be played. */
void report_start(struct report *report, const struct run *run, size_t plan);
void report_vector(struct report *report, const struct json *vector, const struct outcome *outcome);
void report_end(struct report *report, size_t not_run);

/* A line for people: a comment in the KTAP. */
void report_comment(struct report *report, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* One transaction of the run's current step. `where` says what was touched, such as "BAR0+0x10". */
void report_number(struct report *report, const struct run *run, const char *where, uint64_t data,
                   const char *expected, bool ok);
void report_bytes(struct report *report, const struct run *run, const char *where, const unsigned char *bytes,
                  size_t length, bool ok);
void report_event(struct report *report, const struct run *run, const char *where, bool ok);

#endif
