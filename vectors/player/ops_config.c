/* Ops on configuration space. */
#include "config.h"
#include "ops.h"
#include "report.h"
#include "values.h"

#include <stdio.h>

#define CONFIG_BYTES 4096

static bool place(struct run *run, unsigned *at, unsigned *size, char where[40])
{
    const struct json *capability = json_get(run->step, "capability");
    const char *name = capability == NULL ? "" : capability->text;
    uint64_t offset = json_get(run->step, "at")->integer;
    unsigned base = 0;

    if (capability != NULL) {
        if (!config_find(run->hardware, json_equals(capability, "pcie") ? CONFIG_CAPABILITY_PCIE : CONFIG_CAPABILITY_MSIX,
                         &base))
            return run_broken(run, "config_read");
        if (base == 0)
            return run_settle(run, VERDICT_FAIL, "the function has no %s capability", name);
    }
    *size = (unsigned)json_get(run->step, "size")->integer;
    if (offset > CONFIG_BYTES - base - *size || (base + offset) % *size != 0)
        return run_settle(run, VERDICT_ERROR, "no %u-byte access at %u of configuration space", *size,
                          base + (unsigned)(offset & 0xFFFF));
    *at = base + (unsigned)offset;
    snprintf(where, 40, "%s%s+0x%x", capability ? name : "config", capability ? " capability" : "", (unsigned)offset);
    return true;
}

bool op_config_read(struct run *run)
{
    unsigned at, size;
    uint32_t value;
    char where[40];
    bool held;

    if (!place(run, &at, &size, where))
        return false;
    if (!run->hardware->config_read(run->hardware->self, at, size, &value))
        return run_broken(run, "config_read");
    return expect_met(run, json_get(run->step, "expect"), value, &held) && op_judge(run, where, value, held);
}

bool op_config_write(struct run *run)
{
    const struct json *mask = json_get(run->step, "mask");
    uint64_t value, bits = UINT64_MAX;
    uint32_t before = 0;
    unsigned at, size;
    char where[40];

    if (!place(run, &at, &size, where) || !value_resolve(run, json_get(run->step, "value"), &value) ||
        (mask != NULL && !value_resolve(run, mask, &bits)))
        return false;
    if (mask != NULL && !run->hardware->config_read(run->hardware->self, at, size, &before))
        return run_broken(run, "config_read");
    value = (value & bits) | (before & ~bits);
    value &= UINT64_MAX >> (64 - 8 * size);
    report_number(run->report, run, where, value, "", true);
    run->config_changed = true;
    if (!run->hardware->config_write(run->hardware->self, at, size, (uint32_t)value))
        return run_broken(run, "config_write");
    return true;
}
