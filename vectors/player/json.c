#include "json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

struct parser {
    struct arena *arena;
    const char *start, *at, *end;
    struct json_error *error;
};

static bool parse_value(struct parser *p, struct json *value, int depth);

static bool fail(struct parser *p, const char *format, ...)
{
    size_t line = 1, column = 1;
    const char *c;
    va_list arguments;
    char what[100];

    for (c = p->start; c < p->at && c < p->end; c++) {
        column = *c == '\n' ? 1 : column + 1;
        line += *c == '\n';
    }
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(p->error->text, sizeof p->error->text, "line %zu, column %zu: %s", line, column, what);
    return false;
}

static bool spent(struct parser *p)
{
    return fail(p, "the document needs more than %zu MiB; split the suite", p->arena->limit >> 20);
}

static void skip_space(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
        p->at++;
}

static bool take(struct parser *p, char wanted)
{
    skip_space(p);
    if (p->at == p->end || *p->at != wanted)
        return false;
    p->at++;
    return true;
}

static bool hex4(struct parser *p, uint32_t *unit)
{
    int i;

    *unit = 0;
    for (i = 0; i < 4; i++, p->at++) {
        char c = p->at < p->end ? *p->at : 0;

        *unit <<= 4;
        if (c >= '0' && c <= '9')
            *unit |= (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            *unit |= (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return fail(p, "\\u needs four hexadecimal digits");
    }
    return true;
}

static size_t put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

static bool parse_escape(struct parser *p, char *out, size_t *length)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *known;
    uint32_t code, low;

    if (p->at == p->end)
        return fail(p, "the text ends inside a string");
    if (*p->at != 'u') {
        known = *p->at == 0 ? NULL : strchr(names, *p->at);
        if (known == NULL)
            return fail(p, "unknown escape in a string");
        out[(*length)++] = values[known - names];
        p->at++;
        return true;
    }
    p->at++;
    if (!hex4(p, &code))
        return false;
    if (code >= 0xD800 && code < 0xDC00) {
        if (p->end - p->at < 6 || p->at[0] != '\\' || p->at[1] != 'u')
            return fail(p, "half of a surrogate pair");
        p->at += 2;
        if (!hex4(p, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return fail(p, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
        return fail(p, "half of a surrogate pair");
    }
    *length += put_utf8(out + *length, code);
    return true;
}

/* The bytes of one UTF-8 character of two to four bytes, checked for overlong forms and surrogates; 0: bad. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
    size_t need = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2, i;
    unsigned char lowest = 0x80, highest = 0xBF;

    if (at[0] < 0xC2 || at[0] > 0xF4 || need > left)
        return 0;
    if (at[0] == 0xE0)
        lowest = 0xA0;
    if (at[0] == 0xED)
        highest = 0x9F;
    if (at[0] == 0xF0)
        lowest = 0x90;
    if (at[0] == 0xF4)
        highest = 0x8F;
    if (at[1] < lowest || at[1] > highest)
        return 0;
    for (i = 2; i < need; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

/* After the opening quote. An escape is never shorter than the bytes it stands for. */
static bool parse_string(struct parser *p, const char **text, size_t *length)
{
    const char *close = p->at;
    char *out;

    while (close < p->end && *close != '"')
        close += *close == '\\' && close + 1 < p->end ? 2 : 1;
    if (close >= p->end) {
        p->at = p->end;
        return fail(p, "the text ends inside a string");
    }
    out = arena_take(p->arena, (size_t)(close - p->at) + 1, 1);
    if (out == NULL)
        return spent(p);
    *length = 0;
    while (p->at < close) {
        unsigned char c = (unsigned char)*p->at;
        size_t bytes = 1;

        if (c == '\\') {
            p->at++;
            if (!parse_escape(p, out, length))
                return false;
            continue;
        }
        if (c < 0x20)
            return fail(p, "control character %u in a string", c);
        if (c >= 0x80)
            bytes = utf8_length((const unsigned char *)p->at, (size_t)(close - p->at));
        if (bytes == 0)
            return fail(p, "bytes that are not UTF-8");
        memcpy(out + *length, p->at, bytes);
        *length += bytes;
        p->at += bytes;
    }
    p->at = close + 1;
    *text = out;
    return true;
}

static bool parse_integer(struct parser *p, struct json *value)
{
    uint64_t magnitude = 0;
    const char *first;

    value->type = JSON_INTEGER;
    value->truth = *p->at == '-';
    p->at += value->truth;
    first = p->at;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        unsigned digit = (unsigned)(*p->at - '0');

        if (magnitude > (UINT64_MAX - digit) / 10)
            return fail(p, "a number beyond 64 bits");
        magnitude = magnitude * 10 + digit;
    }
    if (p->at == first)
        return fail(p, "a value was expected");
    if (*first == '0' && p->at - first > 1)
        return fail(p, "a number with a leading zero");
    if (p->at < p->end && (*p->at == '.' || *p->at == 'e' || *p->at == 'E'))
        return fail(p, "a number that is not whole");
    if (value->truth && magnitude > (uint64_t)1 << 63)
        return fail(p, "a number beyond 64 bits");
    value->truth = value->truth && magnitude != 0;
    value->integer = value->truth ? 0 - magnitude : magnitude;
    return true;
}

static bool parse_word(struct parser *p, struct json *value, const char *word, enum json_type type, bool truth)
{
    size_t length = strlen(word);

    if ((size_t)(p->end - p->at) < length || memcmp(p->at, word, length) != 0)
        return fail(p, "a value was expected");
    p->at += length;
    value->type = type;
    value->truth = truth;
    return true;
}

static int compare_keys(const void *left, const void *right)
{
    const struct json *a = *(const struct json *const *)left, *b = *(const struct json *const *)right;
    size_t shared = a->key_length < b->key_length ? a->key_length : b->key_length;
    int order = shared ? memcmp(a->key, b->key, shared) : 0;

    return order ? order : (a->key_length > b->key_length) - (a->key_length < b->key_length);
}

static bool sort_members(struct parser *p, struct json *object)
{
    const struct json **sorted = arena_take(p->arena, object->length, sizeof *sorted), *member;
    size_t i = 0;

    if (sorted == NULL)
        return spent(p);
    for (member = object->first; member != NULL; member = member->next)
        sorted[i++] = member;
    if (i > 1)
        qsort(sorted, i, sizeof *sorted, compare_keys);
    for (i = 1; i < object->length; i++)
        if (compare_keys(&sorted[i - 1], &sorted[i]) == 0)
            return fail(p, "the object before this holds \"%.40s\" twice", sorted[i]->key);
    object->sorted = sorted;
    return true;
}

/* After the opening bracket or brace. */
static bool parse_members(struct parser *p, struct json *value, int depth)
{
    bool object = value->type == JSON_OBJECT;
    char close = object ? '}' : ']';
    const struct json **link = &value->first;
    struct json *member;

    if (take(p, close))
        return true;
    if (depth == DEPTH_MAX)
        return fail(p, "nested deeper than %d", DEPTH_MAX);
    do {
        member = arena_take(p->arena, 1, sizeof *member);
        if (member == NULL)
            return spent(p);
        if (object) {
            if (!take(p, '"'))
                return fail(p, "a member's name was expected");
            if (!parse_string(p, &member->key, &member->key_length))
                return false;
            if (!take(p, ':'))
                return fail(p, "\":\" was expected");
        }
        if (!parse_value(p, member, depth + 1))
            return false;
        *link = member;
        link = &member->next;
        value->length++;
    } while (take(p, ','));
    if (!take(p, close))
        return fail(p, p->at == p->end ? "the text ends inside an array or object" : "\",\" or \"%c\" was expected",
                    close);
    return true;
}

static bool parse_value(struct parser *p, struct json *value, int depth)
{
    skip_space(p);
    if (p->at == p->end)
        return fail(p, "the text ends where a value was expected");
    switch (*p->at) {
    case '"':
        p->at++;
        value->type = JSON_STRING;
        return parse_string(p, &value->text, &value->length);
    case '{':
        p->at++;
        value->type = JSON_OBJECT;
        return parse_members(p, value, depth) && sort_members(p, value);
    case '[':
        p->at++;
        value->type = JSON_ARRAY;
        return parse_members(p, value, depth);
    case 't':
        return parse_word(p, value, "true", JSON_BOOL, true);
    case 'f':
        return parse_word(p, value, "false", JSON_BOOL, false);
    case 'n':
        return parse_word(p, value, "null", JSON_NULL, false);
    default:
        return parse_integer(p, value);
    }
}

const struct json *json_parse(struct arena *arena, const char *text, size_t length, struct json_error *error)
{
    struct parser p = {.arena = arena, .start = text, .at = text, .end = text + length, .error = error};
    struct json *value = arena_take(arena, 1, sizeof *value);

    if (value == NULL) {
        spent(&p);
        return NULL;
    }
    if (!parse_value(&p, value, 0))
        return NULL;
    skip_space(&p);
    if (p.at != p.end) {
        fail(&p, "more text after the end of the document");
        return NULL;
    }
    return value;
}

const struct json *json_get(const struct json *object, const char *key)
{
    struct json wanted = {.key = key, .key_length = strlen(key)};
    const struct json *probe = &wanted, **found;

    if (!json_is(object, JSON_OBJECT) || object->length == 0)
        return NULL;
    found = bsearch(&probe, object->sorted, object->length, sizeof *found, compare_keys);
    return found == NULL ? NULL : *found;
}

bool json_is(const struct json *value, enum json_type type)
{
    return value != NULL && value->type == type;
}

bool json_equals(const struct json *value, const char *text)
{
    return json_is(value, JSON_STRING) && value->length == strlen(text) && memcmp(value->text, text, value->length) == 0;
}

const char *json_text(const struct json *object, const char *key, const char *otherwise)
{
    const struct json *value = json_get(object, key);

    return json_is(value, JSON_STRING) ? value->text : otherwise;
}

bool json_count(const struct json *value, uint64_t limit, uint64_t *count)
{
    if (!json_is(value, JSON_INTEGER) || value->truth || value->integer > limit)
        return false;
    *count = value->integer;
    return true;
}
