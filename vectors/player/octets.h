/* Segments: lists in the JSON that stand for bytes to store or to expect. */
#ifndef DOORBELL_PLAYER_OCTETS_H
#define DOORBELL_PLAYER_OCTETS_H

#include "run.h"

#define DIFFERENCE_TEXT_BYTES 160

/*
 * How many bytes the segments stand for. False: a segment is malformed, they are too many, or one is
 * of a kind that only expectations may have and `expected` is false.
 */
bool octets_measure(const struct json *segments, bool expected, uint64_t *length);

/* Makes the bytes, and the mask if `expected`. The segments have passed octets_measure. */
bool octets_build(struct run *run, const struct json *segments, bool expected, struct octets *octets);

/* Room for this many bytes in `octets`; false after running out of memory. */
bool octets_room(struct run *run, struct octets *octets, size_t length);

/* Index of the first byte of `found` that differs, or `expected->length`. */
size_t octets_differ(const struct octets *expected, const unsigned char *found);

/* For people: the byte at which they differ, and up to 16 bytes of each from there on. */
void octets_difference(const struct octets *expected, const unsigned char *found, size_t at,
                       char text[DIFFERENCE_TEXT_BYTES]);

void octets_free(struct octets *octets);

/* 8 bytes of random stream `seed`, as a little-endian number. */
uint64_t stream_word(uint64_t seed, uint64_t index);

#endif
