/* Canonical JSON (sorted keys, no spaces, UTF-8), and the content hash of a vector over it. */
#ifndef DOORBELL_PLAYER_CANONICAL_H
#define DOORBELL_PLAYER_CANONICAL_H

#include "json.h"

#include <stddef.h>
#include <stdio.h>

typedef void sink(void *self, const void *data, size_t length);

void canonical_string(const char *text, size_t length, sink *add, void *self);
void canonical_value(const struct json *value, sink *add, void *self);

/* A sink whose `self` is a FILE. */
void sink_file(void *file, const void *data, size_t length);

#define HASH_TEXT_BYTES 72

/* Writes "sha256:" and 64 digits: the hash of a vector without its members `hash` and `cycles`. */
void vector_hash(const struct json *vector, char text[HASH_TEXT_BYTES]);

#endif
