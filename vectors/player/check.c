#include "check.h"

#include "canonical.h"
#include "octets.h"
#include "ops.h"
#include "suite.h"
#include "values.h"
#include "version.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PLAIN_MAX ((uint64_t)INT32_MAX)

struct check {
    const struct suite *suite;
    const struct json *buffers; /* of the vector; NULL in a recipe */
    const char *where;          /* id of the vector or name of the recipe */
    int step;                   /* -1: no step */
    const char *op;
    struct suite_error *error;
};

static bool wrong(struct check *check, const char *format, ...)
{
    char what[300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (check->step < 0)
        snprintf(check->error->text, sizeof check->error->text, "%.40s: %s", check->where, what);
    else
        snprintf(check->error->text, sizeof check->error->text, "%.40s, step %d (%.20s): %s", check->where, check->step,
                 check->op, what);
    return false;
}

static bool check_value(struct check *check, const char *key, const struct json *value)
{
    const struct json *member, *name = NULL;
    uint64_t number;

    if (value_literal(value, &number))
        return true;
    if (!json_is(value, JSON_OBJECT))
        return wrong(check, "\"%.30s\" is no value: an integer from 0, \"0x...\" or an object", key);
    for (member = value->first; member != NULL; member = member->next) {
        if (strcmp(member->key, "add") == 0 ? !value_literal(member, &number)
            : strcmp(member->key, "shift") == 0 ? !json_count(member, 63, &number)
                                                : !json_is(member, JSON_STRING) || name != NULL)
            return wrong(check, "\"%.30s\": its member \"%.30s\" is malformed", key, member->key);
        if (member->type == JSON_STRING && strcmp(member->key, "add") != 0)
            name = member;
    }
    if (name != NULL && strcmp(name->key, "buffer") == 0) {
        if (json_get(check->buffers, name->text) == NULL)
            return wrong(check, "\"%.30s\": there is no buffer \"%.60s\"", key, name->text);
    } else if (name != NULL && strcmp(name->key, "cap") == 0) {
        if (suite_capability(check->suite, name->text) == NULL)
            return wrong(check, "\"%.30s\": there is no capability \"%.60s\"", key, name->text);
    } else if (name == NULL || strcmp(name->key, "saved") != 0) {
        return wrong(check, "\"%.30s\" is a value without buffer, cap or saved", key);
    }
    return true;
}

static bool check_expect(struct check *check, const char *key, const struct json *expect)
{
    const struct json *member, *one;
    int kinds;

    if (!json_is(expect, JSON_OBJECT) || expect->length == 0)
        return wrong(check, "\"%.30s\" is no expectation", key);
    for (member = expect->first; member != NULL; member = member->next) {
        if (strcmp(member->key, "in") == 0) {
            if (!json_is(member, JSON_ARRAY) || member->length == 0)
                return wrong(check, "\"in\" is no list of values");
            for (one = member->first; one != NULL; one = one->next)
                if (!check_value(check, "in", one))
                    return false;
        } else if (strcmp(member->key, "any") == 0) {
            if (!json_is(member, JSON_BOOL) || !member->truth)
                return wrong(check, "\"any\" can only be true");
        } else if (strcmp(member->key, "eq") != 0 && strcmp(member->key, "min") != 0 &&
                   strcmp(member->key, "max") != 0 && strcmp(member->key, "mask") != 0) {
            return wrong(check, "unknown expectation \"%.30s\"", member->key);
        } else if (!check_value(check, member->key, member)) {
            return false;
        }
    }
    kinds = (json_get(expect, "eq") != NULL) + (json_get(expect, "in") != NULL) + (json_get(expect, "any") != NULL) +
            (json_get(expect, "min") != NULL || json_get(expect, "max") != NULL);
    return kinds == 1 || wrong(check, "\"%.30s\" wants one of eq, in, min and max, any", key);
}

static bool check_segments(struct check *check, const char *key, const struct json *segments, bool expected)
{
    const struct json *segment;
    uint64_t length;

    if (!octets_measure(segments, expected, &length))
        return wrong(check, "\"%.30s\" has a malformed segment or more than %" PRIu64 " bytes", key, VECTOR_BYTES_MAX);
    for (segment = segments->first; segment != NULL; segment = segment->next)
        if (segment->first->text[0] == 'v' && !check_value(check, key, segment->first->next))
            return false;
    return true;
}

/* An offset in the op's buffer, with the op's bytes behind it. */
static bool check_at(struct check *check, const struct json *step, const struct json *at, bool word)
{
    const struct json *name = json_get(step, "buffer"), *bytes = json_get(step, "bytes");
    const struct json *buffer = json_is(name, JSON_STRING) ? json_get(check->buffers, name->text) : NULL;
    uint64_t offset, length = word ? 8 : 0, size = 0;

    if (!json_count(at, PLAIN_MAX, &offset) || (word && offset % 8 != 0))
        return wrong(check, word ? "\"at\" is no multiple of 8" : "\"at\" is no offset");
    if (bytes != NULL && !octets_measure(bytes, true, &length))
        return wrong(check, "\"bytes\" has a malformed segment");
    json_count(json_get(step, "length"), PLAIN_MAX, &length);
    json_count(json_get(buffer, "size"), PLAIN_MAX, &size);
    if (buffer != NULL && (offset > size || length > size - offset))
        return wrong(check, "bytes %" PRIu64 " to %" PRIu64 " are not inside buffer \"%.60s\" of %" PRIu64 " bytes",
                     offset, offset + length, name->text, size);
    return true;
}

static bool check_key(struct check *check, const struct json *step, const struct op_key *key, const struct json *value)
{
    const struct json *one;
    uint64_t number = 0;
    bool fits = true;

    switch (key->kind) {
    case KEY_ANY:
        break;
    case KEY_TEXT:
        fits = json_is(value, JSON_STRING);
        break;
    case KEY_TRUTH:
        fits = json_is(value, JSON_BOOL);
        break;
    case KEY_COUNT:
        fits = json_count(value, PLAIN_MAX, &number);
        break;
    case KEY_AT:
    case KEY_AT_WORD:
        return check_at(check, step, value, key->kind == KEY_AT_WORD);
    case KEY_VALUE:
        return check_value(check, key->name, value);
    case KEY_EXPECT:
        return check_expect(check, key->name, value);
    case KEY_STORED:
    case KEY_EXPECTED:
        return check_segments(check, key->name, value, key->kind == KEY_EXPECTED);
    case KEY_BUFFER:
        fits = json_is(value, JSON_STRING) && json_get(check->buffers, value->text) != NULL;
        break;
    case KEY_NAMES:
        fits = json_is(value, JSON_ARRAY) && value->length >= 2;
        for (one = fits ? value->first : NULL; one != NULL; one = one->next)
            fits = fits && json_is(one, JSON_STRING);
        break;
    case KEY_BAR:
        fits = json_count(value, 2, &number) && number != 1;
        break;
    case KEY_SIZE_CONFIG:
        fits = json_count(value, 4, &number) && (number == 1 || number == 2 || number == 4);
        break;
    case KEY_SIZE_BAR:
        fits = json_count(value, 8, &number) && (number == 4 || number == 8);
        break;
    case KEY_CAPABILITY:
        fits = json_equals(value, "pcie") || json_equals(value, "msix");
        break;
    case KEY_INTERRUPT:
        fits = json_count(value, INTERRUPT_VECTORS_MAX - 1, &number);
        break;
    }
    return fits || wrong(check, "\"%s\" does not have a fitting value", key->name);
}

static bool check_step(struct check *check, const struct json *step)
{
    const struct op *op = op_find(step);
    const struct op_key *key;
    const struct json *member;

    check->op = json_text(step, "op", "no op");
    if (op == NULL)
        return wrong(check, "no such op; this player knows those of format %d", SUITE_FORMAT);
    for (member = step->first; member != NULL; member = member->next) {
        if (strcmp(member->key, "op") == 0 || strcmp(member->key, "note") == 0)
            continue;
        for (key = op->keys; key->name != NULL && strcmp(key->name, member->key) != 0; key++)
            continue;
        if (key->name == NULL)
            return wrong(check, "has no key \"%.40s\"", member->key);
        if (!check_key(check, step, key, member))
            return false;
    }
    for (key = op->keys; key->name != NULL; key++)
        if (key->required && json_get(step, key->name) == NULL)
            return wrong(check, "lacks the key \"%s\"", key->name);
    if (json_get(step, "within") != NULL && json_get(step, "expect") == NULL && json_get(step, "bytes") == NULL &&
        json_get(step, "count") == NULL)
        return wrong(check, "\"within\" without anything to expect");
    return true;
}

static bool check_steps(struct check *check, const struct json *steps)
{
    const struct json *step;

    if (!json_is(steps, JSON_ARRAY))
        return wrong(check, "has no list of steps");
    check->step = 0;
    for (step = steps->first; step != NULL; step = step->next, check->step++)
        if (!check_step(check, step))
            return false;
    check->step = -1;
    return true;
}

static bool check_buffer(struct check *check, const struct json *buffer, uint64_t *total)
{
    static const char *const known[] = {"size", "align", "edge", "window", "writable", "init"};
    const struct json *window = json_get(buffer, "window"), *writable = json_get(buffer, "writable"), *member;
    uint64_t size, align = 64, edge = 0, length;
    size_t i;

    if (!json_is(buffer, JSON_OBJECT) || !json_count(json_get(buffer, "size"), VECTOR_BYTES_MAX, &size) || size == 0)
        return wrong(check, "buffer \"%.60s\": size is not from 1 to %" PRIu64, buffer->key, VECTOR_BYTES_MAX);
    for (member = buffer->first; member != NULL; member = member->next) {
        for (i = 0; i < sizeof known / sizeof *known && strcmp(known[i], member->key) != 0; i++)
            continue;
        if (i == sizeof known / sizeof *known)
            return wrong(check, "buffer \"%.60s\" has no key \"%.40s\"", buffer->key, member->key);
    }
    if (json_get(buffer, "align") != NULL &&
        (!json_count(json_get(buffer, "align"), (uint64_t)1 << 21, &align) || align == 0 || (align & (align - 1)) != 0))
        return wrong(check, "buffer \"%.60s\": align is no power of two up to 2 MiB", buffer->key);
    if (json_get(buffer, "edge") != NULL && !json_count(json_get(buffer, "edge"), 4095, &edge))
        return wrong(check, "buffer \"%.60s\": edge is not from 0 to 4095", buffer->key);
    if (window != NULL && !json_equals(window, "any") && !json_equals(window, "low") && !json_equals(window, "high"))
        return wrong(check, "buffer \"%.60s\": window is none of any, low, high", buffer->key);
    if (writable != NULL && !json_is(writable, JSON_BOOL))
        return wrong(check, "buffer \"%.60s\": writable is neither true nor false", buffer->key);
    if (!check_segments(check, "init", json_get(buffer, "init"), false))
        return false;
    if (!octets_measure(json_get(buffer, "init"), false, &length) || length > size)
        return wrong(check, "buffer \"%.60s\": init has %" PRIu64 " bytes for a size of %" PRIu64, buffer->key, length,
                     size);
    *total += size;
    return *total <= VECTOR_BYTES_MAX || wrong(check, "its buffers have more than %" PRIu64 " bytes", VECTOR_BYTES_MAX);
}

static bool check_capabilities(struct check *check, const struct json *needed)
{
    const struct json *one;
    uint64_t number;

    for (one = needed->first; one != NULL; one = one->next)
        if (suite_capability(check->suite, one->key) == NULL || !value_literal(one, &number))
            return wrong(check, "needs \"%.60s\", which is no capability of this suite or no number", one->key);
    return true;
}

static bool check_needs(struct check *check, const struct json *needs)
{
    const struct json *device = json_get(needs, "device"), *most = json_get(needs, "most");
    const struct json *host = json_get(needs, "host"), *one;

    if (!json_is(device, JSON_OBJECT) || !json_is(host, JSON_ARRAY) || (most != NULL && !json_is(most, JSON_OBJECT)))
        return wrong(check, "needs is not {\"device\": {...}, \"host\": [...]}");
    if (!check_capabilities(check, device) || (most != NULL && !check_capabilities(check, most)))
        return false;
    for (one = host->first; one != NULL; one = one->next)
        if (!json_is(one, JSON_STRING))
            return wrong(check, "needs an ability that is no text");
    return true;
}

int tier_rank(const struct json *name)
{
    static const char *const tiers[] = {"smoke", "core", "full", "stress"};
    int i;

    for (i = 0; i < 4; i++)
        if (json_equals(name, tiers[i]))
            return i;
    return -1;
}

static bool check_hash(struct check *check, const struct json *vector)
{
    char text[HASH_TEXT_BYTES];

    vector_hash(vector, text);
    return json_equals(json_get(vector, "hash"), text) ||
           wrong(check, "its hash is \"%.71s\" but its content has %s; take the original",
                 json_text(vector, "hash", "absent"), text);
}

bool check_vector(const struct suite *suite, const struct json *vector, struct suite_error *error)
{
    struct check check = {.suite = suite, .where = "a vector", .step = -1, .error = error};
    const struct json *bringup = json_get(vector, "bringup"), *buffer;
    uint64_t number, last, total = 0;

    if (json_text(vector, "id", NULL) == NULL || json_get(vector, "id")->length > 32)
        return wrong(&check, "has no id of up to 32 characters");
    check.where = json_text(vector, "id", NULL);
    if (json_text(vector, "name", NULL) == NULL)
        return wrong(&check, "has no name");
    if (!check_hash(&check, vector))
        return false;
    if (!json_is(json_get(vector, "rules"), JSON_ARRAY) || !json_is(json_get(vector, "tags"), JSON_ARRAY))
        return wrong(&check, "rules or tags is no list");
    if (!version_range(json_get(vector, "contract"), &number, &last))
        return wrong(&check, "contract is not [first, last], each such as 0.1.0, the last one or null");
    if (tier_rank(json_get(vector, "tier")) < 0)
        return wrong(&check, "tier is none of smoke, core, full, stress");
    if (bringup != NULL && !json_is(bringup, JSON_NULL) && (!json_count(bringup, 7, &number) || number == 0))
        return wrong(&check, "bringup is neither null nor 1 to 7");
    if (!check_needs(&check, json_get(vector, "needs")))
        return false;
    check.buffers = json_get(vector, "buffers");
    if (!json_is(check.buffers, JSON_OBJECT))
        return wrong(&check, "has no object of buffers");
    for (buffer = check.buffers->first; buffer != NULL; buffer = buffer->next)
        if (!check_buffer(&check, buffer, &total))
            return false;
    return check_steps(&check, json_get(vector, "steps"));
}

bool check_recipe(const struct suite *suite, const char *name, struct suite_error *error)
{
    struct check check = {.suite = suite, .where = name, .step = -1, .error = error};

    return check_steps(&check, suite_recipe(suite, name));
}
