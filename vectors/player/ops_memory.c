/* Ops on host memory. */
#include "limit.h"
#include "octets.h"
#include "ops.h"
#include "report.h"
#include "values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct spot {
    const struct buffer *buffer;
    uint64_t at, word;
    char where[100];
};

static bool find_spot(struct run *run, uint64_t length, struct spot *spot)
{
    const struct json *name = json_get(run->step, "buffer");

    spot->buffer = run_buffer(run, name);
    spot->at = json_get(run->step, "at")->integer;
    if (spot->buffer == NULL || !spot->buffer->mapped)
        return run_settle(run, VERDICT_ERROR, "no buffer \"%.60s\" in this vector", name->text);
    if (spot->at > spot->buffer->size || length > spot->buffer->size - spot->at)
        return run_settle(run, VERDICT_ERROR, "bytes past the end of buffer \"%.60s\"", name->text);
    snprintf(spot->where, sizeof spot->where, "%.60s+0x%" PRIx64, name->text, spot->at);
    return true;
}

bool op_put(struct run *run)
{
    struct spot spot;

    if (!octets_build(run, json_get(run->step, "bytes"), false, &run->octets) ||
        !find_spot(run, run->octets.length, &spot))
        return false;
    memcpy(spot.buffer->mapping.memory + spot.at, run->octets.bytes, run->octets.length);
    report_bytes(run->report, run, spot.where, run->octets.bytes, run->octets.length, true);
    return true;
}

bool op_publish(struct run *run)
{
    run->hardware->publish(run->hardware->self);
    report_event(run->report, run, "", true);
    return true;
}

/* The copy in `found` is what is judged and reported: the device may go on writing. */
static bool look_at_memory(struct run *run, void *context, bool *held)
{
    const struct spot *spot = context;

    run->hardware->fetch(run->hardware->self);
    memcpy(run->found.bytes, spot->buffer->mapping.memory + spot->at, run->octets.length);
    *held = octets_differ(&run->octets, run->found.bytes) == run->octets.length;
    return true;
}

bool op_memory(struct run *run)
{
    struct spot spot;
    bool held;

    return octets_build(run, json_get(run->step, "bytes"), true, &run->octets) &&
           octets_room(run, &run->found, run->octets.length) && find_spot(run, run->octets.length, &spot) &&
           limit_await(run, json_get(run->step, "within"), look_at_memory, &spot, &held) &&
           op_judge_bytes(run, spot.where, held);
}

/*
 * One aligned 8-byte load where the CPU has it, so that a word which the device writes at once is never seen torn;
 * then put in order byte by byte, whatever the CPU's own order is.
 */
static uint64_t load_word(const unsigned char *memory)
{
    unsigned char bytes[8];
    uint64_t word = 0;
    int i;

    if ((uintptr_t)memory % 8 == 0)
        word = *(const volatile uint64_t *)(const void *)memory;
    else
        memcpy(&word, memory, 8);
    memcpy(bytes, &word, 8);
    for (word = 0, i = 0; i < 8; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

static bool look_at_word(struct run *run, void *context, bool *held)
{
    struct spot *spot = context;

    run->hardware->fetch(run->hardware->self);
    spot->word = load_word(spot->buffer->mapping.memory + spot->at);
    return expect_met(run, json_get(run->step, "expect"), spot->word, held);
}

bool op_word(struct run *run)
{
    struct spot spot;
    bool held;

    return find_spot(run, 8, &spot) && limit_await(run, json_get(run->step, "within"), look_at_word, &spot, &held) &&
           op_judge(run, spot.where, spot.word, held);
}
