// What a root port and the switch above the device learn from the configuration requests that pass through them:
// where the device's BARs are, and its Max_Payload_Size. Needs nothing but the enumeration that any software does.
#pragma once

#include <array>
#include <cstdint>

namespace dbh {

class ConfigSnoop {
 public:
  // A read was answered: `bytes` at `offset`.
  void answered(uint32_t offset, uint32_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; ++i) space_[offset + i] = static_cast<uint8_t>(value >> (8 * i));
    const uint32_t bar = (offset - kBar0) / 4;
    if (bytes == 4 && bar < kBars && sizing_[bar]) mask_[bar] = value;
  }
  // A write was sent.
  void written(uint32_t offset, uint32_t value, uint32_t bytes) {
    const uint32_t bar = (offset - kBar0) / 4;
    if (bytes == 4 && offset >= kBar0 && bar < kBars) {
      sizing_[bar] = value == 0xFFFFFFFF;
      base_[bar] = value;
    }
    if (offset == kCommand) memory_on_ = value & 2;
    const uint32_t control = capability(kPcieCapability) + kDeviceControl;
    if (control != kDeviceControl && offset == control && bytes >= 2) {
      max_payload_ = 128u << ((value >> 5) & 7);
      if (value & 0x8000) reset();  // function-level reset
    }
  }
  // The device forgets its addresses; the smallest payload is safe whatever it keeps.
  void reset() {
    base_ = mask_ = {};
    sizing_ = {};
    memory_on_ = false;
    max_payload_ = 128;
  }
  uint32_t max_payload() const { return max_payload_; }

  // Whether [first, last] touches a BAR that the device decodes.
  bool in_bar(uint64_t first, uint64_t last) const {
    if (!memory_on_) return false;
    for (uint32_t i = 0; i < kBars; ++i) {
      if (mask_[i] == 0 || sizing_[i] || (mask_[i] & 1)) continue;
      const bool wide = (mask_[i] & 6) == 4 && i + 1 < kBars;
      if (wide && sizing_[i + 1]) continue;
      uint64_t mask = mask_[i] & ~0xFu;
      uint64_t base = base_[i] & mask_[i] & ~0xFu;
      if (wide) {
        mask |= static_cast<uint64_t>(mask_[i + 1]) << 32;
        base |= static_cast<uint64_t>(base_[i + 1]) << 32;
        ++i;
      } else {
        mask |= 0xFFFFFFFF00000000ull;
      }
      if (first <= base + ~mask && last >= base) return true;
    }
    return false;
  }

 private:
  static constexpr uint32_t kCommand = 0x04, kBar0 = 0x10, kBars = 6, kCapabilities = 0x34;
  static constexpr uint32_t kPcieCapability = 0x10, kDeviceControl = 8;

  // Offset of a capability among those that were read, or 0.
  uint32_t capability(uint32_t id) const {
    uint32_t at = space_[kCapabilities] & 0xFC;
    for (int steps = 0; at && steps < 48; ++steps) {
      if (space_[at] == id) return at;
      at = space_[at + 1] & 0xFC;
    }
    return 0;
  }

  std::array<uint8_t, 4096 + 4> space_{};
  std::array<uint32_t, kBars> base_{}, mask_{};
  std::array<bool, kBars> sizing_{};
  bool memory_on_ = false;
  uint32_t max_payload_ = 128;
};

}  // namespace dbh
