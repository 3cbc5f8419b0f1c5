#include "report.h"

#include "abilities.h"
#include "canonical.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define BYTES_SHOWN 64

static void put_string(FILE *file, const char *text)
{
    canonical_string(text, strlen(text), sink_file, file);
}

/* Texts of a suite in KTAP: one line, whatever they hold. */
static void put_plain(FILE *file, const char *text)
{
    for (; *text != 0; text++)
        fputc((unsigned char)*text < 0x20 || *text == '#' || *text == 0x7F ? '?' : *text, file);
}

void report_start(struct report *report, const struct run *run, size_t plan)
{
    const struct json *document = run->suite->document;
    FILE *lines = report->lines;
    const char *comma = "";
    unsigned bit;
    size_t i;

    fprintf(report->ktap, "KTAP version 1\n1..%zu\n", plan);
    fflush(report->ktap);
    if (lines == NULL)
        return;
    fprintf(lines, "{\"run\":{\"player\":\"doorbell-player\",\"device\":");
    put_string(lines, report->device);
    fprintf(lines, ",\"suite\":");
    put_string(lines, json_text(document, "suite", ""));
    fprintf(lines, ",\"path\":");
    put_string(lines, report->suite_path);
    fprintf(lines, ",\"contract\":");
    put_string(lines, json_text(document, "contract", ""));
    fprintf(lines, ",\"time_scale\":%g}}\n{\"device\":{\"transport\":", run->time_scale);
    put_string(lines, run->hardware->name);
    fprintf(lines, ",\"abilities\":[");
    for (bit = 0; bit < ABILITY_COUNT; bit++)
        if (run->hardware->abilities >> bit & 1) {
            fprintf(lines, "%s\"%s\"", comma, ability_name(bit));
            comma = ",";
        }
    fprintf(lines, "],\"capabilities\":{");
    for (i = 0; i < run->suite->capability_count; i++) {
        fprintf(lines, "%s", i ? "," : "");
        put_string(lines, run->suite->capabilities[i].name);
        fprintf(lines, ":%" PRIu64, run->suite->capabilities[i].value);
    }
    fprintf(lines, "}}}\n");
}

