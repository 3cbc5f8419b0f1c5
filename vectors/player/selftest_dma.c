/* Self-test of what the device does with the host's memory, of interrupts and of the reset. */
#include "doorbell_contract.h"
#include "octets.h"
#include "selftest.h"

#include <inttypes.h>
#include <string.h>

#define PAGE 4096
#define ROUNDS 24
#define TRIES 20000
#define NAP 50000
#define CYCLES_MAX 2000000
#define SLOTS_LOG2 4
#define RECORD_AT 0
#define VECTOR 1

/* One queue with its ring and record. */
struct queue {
    struct mapping ring, record;
    uint64_t put;
};

static bool map(struct selftest *test, struct mapping *mapping, uint64_t size, uint64_t align, int edge,
                enum window window)
{
    const struct mapping_request request = {
        .size = size, .align = align, .edge = edge, .window = window, .writable = true};

    return test->hardware->buffer_map(test->hardware->self, &request, mapping) ||
           selftest_wrong(test, "buffer_map broke: %s", test->hardware->error(test->hardware->self));
}

static void unmap(struct selftest *test, struct mapping *mapping)
{
    test->hardware->buffer_unmap(test->hardware->self, mapping);
}

static void put_le(unsigned char *bytes, unsigned size, uint64_t value)
{
    unsigned i;

    for (i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get_le(const unsigned char *bytes)
{
    uint64_t value = 0;
    int i;

    for (i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* Resets the device and starts queue 0. */
static bool open_queue(struct selftest *test, struct queue *queue)
{
    uint64_t at = DB_QUEUE_OFFSET(0), status = 0;
    int tries = 0;

    queue->put = 0;
    if (!map(test, &queue->ring, (uint64_t)DB_PACKET_BYTES << SLOTS_LOG2, PAGE, -1, WINDOW_ANY))
        return false;
    if (!map(test, &queue->record, 64, 64, -1, WINDOW_ANY)) {
        unmap(test, &queue->ring);
        return false;
    }
    if (!selftest_write(test, DB_DEVICE_CONTROL, DB_DEVICE_CONTROL_RESET_MASK))
        return false;
    do {
        if (!selftest_read(test, DB_DEVICE_STATUS, &status))
            return false;
    } while ((status & DB_DEVICE_STATUS_RESETTING_MASK) != 0 && ++tries < TRIES);
    return selftest_write(test, at + DB_QUEUE_RING_BASE, queue->ring.address) &&
           selftest_write(test, at + DB_QUEUE_RING_LOG2, SLOTS_LOG2) && selftest_write(test, at + DB_QUEUE_START, 0) &&
           selftest_write(test, at + DB_QUEUE_CONTROL, DB_QUEUE_CONTROL_ENABLE_MASK);
}

static void close_queue(struct selftest *test, struct queue *queue)
{
    uint64_t value;

    /* Idle before its memory goes. */
    if (test->hardware->bar_write(test->hardware->self, 0, DB_QUEUE_OFFSET(0) + DB_QUEUE_CONTROL, 8,
                                  DB_QUEUE_CONTROL_RESET_MASK))
        test->hardware->bar_read(test->hardware->self, 0, DB_QUEUE_OFFSET(0) + DB_QUEUE_STATUS, 8, &value);
    unmap(test, &queue->record);
    unmap(test, &queue->ring);
}

/* Rings for a NOP or a COPY and waits for its record. */
static bool command(struct selftest *test, struct queue *queue, const struct mapping *source,
                    const struct mapping *destination, uint32_t length, unsigned flags)
{
    struct hardware *hardware = test->hardware;
    unsigned char packet[DB_PACKET_BYTES] = {0};
    uint64_t start, now, value = queue->put + 1;
    int tries;

    packet[0] = source == NULL ? DB_OPCODE_NOP : DB_OPCODE_COPY;
    packet[1] = (unsigned char)(DB_FLAG_RECORD | flags);
    if (flags & DB_FLAG_INTERRUPT)
        put_le(packet + 2, 2, VECTOR);
    if (source != NULL) {
        put_le(packet + 8, 8, source->address);
        put_le(packet + 16, 8, destination->address);
        put_le(packet + 24, 4, length);
    }
    put_le(packet + 48, 8, queue->record.address + RECORD_AT);
    put_le(packet + 56, 8, value);
    memcpy(queue->ring.memory + DB_PACKET_BYTES * (queue->put % (1 << SLOTS_LOG2)), packet, sizeof packet);
    hardware->publish(hardware->self);
    if (!selftest_read(test, DB_DEVICE_CYCLES, &start) || !selftest_write(test, DB_DOORBELL_OFFSET(0), ++queue->put))
        return false;
    for (tries = 0; tries < TRIES; tries++) {
        if (!selftest_read(test, DB_DEVICE_CYCLES, &now))
            return false;
        hardware->fetch(hardware->self);
        if (get_le(queue->record.memory + RECORD_AT + 8) == value)
            return true;
        if (now - start > CYCLES_MAX)
            break;
        hardware->wait(hardware->self, NAP);
    }
    return selftest_wrong(test, "no record of command %" PRIu64 " after %" PRIu64
                          " cycles: the device does not see what was published, or the CPU not what it wrote",
                          value, now - start);
}

static bool check_mapping(struct selftest *test, const struct mapping *mapping, uint64_t size, uint64_t align, int edge,
                          enum window window)
{
    uint64_t address = mapping->address, i;

    if (edge >= 0 ? address % PAGE != (uint64_t)edge : address % align != 0)
        return selftest_wrong(test, "bus address 0x%" PRIx64 " for align %" PRIu64 ", edge %d", address, align, edge);
    if (window == WINDOW_LOW && address + size > UINT64_C(1) << 32)
        return selftest_wrong(test, "bus address 0x%" PRIx64 " is not below 4 GiB", address);
    if (window == WINDOW_HIGH && address < UINT64_C(1) << 32)
        return selftest_wrong(test, "bus address 0x%" PRIx64 " is not at or above 4 GiB", address);
    for (i = 0; i < size; i++)
        if (mapping->memory[i] != 0)
            return selftest_wrong(test, "byte %" PRIu64 " of new memory is not zero", i);
    return true;
}

bool selftest_map(struct selftest *test)
{
    static const struct {
        uint64_t size, align;
        int edge;
        enum window window;
    } wanted[] = {
        {1, 1, -1, WINDOW_ANY},       {64, 64, -1, WINDOW_LOW},      {100, 4, 4093, WINDOW_ANY},
        {5000, 64, 1, WINDOW_LOW},    {256, 256, -1, WINDOW_HIGH},   {4096, 65536, -1, WINDOW_ANY},
        {20000, 64, -1, WINDOW_HIGH}, {12288, 4096, -1, WINDOW_LOW}, {16, 2097152, 4095, WINDOW_ANY},
    };
    struct mapping mappings[sizeof wanted / sizeof *wanted];
    size_t count = 0, i, j, all = sizeof wanted / sizeof *wanted;
    bool held = true;

    for (i = 0; i < all && held; i++) {
        enum window window = wanted[i].window;

        if (window == WINDOW_HIGH && !(test->hardware->abilities & ABILITY_HIGH_ADDRESSES))
            window = WINDOW_ANY;
        held = map(test, &mappings[i], wanted[i].size, wanted[i].align, wanted[i].edge, window);
        count += held;
        held = held && check_mapping(test, &mappings[i], wanted[i].size, wanted[i].align, wanted[i].edge, window);
        for (j = 0; j < i && held; j++)
            if (mappings[i].address < mappings[j].address + wanted[j].size &&
                mappings[j].address < mappings[i].address + wanted[i].size)
                held = selftest_wrong(test, "two buffers share bus address 0x%" PRIx64, mappings[i].address);
        if (held)
            memset(mappings[i].memory, 0xA5, wanted[i].size);
    }
    while (count > 0)
        unmap(test, &mappings[--count]);
    for (i = 0; i < 500 && held; i++) {
        held = map(test, &mappings[0], 4096, 64, -1, WINDOW_ANY) &&
               check_mapping(test, &mappings[0], 4096, 64, -1, WINDOW_ANY);
        if (held)
            unmap(test, &mappings[0]);
    }
    return held;
}

/* Copies `size` bytes from one buffer to another, with new contents each round, and compares. */
static bool copy_rounds(struct selftest *test, struct queue *queue, uint32_t size, int edge, int rounds)
{
    struct mapping source, destination;
    bool held;
    uint64_t i;
    int round;

    if (!map(test, &source, size, 64, -1, WINDOW_ANY))
        return false;
    if (!map(test, &destination, size, 64, edge, WINDOW_ANY)) {
        unmap(test, &source);
        return false;
    }
    held = true;
    for (round = 0; round < rounds && held; round++) {
        for (i = 0; i < size; i++)
            source.memory[i] = (unsigned char)(stream_word((uint64_t)round, i / 8) >> 8 * (i % 8));
        held = command(test, queue, &source, &destination, size, 0);
        for (i = 0; i < size && held; i++)
            if (destination.memory[i] != source.memory[i])
                held = selftest_wrong(test, "round %d: byte %" PRIu64 " of %" PRIu32 " was copied as 0x%02x, not 0x%02x",
                                      round, i, size, destination.memory[i], source.memory[i]);
    }
    unmap(test, &destination);
    unmap(test, &source);
    return held;
}

bool selftest_coherence(struct selftest *test)
{
    struct queue queue;
    bool held;

    if (!open_queue(test, &queue))
        return false;
    held = copy_rounds(test, &queue, 200, -1, ROUNDS);
    close_queue(test, &queue);
    return held;
}

bool selftest_pages(struct selftest *test)
{
    struct queue queue;
    bool held;

    if (!open_queue(test, &queue))
        return false;
    held = copy_rounds(test, &queue, 5 * PAGE, 4091, 2);
    close_queue(test, &queue);
    return held;
}

static bool count_is(struct selftest *test, uint64_t base, uint64_t wanted)
{
    struct hardware *hardware = test->hardware;
    uint64_t count = 0, value;
    int tries;

    for (tries = 0; tries < TRIES && count < wanted; tries++) {
        if (!selftest_read(test, DB_DEVICE_CYCLES, &value))
            return false;
        count = hardware->interrupt_count(hardware->self, VECTOR) - base;
        if (count < wanted)
            hardware->wait(hardware->self, NAP);
    }
    if (hardware->abilities & ABILITY_INTERRUPT_COUNT ? count != wanted : count < 1)
        return selftest_wrong(test, "%" PRIu64 " interrupts of vector %u were counted, expected %" PRIu64, count, VECTOR,
                              wanted);
    return true;
}

bool selftest_interrupt(struct selftest *test)
{
    struct hardware *hardware = test->hardware;
    uint64_t base, other, other_base;
    struct queue queue;
    bool held;

    if (!open_queue(test, &queue))
        return false;
    held = (hardware->interrupt_setup(hardware->self, VECTOR) && hardware->interrupt_setup(hardware->self, VECTOR + 1)) ||
           selftest_wrong(test, "interrupt_setup broke: %s", hardware->error(hardware->self));
    base = hardware->interrupt_count(hardware->self, VECTOR);
    other_base = hardware->interrupt_count(hardware->self, VECTOR + 1);
    held = held && command(test, &queue, NULL, NULL, 0, 0) &&
           (hardware->interrupt_count(hardware->self, VECTOR) == base ||
            selftest_wrong(test, "an interrupt was counted that no command asked for")) &&
           command(test, &queue, NULL, NULL, 0, DB_FLAG_INTERRUPT) && count_is(test, base, 1) &&
           command(test, &queue, NULL, NULL, 0, DB_FLAG_INTERRUPT) && count_is(test, base, 2);
    other = hardware->interrupt_count(hardware->self, VECTOR + 1) - other_base;
    if (held && other != 0)
        held = selftest_wrong(test, "%" PRIu64 " interrupts of vector %u were counted, which no command raised", other,
                              VECTOR + 1);
    close_queue(test, &queue);
    return held;
}

bool selftest_reset(struct selftest *test)
{
    struct hardware *hardware = test->hardware;
    struct queue queue;
    uint64_t value;
    bool held;

    if (!selftest_write(test, DB_DEVICE_SCRATCH, 0x55) || !selftest_read(test, DB_DEVICE_SCRATCH, &value))
        return false;
    if (!hardware->reset(hardware->self))
        return selftest_wrong(test, "reset broke: %s", hardware->error(hardware->self));
    if (!selftest_read(test, DB_DEVICE_IDENTITY, &value))
        return false;
    if (value != DB_IDENTITY)
        return selftest_wrong(test, "IDENTITY reads 0x%" PRIx64 " after the reset: the function is not usable", value);
    if (!selftest_read(test, DB_DEVICE_SCRATCH, &value))
        return false;
    if (value != 0)
        return selftest_wrong(test, "SCRATCH reads 0x%" PRIx64 " after the reset: nothing was reset", value);
    if (!open_queue(test, &queue))
        return false;
    held = command(test, &queue, NULL, NULL, 0, 0);
    if (!held)
        selftest_wrong(test, "the device reaches no memory after the reset: is it bus master again?");
    close_queue(test, &queue);
    return held;
}
