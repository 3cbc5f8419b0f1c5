#include "run.h"

#include "guard.h"
#include "octets.h"
#include "ops.h"
#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool run_settle(struct run *run, enum verdict verdict, const char *format, ...)
{
    va_list arguments;

    run->outcome.verdict = verdict;
    run->outcome.step = run->step == NULL ? -1 : run->step_index;
    run->outcome.recipe = run->recipe;
    run->outcome.op = json_text(run->step, "op", "");
    va_start(arguments, format);
    vsnprintf(run->outcome.text, sizeof run->outcome.text, format, arguments);
    va_end(arguments);
    return false;
}

bool run_broken(struct run *run, const char *what)
{
    return run_settle(run, VERDICT_ERROR, "host: %s: %s", what, run->hardware->error(run->hardware->self));
}

struct buffer *run_buffer(struct run *run, const struct json *name)
{
    size_t i;

    for (i = 0; json_is(name, JSON_STRING) && i < run->buffer_count; i++)
        if (run->buffers[i].description->key_length == name->length &&
            memcmp(run->buffers[i].description->key, name->text, name->length) == 0)
            return &run->buffers[i];
    return NULL;
}

const struct saved *run_saved(const struct run *run, const struct json *name)
{
    size_t i;

    for (i = 0; json_is(name, JSON_STRING) && i < run->saved_count; i++)
        if (strcmp(run->saved[i].name, name->text) == 0)
            return &run->saved[i];
    return NULL;
}

bool run_save(struct run *run, const struct json *name, uint64_t value)
{
    const struct saved *before = run_saved(run, name);
    struct saved *larger;

    if (before != NULL) {
        run->saved[before - run->saved].value = value;
        return true;
    }
    larger = realloc(run->saved, (run->saved_count + 1) * sizeof *larger);
    if (larger == NULL)
        return run_settle(run, VERDICT_ERROR, "no memory for a saved value");
    run->saved = larger;
    run->saved[run->saved_count++] = (struct saved){name->text, value};
    return true;
}

bool run_clock(struct run *run, uint64_t *cycle)
{
    if (!run->hardware->bar_read(run->hardware->self, 0, run->suite->clock, 8, cycle))
        return run_broken(run, "bar_read of the cycle counter");
    if (*cycle == UINT64_MAX)
        return run_settle(run, VERDICT_FAIL, "the device is lost: its cycle counter reads all ones");
    run->cycle = *cycle;
    run->cycle_known = true;
    return true;
}

static bool play(struct run *run, const struct json *steps)
{
    run->step_index = 0;
    for (run->step = steps->first; run->step != NULL; run->step = run->step->next, run->step_index++)
        if (!op_find(run->step)->play(run))
            return false;
    return true;
}

static bool play_recipe(struct run *run, const char *name)
{
    bool held;

    run->recipe = name;
    held = play(run, suite_recipe(run->suite, name));
    if (held) {
        run->recipe = NULL;
        run->step = NULL;
    }
    return held;
}

struct outcome run_recipe(struct run *run, const char *name)
{
    run->outcome = (struct outcome){.verdict = VERDICT_PASS, .step = -1, .op = ""};
    play_recipe(run, name);
    run->recipe = NULL;
    run->step = NULL;
    return run->outcome;
}

static uint64_t member_count(const struct json *object, const char *key, uint64_t otherwise)
{
    const struct json *member = json_get(object, key);

    return member == NULL ? otherwise : member->integer;
}

static bool map_buffer(struct run *run, struct buffer *buffer)
{
    const struct json *description = buffer->description, *window = json_get(description, "window");
    const struct json *edge = json_get(description, "edge"), *writable = json_get(description, "writable");
    const struct mapping_request request = {
        .size = buffer->size,
        .align = member_count(description, "align", 64),
        .edge = edge == NULL ? -1 : (int)edge->integer,
        .window = json_equals(window, "low") ? WINDOW_LOW : json_equals(window, "high") ? WINDOW_HIGH : WINDOW_ANY,
        .place = run->place,
        .writable = writable == NULL || writable->truth,
    };

    if (request.window == WINDOW_HIGH && !(run->hardware->abilities & ABILITY_HIGH_ADDRESSES))
        return run_settle(run, VERDICT_NOT_SUPPORTED, "host lacks ability high_addresses, which buffer \"%.60s\" needs",
                          description->key);
    if (!run->hardware->buffer_map(run->hardware->self, &request, &buffer->mapping))
        return run_broken(run, "buffer_map");
    buffer->mapped = true;
    guard_fill(&buffer->mapping, buffer->size);
    return true;
}

