// Hash of a payload for the TLP trace: tells two payloads apart, nothing more. doorbell_tb/trace.py has the same.
//
// Four lanes take 8-byte little-endian words in turn (the tail padded with zeros): lane = rotl(lane ^ word, 29) * K.
// The result mixes the lanes and the length.
#pragma once

#include <cstdint>
#include <cstring>

#include "rng.h"

namespace dbh {

inline uint64_t payload_hash(const uint8_t* data, uint32_t bytes) {
  constexpr uint64_t kMultiplier = 0xD6E8FEB86659FD93ull;
  uint64_t lane[4] = {1, 2, 3, 4};
  const auto step = [](uint64_t& state, uint64_t word) {
    const uint64_t x = state ^ word;
    state = ((x << 29) | (x >> 35)) * kMultiplier;
  };
  uint32_t at = 0;
  for (; at + 32 <= bytes; at += 32) {
    uint64_t word[4];
    std::memcpy(word, data + at, 32);
    for (int i = 0; i < 4; ++i) step(lane[i], word[i]);
  }
  for (int i = 0; at < bytes; at += 8, ++i) {
    uint64_t word = 0;
    std::memcpy(&word, data + at, bytes - at < 8 ? bytes - at : 8);
    step(lane[i], word);
  }
  uint64_t sum = bytes;
  for (const uint64_t state : lane) sum = mix64(sum ^ state);
  return sum;
}

}  // namespace dbh
