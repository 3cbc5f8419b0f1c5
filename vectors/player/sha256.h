/* SHA-256 (FIPS 180-4). */
#ifndef DOORBELL_PLAYER_SHA256_H
#define DOORBELL_PLAYER_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[64];
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t length);
void sha256_end(struct sha256 *hash, unsigned char digest[32]);

#endif
