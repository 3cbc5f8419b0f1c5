/*
 * Checks of the hardware layer, for whoever ports it: each asks for one duty in hardware.h with the little of the
 * device that bring-up may rely on (SCRATCH, CYCLES, the semaphores, one queue with NOP and COPY). A wrong layer is
 * found here, before it makes good devices fail vectors.
 */
#ifndef DOORBELL_PLAYER_SELFTEST_H
#define DOORBELL_PLAYER_SELFTEST_H

#include "hardware.h"

#include <stdio.h>

#define SELFTEST_TEXT_BYTES 256

struct selftest {
    struct hardware *hardware;
    char text[SELFTEST_TEXT_BYTES]; /* what went wrong */
};

/* Runs every check and reports KTAP. True: the layer passed. */
bool selftest_run(struct hardware *hardware, FILE *ktap);

/* Sets the text and gives false. */
bool selftest_wrong(struct selftest *test, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* 8 bytes of BAR0; false when the layer broke. */
bool selftest_read(struct selftest *test, uint64_t at, uint64_t *value);
bool selftest_write(struct selftest *test, uint64_t at, uint64_t value);

/* selftest_registers.c */
bool selftest_config(struct selftest *test);
bool selftest_scratch(struct selftest *test);
bool selftest_access_size(struct selftest *test);
bool selftest_access_order(struct selftest *test);
bool selftest_memory_bar(struct selftest *test);
bool selftest_time(struct selftest *test);

/* selftest_dma.c */
bool selftest_map(struct selftest *test);
bool selftest_coherence(struct selftest *test);
bool selftest_pages(struct selftest *test);
bool selftest_interrupt(struct selftest *test);
bool selftest_reset(struct selftest *test);

#endif
