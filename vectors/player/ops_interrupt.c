/* Ops on interrupts. Counts are taken since the vector began. */
#include "limit.h"
#include "ops.h"
#include "report.h"
#include "values.h"

#include <inttypes.h>
#include <stdio.h>

struct messages {
    unsigned vector;
    uint64_t wanted, count;
    char where[32];
};

static void name_vector(struct run *run, struct messages *messages)
{
    messages->vector = (unsigned)json_get(run->step, "vector")->integer;
    snprintf(messages->where, sizeof messages->where, "interrupt %u", messages->vector);
}

static uint64_t count(struct run *run, unsigned vector)
{
    return run->hardware->interrupt_count(run->hardware->self, vector) - run->interrupt_base[vector];
}

bool op_interrupt_setup(struct run *run)
{
    struct messages messages;

    name_vector(run, &messages);
    report_event(run->report, run, messages.where, true);
    if (!run->hardware->interrupt_setup(run->hardware->self, messages.vector))
        return run_broken(run, "interrupt_setup");
    return true;
}

bool op_interrupt_mask(struct run *run)
{
    bool masked = json_get(run->step, "masked")->truth;
    struct messages messages;

    name_vector(run, &messages);
    if (run->hardware->interrupt_mask == NULL)
        return run_settle(run, VERDICT_NOT_SUPPORTED, "this host cannot set the mask bit of an interrupt vector");
    report_number(run->report, run, messages.where, masked, "", true);
    if (!run->hardware->interrupt_mask(run->hardware->self, messages.vector, masked))
        return run_broken(run, "interrupt_mask");
    return true;
}

static bool look_at_count(struct run *run, void *context, bool *held)
{
    struct messages *messages = context;

    messages->count = count(run, messages->vector);
    *held = messages->count >= messages->wanted;
    return true;
}

bool op_interrupt_wait(struct run *run)
{
    struct messages messages;
    char expected[32];
    bool held;

    name_vector(run, &messages);
    messages.wanted = json_get(run->step, "count")->integer;
    if (messages.wanted > 1 && !(run->hardware->abilities & ABILITY_INTERRUPT_COUNT))
        return run_settle(run, VERDICT_NOT_SUPPORTED, "host lacks ability interrupt_count: it may merge %" PRIu64
                          " messages", messages.wanted);
    if (!limit_await(run, json_get(run->step, "within"), look_at_count, &messages, &held))
        return false;
    snprintf(expected, sizeof expected, "at least %" PRIu64, messages.wanted);
    report_number(run->report, run, messages.where, messages.count, expected, held);
    if (!held)
        return run_settle(run, VERDICT_FAIL, "interrupt_wait %s: expected %s, found %" PRIu64, messages.where, expected,
                          messages.count);
    return true;
}

/* Whether a host that merges messages can tell: none at all, or at least one. */
static bool needs_no_count(struct run *run, const struct json *expect)
{
    uint64_t value;

    if (json_get(expect, "any") != NULL)
        return true;
    if (json_get(expect, "mask") != NULL || json_get(expect, "in") != NULL || json_get(expect, "max") != NULL)
        return false;
    if (json_get(expect, "eq") != NULL)
        return value_resolve(run, json_get(expect, "eq"), &value) && value == 0;
    return value_resolve(run, json_get(expect, "min"), &value) && value <= 1;
}

bool op_interrupts(struct run *run)
{
    const struct json *expect = json_get(run->step, "expect");
    struct messages messages;
    bool held;

    name_vector(run, &messages);
    if (!(run->hardware->abilities & ABILITY_INTERRUPT_COUNT) && !needs_no_count(run, expect))
        return run_settle(run, VERDICT_NOT_SUPPORTED, "host lacks ability interrupt_count, which this expectation needs");
    messages.count = count(run, messages.vector);
    return expect_met(run, expect, messages.count, &held) && op_judge(run, messages.where, messages.count, held);
}
