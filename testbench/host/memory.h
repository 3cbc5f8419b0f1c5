// Host memory as the device sees it: an IOMMU that maps bus addresses to buffers of this process, exact to the byte.
//
// Strict publishing: the device reads a copy (the shadow) of each mapping, so that a write which software never published
// stays invisible, as it may on silicon. publish() keeps the pages that changed beside it, under the number of the next
// MMIO; only reveal(), when that MMIO goes to the link, puts them into the shadow: what was posted earlier, a doorbell
// say, still finds the old bytes. Device writes reach everything at once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "outgoing.h"

namespace dbh {

class Memory {
 public:
  // Empty string, or why not.
  std::string map(uint64_t iova, uint8_t* memory, uint64_t bytes, uint32_t access);
  std::string unmap(uint64_t iova);
  void clear();

  void set_strict(bool strict);
  bool strict() const { return strict_; }
  // Takes the pages inside [first, last] that changed, to be revealed with MMIO `number`; returns their bytes.
  uint64_t publish(uint64_t first, uint64_t last, uint64_t number);
  // The MMIO `number` goes to the link: the device sees what was published before it.
  void reveal(uint64_t number) {
    if (number >= next_) show(number);
  }

  // Whether every byte of a range is mapped for `access` (DBH_READ, DBH_WRITE).
  bool allowed(uint64_t iova, uint64_t bytes, uint32_t access);
  // Copies what the device sees; false when a byte is not mapped for reading.
  bool read(uint64_t iova, uint8_t* out, uint64_t bytes);
  // All or nothing; false when a byte is not mapped for writing.
  bool write(uint64_t iova, const uint8_t* data, uint64_t bytes);

 private:
  struct Mapping {
    uint64_t first, last;  // addresses, both included
    uint8_t* memory;
    uint32_t access;
    std::unique_ptr<uint8_t[]> shadow;  // null unless strict
  };

  struct Version {  // of a page, not yet revealed
    uint64_t number;
    std::unique_ptr<uint8_t[]> data;
  };
  struct Page {
    uint64_t bytes = 0;
    std::vector<Version> versions;  // oldest first
  };

  Mapping* find(uint64_t iova);
  void show(uint64_t number);
  void overlay(uint64_t iova, const uint8_t* data, uint64_t bytes);

  std::vector<Mapping> maps_;  // by address
  std::map<uint64_t, Page> held_;  // by the address of the first byte
  uint64_t next_ = kNever;         // smallest number in held_
  size_t hit_ = 0;             // index of the mapping used last
  bool strict_ = false;
};

}  // namespace dbh
