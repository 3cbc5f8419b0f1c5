#include "ops.h"

#include "octets.h"
#include "report.h"
#include "values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS (const struct op_key[])
#define END {NULL, KEY_ANY, false}
#define MUST(name, kind) {name, KEY_##kind, true}
#define MAY(name, kind) {name, KEY_##kind, false}

/* In the order of their names: looked up by bisection. */
static const struct op OPS[] = {
    {"config_read",
     KEYS{MUST("at", COUNT), MUST("size", SIZE_CONFIG), MAY("capability", CAPABILITY), MAY("expect", EXPECT),
          MAY("save", TEXT), END},
     op_config_read},
    {"config_write",
     KEYS{MUST("at", COUNT), MUST("size", SIZE_CONFIG), MUST("value", VALUE), MAY("capability", CAPABILITY),
          MAY("mask", VALUE), END},
     op_config_write},
    {"delay", KEYS{MUST("cycles", VALUE), END}, op_delay},
    {"difference", KEYS{MUST("of", TEXT), MUST("minus", TEXT), MUST("expect", EXPECT), END}, op_difference},
    {"faults", KEYS{MUST("expect", EXPECT), END}, op_not_supported},
    {"interrupt_mask", KEYS{MUST("vector", INTERRUPT), MUST("masked", TRUTH), END}, op_interrupt_mask},
    {"interrupt_setup", KEYS{MUST("vector", INTERRUPT), END}, op_interrupt_setup},
    {"interrupt_wait", KEYS{MUST("vector", INTERRUPT), MUST("count", COUNT), MUST("within", VALUE), END},
     op_interrupt_wait},
    {"interrupts", KEYS{MUST("vector", INTERRUPT), MUST("expect", EXPECT), END}, op_interrupts},
    {"link",
     KEYS{MUST("check", TEXT), MAY("filter", ANY), MAY("filters", ANY), MAY("field", TEXT), MAY("expect", EXPECT), END},
     op_link},
    {"map", KEYS{MUST("buffer", BUFFER), END}, op_not_supported},
    {"memory", KEYS{MUST("buffer", BUFFER), MUST("at", AT), MUST("bytes", EXPECTED), MAY("within", VALUE), END},
     op_memory},
    {"odd_read",
     KEYS{MUST("bar", BAR), MUST("at", VALUE), MUST("length", COUNT), MAY("expect", EXPECTED), END}, op_not_supported},
    {"odd_write", KEYS{MUST("bar", BAR), MUST("at", VALUE), MUST("length", COUNT), MUST("bytes", STORED), END},
     op_not_supported},
    {"order", KEYS{MUST("names", NAMES), MUST("strict", TRUTH), END}, op_order},
    {"publish", KEYS{END}, op_publish},
    {"put", KEYS{MUST("buffer", BUFFER), MUST("at", AT), MUST("bytes", STORED), END}, op_put},
    {"read",
     KEYS{MUST("bar", BAR), MUST("at", VALUE), MUST("size", SIZE_BAR), MAY("expect", EXPECT), MAY("save", TEXT),
          MAY("within", VALUE), END},
     op_read},
    {"read_block", KEYS{MUST("bar", BAR), MUST("at", VALUE), MUST("bytes", EXPECTED), END}, op_read_block},
    {"spoil",
     KEYS{MUST("buffer", BUFFER), MUST("at", AT), MUST("length", COUNT), MUST("kind", TEXT), MUST("count", COUNT), END},
     op_not_supported},
    {"tlp",
     KEYS{MUST("kind", TEXT), MUST("fields", ANY), MAY("bytes", STORED), MAY("expect", ANY), MAY("within", VALUE), END},
     op_not_supported},
    {"unmap", KEYS{MUST("buffer", BUFFER), END}, op_not_supported},
    {"word",
     KEYS{MUST("buffer", BUFFER), MUST("at", AT_WORD), MAY("expect", EXPECT), MAY("save", TEXT), MAY("within", VALUE),
          END},
     op_word},
    {"write", KEYS{MUST("bar", BAR), MUST("at", VALUE), MUST("size", SIZE_BAR), MUST("value", VALUE), END}, op_write},
    {"write_block", KEYS{MUST("bar", BAR), MUST("at", VALUE), MUST("bytes", STORED), END}, op_write_block},
};

static int compare_names(const void *name, const void *op)
{
    return strcmp(name, ((const struct op *)op)->name);
}

const struct op *op_find(const struct json *step)
{
    const char *name = json_text(step, "op", NULL);

    return name == NULL ? NULL : bsearch(name, OPS, sizeof OPS / sizeof *OPS, sizeof *OPS, compare_names);
}

bool op_judge(struct run *run, const char *where, uint64_t found, bool held)
{
    const struct json *expect = json_get(run->step, "expect"), *save = json_get(run->step, "save");
    char text[EXPECT_TEXT_BYTES] = "";

    if (expect != NULL)
        expect_text(run, expect, text);
    report_number(run->report, run, where, found, text, held);
    if (!held)
        return run_settle(run, VERDICT_FAIL, "%s %s: expected %s, found 0x%" PRIx64, json_text(run->step, "op", "?"),
                          where, text, found);
    return save == NULL || run_save(run, save, found);
}

bool op_judge_bytes(struct run *run, const char *where, bool held)
{
    size_t at = octets_differ(&run->octets, run->found.bytes);
    char text[DIFFERENCE_TEXT_BYTES];

    report_bytes(run->report, run, where, run->found.bytes, run->octets.length, held);
    if (held)
        return true;
    octets_difference(&run->octets, run->found.bytes, at, text);
    return run_settle(run, VERDICT_FAIL, "%s %s: %s", json_text(run->step, "op", "?"), where, text);
}

bool op_not_supported(struct run *run)
{
    static const char *const abilities[][2] = {
        {"faults", "iommu_faults"}, {"map", "iommu_faults"},        {"unmap", "iommu_faults"}, {"odd_read", "odd_access"},
        {"odd_write", "odd_access"}, {"spoil", "completion_faults"}, {"tlp", "tlp_injection"},
    };
    const char *name = json_text(run->step, "op", "?"), *ability = "?";
    size_t i;

    for (i = 0; i < sizeof abilities / sizeof *abilities; i++)
        if (strcmp(abilities[i][0], name) == 0)
            ability = abilities[i][1];
    return run_settle(run, VERDICT_NOT_SUPPORTED, "host lacks ability %s, which %s needs", ability, name);
}
