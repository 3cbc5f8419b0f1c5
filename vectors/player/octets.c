#include "octets.h"

#include "values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_HEX, KIND_FILL, KIND_RANDOM, KIND_VALUE, KIND_UNSPECIFIED, KIND_MASKED };

static bool is_hex(const struct json *text)
{
    size_t i;

    if (!json_is(text, JSON_STRING) || text->length % 2 != 0)
        return false;
    for (i = 0; i < text->length; i++)
        if (!strchr("0123456789abcdefABCDEF", text->text[i]) || text->text[i] == 0)
            return false;
    return true;
}

static unsigned nibble(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

static void put_hex(unsigned char *out, const struct json *text)
{
    size_t i;

    for (i = 0; i < text->length / 2; i++)
        out[i] = (unsigned char)(nibble(text->text[2 * i]) << 4 | nibble(text->text[2 * i + 1]));
}

/* Kind and length of one segment; false when it is malformed. */
static bool measure(const struct json *segment, enum kind *kind, uint64_t *length)
{
    static const char letters[] = "xfrvum";
    static const size_t members[] = {2, 3, 4, 3, 2, 3};
    const struct json *name, *a, *b, *c;
    uint64_t number;

    if (!json_is(segment, JSON_ARRAY) || !json_is(name = segment->first, JSON_STRING) || name->length != 1 ||
        name->text[0] == 0 || strchr(letters, name->text[0]) == NULL)
        return false;
    *kind = (enum kind)(strchr(letters, name->text[0]) - letters);
    if (segment->length != members[*kind])
        return false;
    a = name->next;
    b = a->next;
    c = b == NULL ? NULL : b->next;
    switch (*kind) {
    case KIND_HEX:
        *length = a->length / 2;
        return is_hex(a);
    case KIND_FILL:
        return json_count(a, 255, &number) && json_count(b, VECTOR_BYTES_MAX, length);
    case KIND_RANDOM:
        return value_literal(a, &number) && value_literal(b, &number) && number >> 62 == 0 &&
               json_count(c, VECTOR_BYTES_MAX, length);
    case KIND_VALUE:
        return json_count(b, 8, length) && *length != 0 && (*length & (*length - 1)) == 0;
    case KIND_UNSPECIFIED:
        return json_count(a, VECTOR_BYTES_MAX, length);
    case KIND_MASKED:
        *length = a->length / 2;
        return is_hex(a) && is_hex(b) && a->length == b->length;
    }
    return false;
}

bool octets_measure(const struct json *segments, bool expected, uint64_t *length)
{
    const struct json *segment;
    uint64_t part;
    enum kind kind;

    *length = 0;
    if (!json_is(segments, JSON_ARRAY))
        return false;
    for (segment = segments->first; segment != NULL; segment = segment->next) {
        if (!measure(segment, &kind, &part) || (kind >= KIND_UNSPECIFIED && !expected))
            return false;
        *length += part;
        if (*length > VECTOR_BYTES_MAX)
            return false;
    }
    return true;
}

bool octets_room(struct run *run, struct octets *octets, size_t length)
{
    if (length > octets->room || octets->bytes == NULL) {
        octets_free(octets);
        octets->room = length < 4096 ? 4096 : length;
        octets->bytes = malloc(octets->room);
        octets->mask = malloc(octets->room);
        if (octets->bytes == NULL || octets->mask == NULL) {
            octets_free(octets);
            return run_settle(run, VERDICT_ERROR, "no memory for %zu bytes", length);
        }
    }
    octets->length = length;
    return true;
}

uint64_t stream_word(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void put_random(unsigned char *out, uint64_t seed, uint64_t skip, uint64_t length)
{
    uint64_t i, word = stream_word(seed, skip / 8);

    for (i = 0; i < length; i++) {
        uint64_t at = skip + i;

        if (i != 0 && at % 8 == 0)
            word = stream_word(seed, at / 8);
        out[i] = (unsigned char)(word >> 8 * (at % 8));
    }
}

static bool put_segment(struct run *run, const struct json *segment, unsigned char *out, unsigned char *mask,
                        uint64_t *length)
{
    const struct json *a = segment->first->next, *b = a->next;
    uint64_t number, skip;
    enum kind kind;
    size_t i;

    if (!measure(segment, &kind, length))
        return run_settle(run, VERDICT_ERROR, "a malformed segment");
    if (mask != NULL)
        memset(mask, kind == KIND_UNSPECIFIED ? 0 : 0xFF, *length);
    switch (kind) {
    case KIND_HEX:
        put_hex(out, a);
        break;
    case KIND_FILL:
        memset(out, (int)a->integer, *length);
        break;
    case KIND_RANDOM:
        value_literal(a, &number);
        value_literal(b, &skip);
        put_random(out, number, skip, *length);
        break;
    case KIND_VALUE:
        if (!value_resolve(run, a, &number))
            return false;
        for (i = 0; i < *length; i++)
            out[i] = (unsigned char)(number >> 8 * i);
        break;
    case KIND_UNSPECIFIED:
        memset(out, 0, *length);
        break;
    case KIND_MASKED:
        put_hex(mask, a);
        put_hex(out, b);
        break;
    }
    return true;
}

bool octets_build(struct run *run, const struct json *segments, bool expected, struct octets *octets)
{
    const struct json *segment;
    uint64_t length, at = 0, part;

    if (!octets_measure(segments, expected, &length))
        return run_settle(run, VERDICT_ERROR, "a malformed segment, or too many bytes");
    if (!octets_room(run, octets, (size_t)length))
        return false;
    for (segment = segments->first; segment != NULL; segment = segment->next, at += part)
        if (!put_segment(run, segment, octets->bytes + at, expected ? octets->mask + at : NULL, &part))
            return false;
    return true;
}

size_t octets_differ(const struct octets *expected, const unsigned char *found)
{
    size_t i = 0;

    while (i < expected->length && ((found[i] ^ expected->bytes[i]) & expected->mask[i]) == 0)
        i++;
    return i;
}

void octets_difference(const struct octets *expected, const unsigned char *found, size_t at,
                       char text[DIFFERENCE_TEXT_BYTES])
{
    size_t end = expected->length - at < 16 ? expected->length : at + 16, i, wrong = 0, length;

    for (i = at; i < expected->length; i++)
        wrong += ((found[i] ^ expected->bytes[i]) & expected->mask[i]) != 0;
    length = (size_t)snprintf(text, DIFFERENCE_TEXT_BYTES, "byte %zu: expected ", at);
    for (i = at; i < end; i++)
        length += (size_t)snprintf(text + length, DIFFERENCE_TEXT_BYTES - length, expected->mask[i] ? "%02x" : "??",
                                   expected->bytes[i]);
    length += (size_t)snprintf(text + length, DIFFERENCE_TEXT_BYTES - length, ", found ");
    for (i = at; i < end; i++)
        length += (size_t)snprintf(text + length, DIFFERENCE_TEXT_BYTES - length, "%02x", found[i]);
    snprintf(text + length, DIFFERENCE_TEXT_BYTES - length, " (%zu bytes differ)", wrong);
}

void octets_free(struct octets *octets)
{
    free(octets->bytes);
    free(octets->mask);
    *octets = (struct octets){0};
}
