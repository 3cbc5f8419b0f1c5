#include "session.h"

#include "abilities.h"
#include "octets.h"
#include "values.h"
#include "version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Capabilities that are bit masks: every bit that is asked for must be there. */
static bool is_mask(const char *capability)
{
    return strcmp(capability, "opcodes") == 0 || strcmp(capability, "kernels") == 0;
}

static bool read_capabilities(struct session *session, struct run *run)
{
    struct suite *suite = session->suite;
    size_t i;

    for (i = 0; i < suite->capability_count; i++) {
        struct capability *capability = &suite->capabilities[i];
        uint64_t word;

        if (!session->hardware->bar_read(session->hardware->self, 0, capability->at, 8, &word))
            return run_broken(run, "bar_read of a capability");
        if (word == UINT64_MAX) /* refused: it belongs to a unit that is absent */
            word = 0;
        capability->value = word >> capability->lsb & UINT64_MAX >> (64 - capability->width);
    }
    return true;
}

/* What only an analyser sees is passed over, and said; it is no reason to leave the vector out. */
static bool has_ability(const struct hardware *hardware, const struct json *name)
{
    return (hardware->abilities & ability_bit(name->text, name->length)) != 0 || json_equals(name, "link");
}

/* What the capability of this name reads; false: the suite does not say where it stands. */
static bool has_value(const struct suite *suite, const char *name, uint64_t *value)
{
    const struct capability *capability = suite_capability(suite, name);

    if (capability != NULL)
        *value = capability->value;
    return capability != NULL;
}

/* Whether the vector holds for the contract that the device follows; it does when the suite cannot tell. */
static bool in_range(struct session *session, struct run *run, const struct json *vector)
{
    const struct json *contract = json_get(vector, "contract");
    uint64_t major, minor, patch, found, first, last;

    if (!has_value(session->suite, "version_major", &major) || !has_value(session->suite, "version_minor", &minor) ||
        !has_value(session->suite, "version_patch", &patch))
        return true;
    found = version_number(major, minor, patch);
    version_range(contract, &first, &last);
    if (first <= found && found <= last)
        return true;
    return run_settle(run, VERDICT_NOT_SUPPORTED,
                      "device follows contract %" PRIu64 ".%" PRIu64 ".%" PRIu64 ", the vector holds from %.20s to %.20s",
                      major, minor, patch, contract->first->text,
                      last == UINT64_MAX ? "today" : contract->first->next->text);
}

/* Whether device and host have what the vector needs; else the outcome says what is missing. */
static bool supported(struct session *session, struct run *run, const struct json *vector)
{
    const struct json *needs = json_get(vector, "needs"), *most = json_get(needs, "most"), *one;
    uint64_t wanted = 0, found = 0;

    run->outcome = (struct outcome){.step = -1, .op = ""};
    if (!in_range(session, run, vector))
        return false;
    for (one = json_get(needs, "device")->first; one != NULL; one = one->next) {
        value_literal(one, &wanted);
        has_value(session->suite, one->key, &found);
        if (is_mask(one->key) ? (found & wanted) != wanted : found < wanted)
            return run_settle(run, VERDICT_NOT_SUPPORTED, "device lacks capability %.60s: has 0x%" PRIx64 ", needs 0x%" PRIx64,
                              one->key, found, wanted);
    }
    for (one = most == NULL ? NULL : most->first; one != NULL; one = one->next) {
        value_literal(one, &wanted);
        has_value(session->suite, one->key, &found);
        if (found > wanted)
            return run_settle(run, VERDICT_NOT_SUPPORTED,
                              "device lacks capability %.60s: has 0x%" PRIx64 ", needs at most 0x%" PRIx64, one->key, found,
                              wanted);
    }
    for (one = json_get(needs, "host")->first; one != NULL; one = one->next)
        if (!has_ability(session->hardware, one))
            return run_settle(run, VERDICT_NOT_SUPPORTED, "host lacks ability %.60s", one->text);
    return true;
}

/* Makes the device usable again with the mildest means that does; false: nothing did. */
static bool recover(struct session *session, struct run *run)
{
    static const char *const means[] = {NULL, "queue_reset", "reset"};
    size_t i;

    for (i = 0; i < sizeof means / sizeof *means; i++) {
        if (means[i] != NULL && run_recipe(run, means[i]).verdict != VERDICT_PASS)
            continue;
        if (run_recipe(run, "health").verdict == VERDICT_PASS) {
            if (means[i] != NULL)
                report_comment(session->report, "recovered by recipe %s", means[i]);
            return true;
        }
    }
    if (session->hardware->reset(session->hardware->self) && config_restore(session->hardware, &run->config) &&
        run_recipe(run, "version").verdict == VERDICT_PASS && run_recipe(run, "health").verdict == VERDICT_PASS) {
        report_comment(session->report, "recovered by the host's reset");
        return true;
    }
    return false;
}

