/* doorbell-player: replays conformance vectors on a device. See README.md here, and ../FORMAT.md. */
#include "abilities.h"
#include "check.h"
#include "layers.h"
#include "selftest.h"
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char USAGE[] =
    "usage: doorbell-player --device LAYER[:REST] --selftest\n"
    "       doorbell-player --device LAYER[:REST] [options] SUITE.json\n"
    "       doorbell-player --list [--clock HZ] [options] SUITE.json\n"
    "\n"
    "devices: vfio-user:SOCKET  loopback[:DEFECT]  template:DEVICE\n"
    "\n"
    "  --selftest        check the hardware layer, play nothing\n"
    "  --list            print what would be played and how long it takes; touches no device\n"
    "  --clock HZ        the device's clock, for --list (default 250000000)\n"
    "  --id, --rule, --tag TEXT   only these; may be repeated; TEXT may end with *\n"
    "  --tier NAME       smoke, core, full or stress: with the smaller tiers\n"
    "  --bringup         only vectors of bring-up levels, in their order; stops after the first broken level\n"
    "  --shard I/N       every N-th vector of the selection, from the I-th (from 1)\n"
    "  --resume FILE     only the ids in FILE, one a line\n"
    "  --repeat N        play the selection N times\n"
    "  --bail            stop after the first failure\n"
    "  --without NAMES   do as if the host lacked these abilities (comma between)\n"
    "  --time-scale X    stretch the host's guards (an emulator)\n"
    "  --log FILE        one JSON object a line: header, every transaction, every verdict\n"
    "  --save-rest FILE  when the run stops early: the ids that were not played (default doorbell-player.rest)\n"
    "\n"
    "KTAP on standard output. Ends with 0 right, 1 wrong, 2 usage, 3 inconclusive only, 5 set-up.\n";

struct options {
    const char *device, *suite, *log, *without, *save_rest;
    char *resumed; /* contents of the --resume file */
    double time_scale;
    uint64_t clock, repeat;
    bool selftest, list, bail;
    struct plan plan;
};

static bool usage(const char *what, const char *value)
{
    fprintf(stderr, "doorbell-player: %s%s%s\n%s", what, value[0] ? ": " : "", value, USAGE);
    return false;
}

static bool number(const char *text, uint64_t least, uint64_t *value)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    *value = strtoull(text, &end, 10);
    return *end == 0 && *value >= least && *value <= UINT64_C(1000000000000);
}

static bool choose(struct options *options, enum choice_kind kind, const char *text)
{
    struct plan *plan = &options->plan;

    if (plan->choice_count == CHOICES_MAX)
        return usage("more than 256 of --id, --rule, --tag", text);
    plan->choices[plan->choice_count++] = (struct choice){kind, text};
    return true;
}

/* Cuts the file into lines; each is an id. */
static bool read_resumed(struct options *options, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t length;
    char *line;

    options->resumed = file == NULL || options->resumed != NULL ? NULL : calloc(1, 1 << 20);
    if (options->resumed == NULL) {
        if (file != NULL)
            fclose(file);
        return usage("--resume cannot read", path);
    }
    length = fread(options->resumed, 1, (1 << 20) - 1, file);
    fclose(file);
    if (length == (1 << 20) - 1)
        return usage("--resume file is larger than 1 MiB", path);
    options->plan.only = arena_take(&options->plan.arena, length / 2 + 1, sizeof *options->plan.only);
    if (options->plan.only == NULL)
        return usage("--resume: no memory", path);
    for (line = strtok(options->resumed, "\r\n"); line != NULL; line = strtok(NULL, "\r\n"))
        options->plan.only[options->plan.only_count++] = line;
    return options->plan.only_count > 0 || usage("--resume file names no vector", path);
}

static bool take_option(struct options *options, const char *name, const char *value)
{
    const struct json tier = {.type = JSON_STRING, .text = value, .length = strlen(value)};
    char *end;

    if (strcmp(name, "--device") == 0) {
        options->device = value;
    } else if (strcmp(name, "--id") == 0) {
        return choose(options, CHOICE_ID, value);
    } else if (strcmp(name, "--rule") == 0) {
        return choose(options, CHOICE_RULE, value);
    } else if (strcmp(name, "--tag") == 0) {
        return choose(options, CHOICE_TAG, value);
    } else if (strcmp(name, "--tier") == 0) {
        options->plan.tier = tier_rank(&tier);
        return options->plan.tier >= 0 || usage("--tier wants smoke, core, full or stress, not", value);
    } else if (strcmp(name, "--shard") == 0) {
        options->plan.shard = strtoull(value, &end, 10);
        return (*end == '/' && number(end + 1, 1, &options->plan.shards) && options->plan.shard >= 1 &&
                options->plan.shard <= options->plan.shards) ||
               usage("--shard wants I/N with I from 1 to N, not", value);
    } else if (strcmp(name, "--resume") == 0) {
        return read_resumed(options, value);
    } else if (strcmp(name, "--repeat") == 0) {
        return (number(value, 1, &options->repeat) && options->repeat <= 1000000) ||
               usage("--repeat wants 1 to 1000000, not", value);
    } else if (strcmp(name, "--clock") == 0) {
        options->clock = (uint64_t)strtod(value, &end);
        return (*end == 0 && options->clock >= 1) || usage("--clock wants a frequency in Hz, not", value);
    } else if (strcmp(name, "--time-scale") == 0) {
        options->time_scale = strtod(value, &end);
        return (*end == 0 && options->time_scale > 0 && options->time_scale < 1e9) ||
               usage("--time-scale wants a factor, not", value);
    } else if (strcmp(name, "--without") == 0) {
        options->without = value;
    } else if (strcmp(name, "--log") == 0) {
        options->log = value;
    } else if (strcmp(name, "--save-rest") == 0) {
        options->save_rest = value;
    } else {
        return usage("unknown option", name);
    }
    return true;
}