/* Maps all buffers first: their contents may hold the addresses of others. */
static bool set_up(struct run *run)
{
    const struct json *all = json_get(run->vector, "buffers"), *one;
    size_t i = 0;

    run->buffers = calloc(all->length + 1, sizeof *run->buffers);
    run->interrupt_base = calloc(INTERRUPT_VECTORS_MAX, sizeof *run->interrupt_base);
    if (run->buffers == NULL || run->interrupt_base == NULL)
        return run_settle(run, VERDICT_ERROR, "no memory to play this vector");
    for (one = all->first; one != NULL; one = one->next, i++) {
        run->buffers[i] = (struct buffer){.description = one, .size = json_get(one, "size")->integer};
        run->buffer_count = i + 1;
        if (!map_buffer(run, &run->buffers[i]))
            return false;
    }
    for (i = 0; i < run->buffer_count; i++) {
        if (!octets_build(run, json_get(run->buffers[i].description, "init"), false, &run->octets))
            return false;
        memcpy(run->buffers[i].mapping.memory, run->octets.bytes, run->octets.length);
    }
    run->hardware->publish(run->hardware->self);
    for (i = 0; i < INTERRUPT_VECTORS_MAX; i++)
        run->interrupt_base[i] = run->hardware->interrupt_count(run->hardware->self, (unsigned)i);
    return true;
}

static void tear_down(struct run *run)
{
    size_t i;

    for (i = 0; i < run->buffer_count; i++)
        if (run->buffers[i].mapped && !run->hardware->buffer_unmap(run->hardware->self, &run->buffers[i].mapping) &&
            run->outcome.verdict < VERDICT_ERROR)
            run_broken(run, "buffer_unmap");
    free(run->buffers);
    free(run->interrupt_base);
    free(run->saved);
    run->buffers = NULL;
    run->interrupt_base = NULL;
    run->saved = NULL;
    run->buffer_count = run->saved_count = 0;
}

/* The device has written nowhere but into the buffers. */
static bool check_guards(struct run *run)
{
    uint64_t address;
    size_t i;

    run->step = NULL;
    run->hardware->fetch(run->hardware->self);
    for (i = 0; i < run->buffer_count; i++)
        if (!guard_intact(&run->buffers[i].mapping, run->buffers[i].size, &address))
            return run_settle(run, VERDICT_FAIL, "the device wrote to bus address 0x%" PRIx64 ", outside buffer \"%.60s\"",
                              address, run->buffers[i].description->key);
    return true;
}

static bool restore_config(struct run *run)
{
    if (!run->config_changed)
        return true;
    run->config_changed = false;
    return config_restore(run->hardware, &run->config) || run_broken(run, "configuration space");
}

static bool play_timed(struct run *run, uint64_t *cycles)
{
    uint64_t start, end;

    /* The counter can be read again only where the BARs are back in their places. */
    if (!run_clock(run, &start) || !play(run, json_get(run->vector, "steps")) || !restore_config(run) || !run_clock(run, &end))
        return false;
    *cycles = end - start;
    return true;
}

struct outcome run_vector(struct run *run, const struct json *vector, uint32_t place)
{
    struct outcome outcome;
    uint64_t cycles = 0;

    run->vector = vector;
    run->place = place;
    run->not_observed = false;
    run->outcome = (struct outcome){.verdict = VERDICT_PASS, .step = -1, .op = ""};
    if (play_recipe(run, "reset") && set_up(run) && play_timed(run, &cycles) && check_guards(run) && run->not_observed)
        run_settle(run, VERDICT_NOT_OBSERVED, "a link expectation needs an analyser; all else held");
    outcome = run->outcome;
    run->step = NULL;
    run->recipe = NULL;
    if (!restore_config(run) && outcome.verdict < VERDICT_ERROR)
        outcome = run->outcome;
    /* What a failed vector left running must not reach memory that is about to be freed. */
    if (outcome.verdict >= VERDICT_NOT_SUPPORTED)
        play_recipe(run, "queue_reset");
    run->outcome = outcome;
    run->outcome.cycles = cycles;
    run->recipe = NULL;
    run->step = NULL;
    tear_down(run);
    return run->outcome;
}
