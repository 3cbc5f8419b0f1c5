#include "canonical.h"

#include "sha256.h"

#include <inttypes.h>
#include <string.h>

static void add_text(const char *text, sink *add, void *self)
{
    add(self, text, strlen(text));
}

void canonical_string(const char *text, size_t length, sink *add, void *self)
{
    static const char special[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    size_t i, done = 0;

    add(self, "\"", 1);
    for (i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        const char *known = c ? strchr(special, c) : NULL;
        char escape[8];

        if (known == NULL && c >= 0x20)
            continue;
        if (known != NULL)
            snprintf(escape, sizeof escape, "\\%c", names[known - special]);
        else
            snprintf(escape, sizeof escape, "\\u%04x", c);
        add(self, text + done, i - done);
        add_text(escape, add, self);
        done = i + 1;
    }
    add(self, text + done, length - done);
    add(self, "\"", 1);
}

/* An object without the members `hash` and `cycles` when `bare`. */
static void write_object(const struct json *object, bool bare, sink *add, void *self)
{
    const char *comma = "";
    size_t i;

    add(self, "{", 1);
    for (i = 0; i < object->length; i++) {
        const struct json *member = object->sorted[i];

        if (bare && (member == json_get(object, "hash") || member == json_get(object, "cycles")))
            continue;
        add_text(comma, add, self);
        comma = ",";
        canonical_string(member->key, member->key_length, add, self);
        add(self, ":", 1);
        canonical_value(member, add, self);
    }
    add(self, "}", 1);
}

void canonical_value(const struct json *value, sink *add, void *self)
{
    const struct json *member;
    char number[24];

    switch (value->type) {
    case JSON_NULL:
        add_text("null", add, self);
        break;
    case JSON_BOOL:
        add_text(value->truth ? "true" : "false", add, self);
        break;
    case JSON_INTEGER:
        snprintf(number, sizeof number, "%s%" PRIu64, value->truth ? "-" : "",
                 value->truth ? 0 - value->integer : value->integer);
        add_text(number, add, self);
        break;
    case JSON_STRING:
        canonical_string(value->text, value->length, add, self);
        break;
    case JSON_ARRAY:
        add(self, "[", 1);
        for (member = value->first; member != NULL; member = member->next) {
            canonical_value(member, add, self);
            if (member->next != NULL)
                add(self, ",", 1);
        }
        add(self, "]", 1);
        break;
    case JSON_OBJECT:
        write_object(value, false, add, self);
        break;
    }
}

void sink_file(void *file, const void *data, size_t length)
{
    fwrite(data, 1, length, file);
}

static void sink_hash(void *hash, const void *data, size_t length)
{
    sha256_add(hash, data, length);
}

void vector_hash(const struct json *vector, char text[HASH_TEXT_BYTES])
{
    struct sha256 hash;
    unsigned char digest[32];
    int i;

    sha256_start(&hash);
    write_object(vector, true, sink_hash, &hash);
    sha256_end(&hash, digest);
    memcpy(text, "sha256:", 8);
    for (i = 0; i < 32; i++)
        snprintf(text + 7 + 2 * i, 3, "%02x", digest[i]);
}