static bool take_options(struct options *options, int count, char **words)
{
    int i;

    for (i = 1; i < count; i++) {
        if (strcmp(words[i], "--selftest") == 0) {
            options->selftest = true;
        } else if (strcmp(words[i], "--list") == 0) {
            options->list = true;
        } else if (strcmp(words[i], "--bringup") == 0) {
            options->plan.bringup = true;
        } else if (strcmp(words[i], "--bail") == 0) {
            options->bail = true;
        } else if (words[i][0] == '-') {
            if (i + 1 == count)
                return usage("unknown option, or its value is missing", words[i]);
            if (!take_option(options, words[i], words[i + 1]))
                return false;
            i++;
        } else if (options->suite != NULL) {
            return usage("one suite at a time; this is another", words[i]);
        } else {
            options->suite = words[i];
        }
    }
    if (options->device == NULL && !options->list)
        return usage("no --device", "");
    if ((options->suite == NULL) != options->selftest)
        return usage(options->selftest ? "--selftest plays no suite" : "no suite", "");
    return true;
}

static void list(const struct options *options)
{
    uint64_t total = 0, unknown = 0, cycles;
    size_t i;

    for (i = 0; i < options->plan.count; i++) {
        const struct json *vector = options->plan.vectors[i].vector;
        bool known = json_count(json_get(vector, "cycles"), UINT64_MAX, &cycles);

        unknown += !known;
        total += known ? cycles : 0;
        printf("%s %s %s ", json_text(vector, "id", "?"), json_text(vector, "tier", "?"), json_text(vector, "name", "?"));
        if (known)
            printf("%" PRIu64 " cycles, %.3g s\n", cycles, (double)cycles / (double)options->clock);
        else
            printf("unknown cycles\n");
    }
    printf("%zu vectors, %" PRIu64 " cycles, %.3g s at %" PRIu64 " Hz", options->plan.count, total,
           (double)total / (double)options->clock, options->clock);
    if (unknown != 0)
        printf(" without the %" PRIu64 " that were never measured", unknown);
    putchar('\n');
}

static enum exit_code play_suite(struct options *options, struct hardware *hardware, struct suite *suite)
{
    struct report report = {.ktap = stdout, .device = options->device, .suite_path = options->suite};
    struct session session = {
        .hardware = hardware,
        .suite = suite,
        .plan = &options->plan,
        .report = &report,
        .resume_path = options->save_rest,
        .time_scale = options->time_scale,
        .repeat = options->repeat,
        .bail = options->bail,
    };
    enum exit_code code;

    if (options->log != NULL && (report.lines = fopen(options->log, "w")) == NULL) {
        fprintf(stderr, "doorbell-player: cannot write %s\n", options->log);
        return EXIT_SETUP;
    }
    code = session_play(&session);
    if (report.lines != NULL && fclose(report.lines) != 0) {
        fprintf(stderr, "doorbell-player: %s is not complete\n", options->log);
        code = EXIT_SETUP;
    }
    return code;
}

static enum exit_code with_device(struct options *options, struct suite *suite)
{
    char error[LAYER_ERROR_BYTES];
    struct hardware hardware;
    enum exit_code code;

    if (!layer_open(&hardware, options->device, error)) {
        fprintf(stderr, "doorbell-player: %s\n", error);
        return EXIT_SETUP;
    }
    if (options->without != NULL && !abilities_without(&hardware, options->without)) {
        usage("--without names no ability", options->without);
        code = EXIT_USAGE;
    } else if (options->selftest) {
        code = selftest_run(&hardware, stdout) ? EXIT_RIGHT : EXIT_WRONG;
    } else {
        code = play_suite(options, &hardware, suite);
    }
    hardware.close(hardware.self);
    return code;
}

static enum exit_code with_suite(struct options *options)
{
    struct suite_error error;
    struct suite suite;
    const char *unknown;
    enum exit_code code = EXIT_RIGHT;

    if (!suite_load(&suite, options->suite, &error)) {
        fprintf(stderr, "doorbell-player: %s\n", error.text);
        return EXIT_USAGE;
    }
    unknown = plan_unknown(&options->plan, &suite);
    if (unknown != NULL) {
        fprintf(stderr, "doorbell-player: %s: no vector %s in this suite\n", options->suite, unknown);
        code = EXIT_USAGE;
    } else if (!plan_make(&options->plan, &suite)) {
        fprintf(stderr, "doorbell-player: no memory for the plan\n");
        code = EXIT_SETUP;
    } else if (options->plan.count == 0) {
        fprintf(stderr, "doorbell-player: %s: the selection is empty\n", options->suite);
        code = EXIT_USAGE;
    } else if (options->list) {
        list(options);
    } else {
        code = with_device(options, &suite);
    }
    plan_free(&options->plan);
    suite_free(&suite);
    return code;
}

int main(int count, char **words)
{
    struct options options = {
        .time_scale = 1.0,
        .clock = 250000000,
        .repeat = 1,
        .save_rest = "doorbell-player.rest",
        .plan = {.tier = -1, .shard = 1, .shards = 1, .arena = {.limit = (size_t)1 << 26}},
    };
    enum exit_code code = EXIT_USAGE;

    if (take_options(&options, count, words))
        code = options.selftest ? with_device(&options, NULL) : with_suite(&options);
    arena_free(&options.plan.arena);
    free(options.resumed);
    return (int)code;
}
