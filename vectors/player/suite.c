#include "suite.h"

#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the parsed document may take: a node is some twenty times the shortest text that makes one. */
#define ARENA_BYTES ((size_t)1 << 32)
#define OFFSET_MAX ((uint64_t)INT32_MAX)

static bool wrong(struct suite_error *error, const char *path, const char *what)
{
    char kept[sizeof error->text];

    snprintf(kept, sizeof kept, "%s", what);
    snprintf(error->text, sizeof error->text, "%.200s: %.300s", path, kept);
    return false;
}

static char *read_file(const char *path, size_t *length, struct suite_error *error)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL, *larger;
    size_t room = 0;

    if (file == NULL) {
        wrong(error, path, strerror(errno));
        return NULL;
    }
    *length = 0;
    do {
        room = room == 0 ? 1 << 16 : room * 2;
        larger = room > 2 * SUITE_BYTES_MAX ? NULL : realloc(text, room);
        if (larger == NULL) {
            wrong(error, path, "is larger than 256 MiB, or there is no memory for it");
            free(text);
            fclose(file);
            return NULL;
        }
        text = larger;
        *length += fread(text + *length, 1, room - *length, file);
    } while (*length == room);
    if (ferror(file)) {
        wrong(error, path, "cannot be read to its end");
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static bool load_capabilities(struct suite *suite, struct suite_error *error)
{
    const struct json *all = json_get(suite->document, "capabilities"), *one;
    struct capability *capability;
    uint64_t lsb, width;

    if (!json_is(all, JSON_OBJECT) || all->length > CAPABILITIES_MAX)
        return wrong(error, "capabilities", "is no object of up to 64 members");
    for (one = all->first; one != NULL; one = one->next) {
        capability = &suite->capabilities[suite->capability_count++];
        capability->name = one->key;
        if (!json_count(json_get(one, "at"), OFFSET_MAX, &capability->at) || capability->at % 8 != 0 ||
            !json_count(json_get(one, "lsb"), 63, &lsb) || !json_count(json_get(one, "width"), 64, &width) ||
            width == 0 || lsb + width > 64)
            return wrong(error, one->key, "this capability is no field of an aligned 8-byte word");
        capability->lsb = (unsigned)lsb;
        capability->width = (unsigned)width;
    }
    return true;
}

static int compare_ids(const void *left, const void *right)
{
    const struct json *const *a = left, *const *b = right;

    return strcmp(json_text(*a, "id", ""), json_text(*b, "id", ""));
}

static bool check_ids(struct suite *suite, struct suite_error *error)
{
    const struct json **all = arena_take(&suite->arena, suite->vector_count, sizeof *all), *vector;
    size_t i = 0;

    if (all == NULL)
        return wrong(error, "vectors", "there are too many");
    for (vector = suite->vectors->first; vector != NULL; vector = vector->next)
        all[i++] = vector;
    if (i > 1)
        qsort(all, i, sizeof *all, compare_ids);
    for (i = 0; i < suite->vector_count; i++) {
        const char *id = json_text(all[i], "id", "");

        if (i > 0 && compare_ids(&all[i - 1], &all[i]) == 0)
            return wrong(error, id, "stands twice; ids are unique");
        if (json_get(json_get(suite->document, "retired"), id) != NULL)
            return wrong(error, id, "was retired; its id is never used again");
    }
    return true;
}

static bool load(struct suite *suite, struct suite_error *error)
{
    static const char *const recipes[] = {"version", "reset", "health", "queue_reset"};
    const struct json *format = json_get(suite->document, "format"), *vector;
    uint64_t number;
    size_t i;

    if (!json_count(format, SUITE_FORMAT, &number) || number != SUITE_FORMAT)
        return wrong(error, "format", "is not 1, the only one this player knows");
    if (json_text(suite->document, "suite", NULL) == NULL || json_text(suite->document, "contract", NULL) == NULL)
        return wrong(error, "suite, contract", "are missing");
    if (!json_count(json_get(suite->document, "clock"), OFFSET_MAX, &suite->clock) || suite->clock % 8 != 0)
        return wrong(error, "clock", "is no offset of an 8-byte register");
    if (!load_capabilities(suite, error))
        return false;
    for (i = 0; i < sizeof recipes / sizeof *recipes; i++)
        if (!check_recipe(suite, recipes[i], error))
            return false;
    suite->vectors = json_get(suite->document, "vectors");
    if (!json_is(suite->vectors, JSON_ARRAY))
        return wrong(error, "vectors", "is no list");
    suite->vector_count = suite->vectors->length;
    for (vector = suite->vectors->first; vector != NULL; vector = vector->next)
        if (!check_vector(suite, vector, error))
            return false;
    return check_ids(suite, error);
}

bool suite_load(struct suite *suite, const char *path, struct suite_error *error)
{
    struct json_error parse_error;
    size_t length;
    char *text = read_file(path, &length, error);

    *suite = (struct suite){.arena.limit = ARENA_BYTES};
    if (text == NULL)
        return false;
    suite->document = json_parse(&suite->arena, text, length, &parse_error);
    free(text);
    if (suite->document == NULL ? wrong(error, path, parse_error.text)
                                : load(suite, error) || wrong(error, path, error->text))
        return true;
    suite_free(suite);
    return false;
}

void suite_free(struct suite *suite)
{
    arena_free(&suite->arena);
}

const struct json *suite_recipe(const struct suite *suite, const char *name)
{
    return json_get(json_get(suite->document, "recipes"), name);
}

const struct capability *suite_capability(const struct suite *suite, const char *name)
{
    size_t i;

    for (i = 0; i < suite->capability_count; i++)
        if (strcmp(suite->capabilities[i].name, name) == 0)
            return &suite->capabilities[i];
    return NULL;
}
