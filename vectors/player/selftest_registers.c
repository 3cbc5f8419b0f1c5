/* Self-test of everything that needs no memory of the host. */
#include "config.h"
#include "doorbell_contract.h"
#include "selftest.h"

#include <inttypes.h>

#define ROUNDS 200
#define PATTERN UINT64_C(0x0123456789ABCDEF)

static bool config(struct selftest *test, unsigned at, unsigned size, uint32_t *value)
{
    return test->hardware->config_read(test->hardware->self, at, size, value) ||
           selftest_wrong(test, "config_read broke: %s", test->hardware->error(test->hardware->self));
}

static bool config_set(struct selftest *test, unsigned at, unsigned size, uint32_t value)
{
    return test->hardware->config_write(test->hardware->self, at, size, value) ||
           selftest_wrong(test, "config_write broke: %s", test->hardware->error(test->hardware->self));
}

bool selftest_config(struct selftest *test)
{
    uint32_t word, part, ids;
    unsigned at, pcie, i;

    if (!config(test, 0, 4, &ids))
        return false;
    if (ids != (DB_DEVICE_ID << 16 | DB_VENDOR_ID))
        return selftest_wrong(test, "device and vendor ID are 0x%" PRIx32 ", expected 0x%" PRIx32, ids,
                              (uint32_t)(DB_DEVICE_ID << 16 | DB_VENDOR_ID));
    for (at = 0; at < 64; at += 4) {
        if (!config(test, at, 4, &word))
            return false;
        for (i = 0; i < 4; i++) {
            if (!config(test, at + i, 1, &part))
                return false;
            if (part != (word >> 8 * i & 0xFF))
                return selftest_wrong(test, "1 byte at %u is 0x%" PRIx32 ", but 4 bytes at %u are 0x%" PRIx32, at + i,
                                      part, at, word);
        }
        if (!config(test, at + 2, 2, &part))
            return false;
        if (part != word >> 16)
            return selftest_wrong(test, "2 bytes at %u are 0x%" PRIx32 ", but 4 bytes at %u are 0x%" PRIx32, at + 2,
                                  part, at, word);
    }
    if (!config_find(test->hardware, CONFIG_CAPABILITY_PCIE, &pcie) || pcie == 0)
        return selftest_wrong(test, "no PCI Express capability in the list");
    /* Device Control: writing one of its bytes leaves the other alone. */
    if (!config(test, pcie + 8, 2, &word) || !config_set(test, pcie + 8, 2, (word & 0x0FFF) | 0x1000) ||
        !config_set(test, pcie + 8, 1, word & 0xFF) || !config(test, pcie + 8, 2, &part) ||
        !config_set(test, pcie + 8, 2, word))
        return test->text[0] ? false : selftest_wrong(test, "configuration space broke");
    if (part >> 8 != ((word & 0x0F00) | 0x1000) >> 8)
        return selftest_wrong(test, "writing 1 byte of Device Control changed its other byte to 0x%" PRIx32, part >> 8);
    return true;
}

bool selftest_scratch(struct selftest *test)
{
    struct hardware *hardware = test->hardware;
    uint64_t value, low, high;
    unsigned bit;

    if (!selftest_read(test, DB_DEVICE_IDENTITY, &value))
        return false;
    if (value != DB_IDENTITY)
        return selftest_wrong(test, "IDENTITY reads 0x%" PRIx64 ", expected 0x%" PRIx64, value, DB_IDENTITY);
    for (bit = 0; bit < 64; bit++) {
        if (!selftest_write(test, DB_DEVICE_SCRATCH, UINT64_C(1) << bit) ||
            !selftest_read(test, DB_DEVICE_SCRATCH, &value))
            return false;
        if (value != UINT64_C(1) << bit)
            return selftest_wrong(test, "SCRATCH reads 0x%" PRIx64 " after bit %u was written", value, bit);
    }
    if (!selftest_write(test, DB_DEVICE_SCRATCH, PATTERN))
        return false;
    if (!hardware->bar_read(hardware->self, 0, DB_DEVICE_SCRATCH, 4, &low) ||
        !hardware->bar_read(hardware->self, 0, DB_DEVICE_SCRATCH + 4, 4, &high))
        return selftest_wrong(test, "bar_read broke: %s", hardware->error(hardware->self));
    if (low != (PATTERN & UINT32_MAX) || high != PATTERN >> 32)
        return selftest_wrong(test, "the halves of SCRATCH read 0x%" PRIx64 " and 0x%" PRIx64 " after 0x%" PRIx64, low,
                              high, PATTERN);
    return true;
}

