/* Ops on the BARs: single accesses and blocks. */
#include "limit.h"
#include "octets.h"
#include "ops.h"
#include "report.h"
#include "values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct place {
    unsigned bar, size;
    uint64_t at, found;
    char where[40];
};

static bool find_place(struct run *run, struct place *place)
{
    const struct json *size = json_get(run->step, "size");

    place->bar = (unsigned)json_get(run->step, "bar")->integer;
    place->size = size == NULL ? 0 : (unsigned)size->integer;
    if (!value_resolve(run, json_get(run->step, "at"), &place->at))
        return false;
    snprintf(place->where, sizeof place->where, "BAR%u+0x%" PRIx64, place->bar, place->at);
    return true;
}

static bool look_at_register(struct run *run, void *context, bool *held)
{
    struct place *place = context;

    if (!run->hardware->bar_read(run->hardware->self, place->bar, place->at, place->size, &place->found))
        return run_broken(run, "bar_read");
    return expect_met(run, json_get(run->step, "expect"), place->found, held);
}

bool op_read(struct run *run)
{
    struct place place;
    bool held;

    return find_place(run, &place) && limit_await(run, json_get(run->step, "within"), look_at_register, &place, &held) &&
           op_judge(run, place.where, place.found, held);
}

bool op_write(struct run *run)
{
    struct place place;
    uint64_t value;

    if (!find_place(run, &place) || !value_resolve(run, json_get(run->step, "value"), &value))
        return false;
    value &= UINT64_MAX >> (64 - 8 * place.size);
    report_number(run->report, run, place.where, value, "", true);
    if (!run->hardware->bar_write(run->hardware->self, place.bar, place.at, place.size, value))
        return run_broken(run, "bar_write");
    return true;
}

/* The aligned 4 bytes around `at`, of which a block's edge may need fewer. */
static bool edge_word(struct run *run, const struct place *place, uint64_t at, uint64_t *word)
{
    if (!run->hardware->bar_read(run->hardware->self, place->bar, at & ~UINT64_C(3), 4, word))
        return run_broken(run, "bar_read");
    return true;
}

static bool read_words(struct run *run, const struct place *place, unsigned char *bytes, size_t length)
{
    size_t done = 0, part, i;
    uint64_t word;

    for (; done < length; done += part) {
        uint64_t at = place->at + done;

        part = at % 8 == 0 && length - done >= 8 ? 8 : 4 - at % 4;
        if (part > length - done)
            part = length - done;
        if (part == 8 ? !run->hardware->bar_read(run->hardware->self, place->bar, at, 8, &word)
                      : !edge_word(run, place, at, &word))
            return run_broken(run, "bar_read");
        for (i = 0; i < part; i++)
            bytes[done + i] = (unsigned char)(word >> 8 * (i + (part == 8 ? 0 : at % 4)));
    }
    return true;
}

static bool write_words(struct run *run, const struct place *place, const unsigned char *bytes, size_t length)
{
    size_t done = 0, part, i;
    uint64_t word;

    for (; done < length; done += part) {
        uint64_t at = place->at + done;
        unsigned size = at % 8 == 0 && length - done >= 8 ? 8 : 4;

        part = size == 8 ? 8 : 4 - at % 4;
        if (part > length - done)
            part = length - done;
        word = 0;
        if (part < 4 && !edge_word(run, place, at, &word))
            return false;
        for (i = 0; i < part; i++) {
            unsigned shift = (unsigned)(8 * (i + at % size));

            word = (word & ~(UINT64_C(0xFF) << shift)) | (uint64_t)bytes[done + i] << shift;
        }
        if (!run->hardware->bar_write(run->hardware->self, place->bar, at - at % size, size, word))
            return run_broken(run, "bar_write");
    }
    return true;
}

bool op_read_block(struct run *run)
{
    struct hardware *hardware = run->hardware;
    struct place place;
    size_t length;

    if (!find_place(run, &place) || !octets_build(run, json_get(run->step, "bytes"), true, &run->octets) ||
        !octets_room(run, &run->found, length = run->octets.length))
        return false;
    if (hardware->block_read == NULL) {
        if (!read_words(run, &place, run->found.bytes, length))
            return false;
    } else if (!hardware->block_read(hardware->self, place.bar, place.at, run->found.bytes, length)) {
        return run_broken(run, "block_read");
    }
    return op_judge_bytes(run, place.where, octets_differ(&run->octets, run->found.bytes) == length);
}

bool op_write_block(struct run *run)
{
    struct hardware *hardware = run->hardware;
    struct place place;

    if (!find_place(run, &place) || !octets_build(run, json_get(run->step, "bytes"), false, &run->octets))
        return false;
    report_bytes(run->report, run, place.where, run->octets.bytes, run->octets.length, true);
    if (hardware->block_write == NULL)
        return write_words(run, &place, run->octets.bytes, run->octets.length);
    if (!hardware->block_write(hardware->self, place.bar, place.at, run->octets.bytes, run->octets.length))
        return run_broken(run, "block_write");
    return true;
}
