// A TLP on its way to the device, complete with what the trace will say about it.
#pragma once

#include <cstdint>
#include <vector>

#include "host_api.h"
#include "tlp.h"

namespace dbh {

constexpr uint32_t kLine = 64;             // payload bytes of a beat
constexpr uint32_t kLargestPayload = 4096;  // of a legal TLP
constexpr uint64_t kNever = ~uint64_t{0};

struct Outgoing {
  Header header{};
  uint32_t bytes = 0;              // payload on the link, whatever the header says
  uint64_t address = 0;            // for the trace
  uint32_t request = DBH_NONE;     // completions: trace index of the request
  uint8_t flags = 0;               // DBH_TLP_*
  int slot = -1;                   // of the MMIO port, or -1: a completion
  std::vector<uint8_t> data = std::vector<uint8_t>(kLargestPayload + kLine);  // padded to whole beats

  void reserve(uint32_t payload) {
    if (data.size() < payload + kLine) data.resize(payload + kLine);
  }
};

}  // namespace dbh
