/* A suite: read, checked whole before the device is touched. */
#ifndef DOORBELL_PLAYER_SUITE_H
#define DOORBELL_PLAYER_SUITE_H

#include "arena.h"
#include "json.h"

#define SUITE_FORMAT 1
#define SUITE_BYTES_MAX ((size_t)1 << 28)
#define VECTOR_BYTES_MAX ((uint64_t)1 << 28) /* of all buffers of a vector, and of one op's segments */
#define CAPABILITIES_MAX 64
#define INTERRUPT_VECTORS_MAX 2048 /* of MSI-X */

struct capability {
    const char *name;
    uint64_t at;
    unsigned lsb, width;
    uint64_t value; /* what the device says */
};

struct suite {
    struct arena arena;
    const struct json *document;
    const struct json *vectors;
    size_t vector_count;
    uint64_t clock; /* BAR0 offset of the cycle counter */
    struct capability capabilities[CAPABILITIES_MAX];
    size_t capability_count;
};

struct suite_error {
    char text[512];
};

bool suite_load(struct suite *suite, const char *path, struct suite_error *error);
void suite_free(struct suite *suite);

const struct json *suite_recipe(const struct suite *suite, const char *name);

/* The capability of this name, or NULL. */
const struct capability *suite_capability(const struct suite *suite, const char *name);

#endif