/* Semaphores take 8 bytes only, doorbells tell halves apart: a split or widened access shows. */
bool selftest_access_size(struct selftest *test)
{
    struct hardware *hardware = test->hardware;
    const uint64_t semaphore = DB_SEMAPHORE_SET_OFFSET + 8, page = DB_DOORBELL_OFFSET(0);
    uint64_t before, after, value;

    if (!selftest_read(test, DB_DEVICE_DROPPED_WRITES, &before) || !selftest_write(test, semaphore, PATTERN) ||
        !selftest_read(test, semaphore, &value) || !selftest_read(test, DB_DEVICE_DROPPED_WRITES, &after))
        return false;
    if (after != before)
        return selftest_wrong(test, "8-byte writes arrive in pieces: the device dropped %" PRIu64, after - before);
    if (value != PATTERN)
        return selftest_wrong(test, "a semaphore reads 0x%" PRIx64 " after 0x%" PRIx64 ": 8-byte accesses are split",
                              value, PATTERN);
    if (!selftest_write(test, DB_DEVICE_SCRATCH, PATTERN) ||
        !hardware->bar_write(hardware->self, 0, DB_DEVICE_SCRATCH + 4, 4, 7) ||
        !selftest_read(test, DB_DEVICE_SCRATCH, &value))
        return test->text[0] ? false : selftest_wrong(test, "bar_write broke");
    if (value != ((PATTERN & UINT32_MAX) | UINT64_C(7) << 32))
        return selftest_wrong(test, "a 4-byte write of the high half made SCRATCH 0x%" PRIx64, value);
    /* The queue is DISABLED: a low half rings nothing, a high half is a dropped doorbell. */
    if (!selftest_write(test, DB_DEVICE_DROPPED_DOORBELLS, UINT64_MAX) ||
        !hardware->bar_write(hardware->self, 0, page, 4, 1) ||
        !selftest_read(test, DB_DEVICE_DROPPED_DOORBELLS, &before) ||
        !hardware->bar_write(hardware->self, 0, page + 4, 4, 0) ||
        !selftest_read(test, DB_DEVICE_DROPPED_DOORBELLS, &after) ||
        !selftest_write(test, DB_DEVICE_DROPPED_DOORBELLS, UINT64_MAX))
        return test->text[0] ? false : selftest_wrong(test, "bar_write broke");
    if ((before & 1) != 0 || (after & 1) != 1)
        return selftest_wrong(test, "4-byte writes are widened: halves of a doorbell gave %u and %u dropped doorbells",
                              (unsigned)(before & 1), (unsigned)(after & 1));
    return true;
}

bool selftest_access_order(struct selftest *test)
{
    uint64_t i, value;

    for (i = 0; i < ROUNDS; i++) {
        if (!selftest_write(test, DB_DEVICE_SCRATCH, i) || !selftest_write(test, DB_DEVICE_SCRATCH, ~i) ||
            !selftest_read(test, DB_DEVICE_SCRATCH, &value))
            return false;
        if (value != ~i)
            return selftest_wrong(test, "a read overtook a write, or writes changed places: SCRATCH reads 0x%" PRIx64
                                  " after 0x%" PRIx64, value, ~i);
    }
    return true;
}

bool selftest_memory_bar(struct selftest *test)
{
    struct hardware *hardware = test->hardware;
    unsigned char bytes[61], back[61];
    uint64_t value, i;

    if (!hardware->bar_write(hardware->self, 2, DB_DEVICE_SCRATCH, 8, PATTERN) ||
        !selftest_write(test, DB_DEVICE_SCRATCH, 1) ||
        !hardware->bar_read(hardware->self, 2, DB_DEVICE_SCRATCH + 4, 4, &value))
        return test->text[0] ? false : selftest_wrong(test, "BAR2 broke: %s", hardware->error(hardware->self));
    if (value != PATTERN >> 32)
        return selftest_wrong(test, "device memory reads 0x%" PRIx64 " through BAR2, expected 0x%" PRIx64, value,
                              PATTERN >> 32);
    if (hardware->block_read == NULL)
        return true;
    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(3 * i + 1);
    if (!hardware->block_write(hardware->self, 2, 4099, bytes, sizeof bytes) ||
        !hardware->block_read(hardware->self, 2, 4099, back, sizeof back))
        return selftest_wrong(test, "blocks of BAR2 broke: %s", hardware->error(hardware->self));
    for (i = 0; i < sizeof bytes; i++)
        if (bytes[i] != back[i])
            return selftest_wrong(test, "byte %" PRIu64 " of a block at an odd address differs", i);
    return true;
}

bool selftest_time(struct selftest *test)
{
    struct hardware *hardware = test->hardware;
    uint64_t first = hardware->time(hardware->self), before = first, now, cycle, cycle_before = 0;
    int i;

    for (i = 0; i < 100 * ROUNDS; i++, before = now) {
        now = hardware->time(hardware->self);
        if (now < before)
            return selftest_wrong(test, "time went back from %" PRIu64 " to %" PRIu64 " ns", before, now);
    }
    for (i = 0; i < ROUNDS; i++) {
        hardware->wait(hardware->self, 100000);
        if (!selftest_read(test, DB_DEVICE_CYCLES, &cycle))
            return false;
        if (cycle < cycle_before)
            return selftest_wrong(test, "CYCLES went back from %" PRIu64 " to %" PRIu64, cycle_before, cycle);
        cycle_before = cycle;
    }
    if (hardware->time(hardware->self) == first)
        return selftest_wrong(test, "time stands still at %" PRIu64 " ns", first);
    return true;
}
