#include "selftest.h"

#include <stdarg.h>

bool selftest_wrong(struct selftest *test, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(test->text, sizeof test->text, format, arguments);
    va_end(arguments);
    return false;
}

bool selftest_read(struct selftest *test, uint64_t at, uint64_t *value)
{
    return test->hardware->bar_read(test->hardware->self, 0, at, 8, value) ||
           selftest_wrong(test, "bar_read broke: %s", test->hardware->error(test->hardware->self));
}

bool selftest_write(struct selftest *test, uint64_t at, uint64_t value)
{
    return test->hardware->bar_write(test->hardware->self, 0, at, 8, value) ||
           selftest_wrong(test, "bar_write broke: %s", test->hardware->error(test->hardware->self));
}

bool selftest_run(struct hardware *hardware, FILE *ktap)
{
    static const struct {
        const char *name;
        bool (*check)(struct selftest *test);
    } checks[] = {
        {"configuration-space", selftest_config}, {"scratch-and-byte-order", selftest_scratch},
        {"access-size", selftest_access_size},    {"access-order", selftest_access_order},
        {"memory-bar", selftest_memory_bar},      {"time", selftest_time},
        {"map", selftest_map},                    {"coherence", selftest_coherence},
        {"every-page", selftest_pages},           {"interrupt", selftest_interrupt},
        {"reset", selftest_reset},
    };
    size_t i, count = sizeof checks / sizeof *checks, wrong = 0;

    fprintf(ktap, "KTAP version 1\n1..%zu\n", count);
    for (i = 0; i < count; i++) {
        struct selftest test = {.hardware = hardware};
        bool held = checks[i].check(&test);

        if (!held)
            fprintf(ktap, "# %s\n", test.text);
        wrong += !held;
        fprintf(ktap, "%s %zu %s\n", held ? "ok" : "not ok", i + 1, checks[i].name);
        fflush(ktap);
    }
    fprintf(ktap, "# layer %s: %zu of %zu checks passed\n", hardware->name, count - wrong, count);
    fflush(ktap);
    return wrong == 0;
}
