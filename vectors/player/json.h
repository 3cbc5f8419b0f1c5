/*
 * JSON as the suites use it: strict RFC 8259 with whole numbers only, no member twice, bounded depth. The
 * text may be hostile: every error is one line with line and column, and nothing is read past the end.
 */
#ifndef DOORBELL_PLAYER_JSON_H
#define DOORBELL_PLAYER_JSON_H

#include "arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type { JSON_NULL, JSON_BOOL, JSON_INTEGER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    bool truth;               /* JSON_BOOL: its value; JSON_INTEGER: it is negative */
    uint64_t integer;         /* two's complement */
    const char *text;         /* JSON_STRING: UTF-8, ended by a NUL that `length` does not count */
    size_t length;            /* of the text, or members of an array or object */
    const struct json *first; /* first member, in the order of the document */
    const struct json *next;  /* the member after this one */
    const char *key;          /* of a member of an object */
    size_t key_length;
    const struct json **sorted; /* JSON_OBJECT: members in the order of their keys' bytes */
};

struct json_error {
    char text[160];
};

/* The document's value, or NULL with `error` filled. The text need not end with a NUL. */
const struct json *json_parse(struct arena *arena, const char *text, size_t length, struct json_error *error);

/* The member of this name, or NULL; also NULL when `object` is NULL or no object. */
const struct json *json_get(const struct json *object, const char *key);

bool json_is(const struct json *value, enum json_type type);
bool json_equals(const struct json *value, const char *text);

/* The string of a member, or `otherwise` when there is none. */
const char *json_text(const struct json *object, const char *key, const char *otherwise);

/* Whether a value is an integer that is not negative and at most `limit`; stores it. */
bool json_count(const struct json *value, uint64_t limit, uint64_t *count);

#endif
