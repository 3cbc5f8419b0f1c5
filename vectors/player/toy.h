/*
 * A small device of the contract inside this process: registers, one queue (NOP and COPY, records,
 * interrupts), a little memory. It does at once what it is told and is no model of anything; it is here so that
 * the player and its self-test can be tried without a device.
 */
#ifndef DOORBELL_PLAYER_TOY_H
#define DOORBELL_PLAYER_TOY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOY_CONFIG_BYTES 256
#define TOY_MEMORY_BYTES 65536
#define TOY_SEMAPHORES 1024
#define TOY_VECTORS 4

/* How the toy reaches its host; false or nothing when there is no such memory. */
struct toy_host {
    bool (*dma)(void *self, uint64_t address, void *bytes, size_t length, bool write);
    void (*interrupt)(void *self, unsigned vector);
    void *self;
};

struct toy {
    struct toy_host host;
    unsigned char config[TOY_CONFIG_BYTES];
    unsigned char memory[TOY_MEMORY_BYTES];
    uint64_t semaphores[TOY_SEMAPHORES];
    uint64_t msix[2 * TOY_VECTORS];
    uint64_t cycles, scratch, dropped_doorbells, dropped_writes;
    uint64_t ring_base, ring_log2, start, put, get, staged;
    unsigned state;
};

void toy_power_on(struct toy *toy, struct toy_host host);
void toy_function_reset(struct toy *toy);
uint32_t toy_config_read(const struct toy *toy, unsigned at, unsigned size);
void toy_config_write(struct toy *toy, unsigned at, unsigned size, uint32_t value);
uint64_t toy_read(struct toy *toy, unsigned bar, uint64_t at, unsigned size);
void toy_write(struct toy *toy, unsigned bar, uint64_t at, unsigned size, uint64_t value);

#endif
