#include "values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool value_literal(const struct json *value, uint64_t *result)
{
    size_t i;

    if (json_is(value, JSON_INTEGER)) {
        *result = value->integer;
        return !value->truth;
    }
    if (!json_is(value, JSON_STRING) || value->length < 3 || value->length > 18 || memcmp(value->text, "0x", 2) != 0)
        return false;
    *result = 0;
    for (i = 2; i < value->length; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = value->text[i] ? strchr(digits, value->text[i] | 0x20) : NULL;

        if (digit == NULL)
            return false;
        *result = *result << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

bool value_resolve(struct run *run, const struct json *value, uint64_t *result)
{
    const struct json *name;
    uint64_t add = 0, shift = 0;

    if (value_literal(value, result))
        return true;
    if (json_get(value, "add") != NULL && !value_literal(json_get(value, "add"), &add))
        return run_settle(run, VERDICT_ERROR, "a value's \"add\" is no number");
    if ((name = json_get(value, "buffer")) != NULL) {
        const struct buffer *buffer = run_buffer(run, name);

        if (buffer == NULL || !buffer->mapped)
            return run_settle(run, VERDICT_ERROR, "a value names no buffer of this vector");
        *result = buffer->mapping.address + add;
        return true;
    }
    if ((name = json_get(value, "saved")) != NULL) {
        const struct saved *saved = run_saved(run, name);

        if (saved == NULL)
            return run_settle(run, VERDICT_ERROR, "nothing was saved as \"%s\"", name->text ? name->text : "?");
        *result = saved->value + add;
        return true;
    }
    if ((name = json_get(value, "cap")) != NULL) {
        const struct capability *capability =
            json_is(name, JSON_STRING) ? suite_capability(run->suite, name->text) : NULL;

        if (capability == NULL)
            return run_settle(run, VERDICT_ERROR, "no capability \"%s\" in this suite", name->text ? name->text : "?");
        json_count(json_get(value, "shift"), 63, &shift);
        *result = (capability->value << shift) + add;
        return true;
    }
    return run_settle(run, VERDICT_ERROR, "a value is neither number, \"0x...\", buffer, cap nor saved");
}

bool expect_met(struct run *run, const struct json *expect, uint64_t found, bool *held)
{
    uint64_t bound;
    const struct json *part;

    *held = true;
    if (expect == NULL)
        return true;
    if ((part = json_get(expect, "mask")) != NULL) {
        if (!value_resolve(run, part, &bound))
            return false;
        found &= bound;
    }
    if ((part = json_get(expect, "eq")) != NULL) {
        if (!value_resolve(run, part, &bound))
            return false;
        *held = found == bound;
    }
    if ((part = json_get(expect, "min")) != NULL) {
        if (!value_resolve(run, part, &bound))
            return false;
        *held = *held && found >= bound;
    }
    if ((part = json_get(expect, "max")) != NULL) {
        if (!value_resolve(run, part, &bound))
            return false;
        *held = *held && found <= bound;
    }
    if ((part = json_get(expect, "in")) != NULL) {
        bool among = false;

        for (part = part->first; part != NULL; part = part->next) {
            if (!value_resolve(run, part, &bound))
                return false;
            among = among || found == bound;
        }
        *held = *held && among;
    }
    return true;
}

static void append(char text[EXPECT_TEXT_BYTES], const char *before, uint64_t value)
{
    size_t length = strlen(text);

    snprintf(text + length, EXPECT_TEXT_BYTES - length, "%s0x%" PRIx64, before, value);
}

static void append_part(struct run *run, char text[EXPECT_TEXT_BYTES], const char *before, const struct json *part)
{
    uint64_t value;

    if (part != NULL && value_resolve(run, part, &value))
        append(text, before, value);
}

void expect_text(struct run *run, const struct json *expect, char text[EXPECT_TEXT_BYTES])
{
    const struct json *part;

    text[0] = 0;
    append_part(run, text, "", json_get(expect, "eq"));
    append_part(run, text, "at least ", json_get(expect, "min"));
    append_part(run, text, text[0] ? " and at most " : "at most ", json_get(expect, "max"));
    if ((part = json_get(expect, "in")) != NULL)
        for (part = part->first; part != NULL; part = part->next)
            append_part(run, text, text[0] ? ", " : "one of ", part);
    if (text[0] == 0)
        snprintf(text, EXPECT_TEXT_BYTES, "anything");
    append_part(run, text, " under mask ", json_get(expect, "mask"));
}