static struct outcome play_one(struct session *session, struct run *run, const struct planned *planned)
{
    struct outcome outcome, health;

    if (!supported(session, run, planned->vector))
        return run->outcome;
    outcome = run_vector(run, planned->vector, planned->place);
    if (outcome.verdict > VERDICT_NOT_OBSERVED)
        return outcome;
    health = run_recipe(run, "health");
    health.cycles = outcome.cycles;
    return health.verdict == VERDICT_PASS ? outcome : health;
}

static void write_resume(struct session *session, size_t next)
{
    FILE *file = session->resume_path == NULL ? NULL : fopen(session->resume_path, "w");
    size_t i;

    if (file == NULL) {
        if (session->resume_path != NULL)
            report_comment(session->report, "cannot write %s", session->resume_path);
        return;
    }
    for (i = next; i < session->plan->count; i++)
        fprintf(file, "%s\n", json_text(session->plan->vectors[i].vector, "id", ""));
    if (fclose(file) != 0)
        report_comment(session->report, "cannot write %s", session->resume_path);
    else
        report_comment(session->report, "--resume %s plays the rest", session->resume_path);
}

/* Plays until the end or until there is a reason to stop; returns how many plays were left. */
static size_t play_all(struct session *session, struct run *run)
{
    const struct plan *plan = session->plan;
    size_t total = plan->count * (size_t)session->repeat, done;
    unsigned broken_level = 0;

    for (done = 0; done < total; done++) {
        const struct planned *planned = &plan->vectors[done % plan->count];
        const struct json *vector = planned->vector;
        struct outcome outcome;

        if (broken_level != 0 && plan_level(vector) > broken_level) {
            report_comment(session->report, "bring-up stops at level %u", broken_level);
            break;
        }
        outcome = play_one(session, run, planned);
        report_vector(session->report, vector, &outcome);
        if (!verdict_is_bad(outcome.verdict) && (outcome.verdict != VERDICT_NOT_SUPPORTED || outcome.step < 0))
            continue;
        if (verdict_is_bad(outcome.verdict)) {
            broken_level = plan->bringup && broken_level == 0 ? plan_level(vector) : broken_level;
            if (session->bail) {
                report_comment(session->report, "stopping after the first failure (--bail)");
                done++;
                break;
            }
        }
        if (!recover(session, run)) {
            report_comment(session->report, "nothing makes the device usable again: stopping");
            done++;
            break;
        }
    }
    if (done < total && session->repeat == 1)
        write_resume(session, done);
    return total - done;
}

static enum exit_code exit_code(const struct report *report, size_t left, bool bail)
{
    const unsigned *counts = report->counts;

    if (counts[VERDICT_FAIL] != 0 || counts[VERDICT_ERROR] != 0)
        return EXIT_WRONG;
    if (counts[VERDICT_INCONCLUSIVE] != 0)
        return EXIT_HANG;
    return left != 0 && !bail ? EXIT_WRONG : EXIT_RIGHT;
}

static enum exit_code play_session(struct session *session, struct run *run)
{
    struct report *report = session->report;
    struct outcome outcome;
    enum exit_code code;
    size_t left;

    if (!config_save(session->hardware, &run->config) || !read_capabilities(session, run)) {
        fprintf(stderr, "doorbell-player: %s: %s\n", session->hardware->name,
                session->hardware->error(session->hardware->self));
        return EXIT_SETUP;
    }
    report_start(report, run, session->plan->count * (size_t)session->repeat);
    outcome = run_recipe(run, "version");
    if (outcome.verdict != VERDICT_PASS) {
        report_comment(report, "the device does not follow contract %s: %s",
                       json_text(session->suite->document, "contract", "?"), outcome.text);
        fprintf(report->ktap, "Bail out! wrong contract\n");
        return EXIT_SETUP;
    }
    left = play_all(session, run);
    report_end(report, left);
    code = exit_code(report, left, session->bail);
    if (code == EXIT_RIGHT && session->plan->shards == 1 && session->plan->count != 0 &&
        report->counts[VERDICT_PASS] + report->counts[VERDICT_NOT_OBSERVED] == 0) {
        report_comment(report, "no vector could be played: this says nothing about the device");
        code = EXIT_WRONG;
    }
    return code;
}

enum exit_code session_play(struct session *session)
{
    struct run run = {
        .hardware = session->hardware,
        .suite = session->suite,
        .report = session->report,
        .time_scale = session->time_scale,
    };
    enum exit_code code = play_session(session, &run);

    octets_free(&run.octets);
    octets_free(&run.found);
    return code;
}
