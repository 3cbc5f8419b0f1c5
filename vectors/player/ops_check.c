/* Ops that touch nothing: time, saved values, and what only an analyser sees. */
#include "limit.h"
#include "ops.h"
#include "report.h"
#include "values.h"

#include <inttypes.h>
#include <stdio.h>

bool op_delay(struct run *run)
{
    uint64_t cycles;

    if (!value_resolve(run, json_get(run->step, "cycles"), &cycles) || !limit_delay(run, cycles))
        return false;
    report_number(run->report, run, "", cycles, "", true);
    return true;
}

/* NULL: there is none, and the run is settled. */
static const struct saved *find_saved(struct run *run, const struct json *name)
{
    const struct saved *saved = run_saved(run, name);

    if (saved == NULL)
        run_settle(run, VERDICT_ERROR, "nothing was saved as \"%.60s\"", name->text);
    return saved;
}

bool op_order(struct run *run)
{
    const struct json *name = json_get(run->step, "names")->first;
    bool strict = json_get(run->step, "strict")->truth;
    const struct saved *before, *after;

    for (; name->next != NULL; name = name->next) {
        if ((before = find_saved(run, name)) == NULL || (after = find_saved(run, name->next)) == NULL)
            return false;
        if ((int64_t)(after->value - before->value) < (strict ? 1 : 0)) {
            report_event(run->report, run, name->text, false);
            return run_settle(run, VERDICT_FAIL, "order: %.60s is 0x%" PRIx64 ", which is not %s %.60s, 0x%" PRIx64,
                              before->name, before->value, strict ? "below" : "at or below", after->name,
                              after->value);
        }
    }
    report_event(run->report, run, "", true);
    return true;
}

bool op_difference(struct run *run)
{
    const struct saved *of = find_saved(run, json_get(run->step, "of")), *minus;
    uint64_t found;
    char where[140];
    bool held;

    if (of == NULL || (minus = find_saved(run, json_get(run->step, "minus"))) == NULL)
        return false;
    snprintf(where, sizeof where, "%.60s - %.60s", of->name, minus->name);
    found = of->value - minus->value;
    return expect_met(run, json_get(run->step, "expect"), found, &held) && op_judge(run, where, found, held);
}

bool op_link(struct run *run)
{
    run->not_observed = true;
    report_event(run->report, run, "not observed", true);
    return true;
}
