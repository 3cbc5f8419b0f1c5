// Counter-based random numbers: draw n of stream s under seed k depends on (k, s, n) only. Python runs the same
// (doorbell_tb/rng.py). The mixer is the finaliser of SplitMix64 (Steele, Lea, Flood 2014), applied to a counter.
#pragma once

#include <cstdint>

namespace dbh {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ull;

constexpr uint64_t mix64(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// One independent sequence of 64-bit numbers.
class Stream {
 public:
  Stream() = default;
  Stream(uint64_t seed, uint64_t stream) : key_(mix64(mix64(seed + kGolden) + stream * kGolden)) {}

  uint64_t next() { return mix64(key_ + ++count_ * kGolden); }

  // Uniform in [low, high]. Equal bounds draw nothing, so that a fixed profile costs nothing.
  uint32_t between(uint32_t low, uint32_t high) {
    if (low >= high) return low;
    __extension__ using Wide = unsigned __int128;
    const auto range = static_cast<uint64_t>(high) - low + 1;
    return low + static_cast<uint32_t>((static_cast<Wide>(next()) * range) >> 64);
  }

  // True with the given chance; 0 and 100 draw nothing.
  bool percent(uint32_t chance) {
    if (chance == 0) return false;
    return chance >= 100 || between(0, 99) < chance;
  }

 private:
  uint64_t key_ = 0;
  uint64_t count_ = 0;
};

}  // namespace dbh