void report_comment(struct report *report, const char *format, ...)
{
    char text[1200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(report->ktap, "# ");
    put_plain(report->ktap, text);
    fputc('\n', report->ktap);
    fflush(report->ktap);
}

/* "read", or "reset/read" in a recipe. */
static void put_op(FILE *lines, const char *recipe, const char *op)
{
    char text[80];

    snprintf(text, sizeof text, "%.30s%s%.40s", recipe ? recipe : "", recipe ? "/" : "", op);
    put_string(lines, text);
}

static void put_step(FILE *lines, const char *recipe, int step)
{
    if (recipe != NULL || step < 0)
        fprintf(lines, ",\"step\":null,\"op\":");
    else
        fprintf(lines, ",\"step\":%d,\"op\":", step);
}

/* Everything of a line but what was transferred. */
static void open_line(FILE *lines, const struct run *run, const char *where)
{
    fprintf(lines, "{\"vector\":");
    put_string(lines, json_text(run->vector, "id", ""));
    put_step(lines, run->recipe, run->step_index);
    put_op(lines, run->recipe, json_text(run->step, "op", ""));
    if (run->cycle_known)
        fprintf(lines, ",\"time\":%" PRIu64, run->cycle);
    else
        fprintf(lines, ",\"time\":null");
    if (where[0] != 0) {
        fprintf(lines, ",\"address\":");
        put_string(lines, where);
    }
}

void report_number(struct report *report, const struct run *run, const char *where, uint64_t data,
                   const char *expected, bool ok)
{
    if (report->lines == NULL)
        return;
    open_line(report->lines, run, where);
    fprintf(report->lines, ",\"data\":\"0x%" PRIx64 "\",\"expect\":", data);
    put_string(report->lines, expected);
    fprintf(report->lines, ",\"ok\":%s}\n", ok ? "true" : "false");
}

void report_bytes(struct report *report, const struct run *run, const char *where, const unsigned char *bytes,
                  size_t length, bool ok)
{
    size_t i;

    if (report->lines == NULL)
        return;
    open_line(report->lines, run, where);
    fprintf(report->lines, ",\"length\":%zu,\"data\":\"", length);
    for (i = 0; i < length && i < BYTES_SHOWN; i++)
        fprintf(report->lines, "%02x", bytes[i]);
    fprintf(report->lines, "%s\",\"ok\":%s}\n", length > BYTES_SHOWN ? "..." : "", ok ? "true" : "false");
}

void report_event(struct report *report, const struct run *run, const char *where, bool ok)
{
    if (report->lines == NULL)
        return;
    open_line(report->lines, run, where);
    fprintf(report->lines, ",\"ok\":%s}\n", ok ? "true" : "false");
}

/* Where it ended: "step 3", "recipe reset, step 1" or nothing. */
static void put_place(FILE *file, const struct outcome *outcome)
{
    if (outcome->recipe != NULL)
        fprintf(file, "recipe %s, ", outcome->recipe);
    if (outcome->step >= 0)
        fprintf(file, "step %d: ", outcome->step);
}

void report_vector(struct report *report, const struct json *vector, const struct outcome *outcome)
{
    const char *id = json_text(vector, "id", ""), *name = verdict_name(outcome->verdict);
    bool skipped = outcome->verdict == VERDICT_NOT_SUPPORTED || outcome->verdict == VERDICT_NOT_OBSERVED;
    const struct json *rule;
    FILE *ktap = report->ktap;

    report->counts[outcome->verdict]++;
    if (verdict_is_bad(outcome->verdict)) {
        fprintf(ktap, "# %s %s: ", id, name);
        put_place(ktap, outcome);
        put_plain(ktap, outcome->text);
        fprintf(ktap, "\n# %s hunts: ", id);
        put_plain(ktap, json_text(vector, "hunts", "-"));
        fprintf(ktap, "\n# %s rules:", id);
        for (rule = json_get(vector, "rules")->first; rule != NULL; rule = rule->next) {
            fputc(' ', ktap);
            put_plain(ktap, rule->type == JSON_STRING ? rule->text : "?");
        }
        fprintf(ktap, "\n# %s again: doorbell-player --device %s --id %s %s\n", id, report->device, id,
                report->suite_path);
    }
    fprintf(ktap, "%s %u ", verdict_is_bad(outcome->verdict) ? "not ok" : "ok", ++report->number);
    put_plain(ktap, id);
    fputc(' ', ktap);
    put_plain(ktap, json_text(vector, "name", ""));
    if (skipped) {
        fprintf(ktap, " # SKIP %s: ", name);
        put_plain(ktap, outcome->text);
    } else if (outcome->verdict != VERDICT_PASS) {
        fprintf(ktap, " # %s", name);
    }
    fputc('\n', ktap);
    fflush(ktap);
    if (report->lines == NULL)
        return;
    fprintf(report->lines, "{\"id\":");
    put_string(report->lines, id);
    fprintf(report->lines, ",\"name\":");
    put_string(report->lines, json_text(vector, "name", ""));
    fprintf(report->lines, ",\"verdict\":\"%s\",\"text\":", name);
    put_string(report->lines, outcome->text);
    put_step(report->lines, outcome->recipe, outcome->step);
    put_op(report->lines, outcome->recipe, outcome->op);
    fprintf(report->lines, ",\"cycles\":%" PRIu64 ",\"hash\":", outcome->cycles);
    put_string(report->lines, json_text(vector, "hash", ""));
    fprintf(report->lines, "}\n");
    fflush(report->lines);
}

void report_end(struct report *report, size_t not_run)
{
    int verdict;

    fprintf(report->ktap, "# totals:");
    for (verdict = 0; verdict < VERDICT_COUNT; verdict++)
        fprintf(report->ktap, " %s %u", verdict_name((enum verdict)verdict), report->counts[verdict]);
    fprintf(report->ktap, ", not run %zu\n", not_run);
    fflush(report->ktap);
}
