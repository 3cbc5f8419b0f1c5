// Host memory as the device sees it: an IOMMU that maps bus addresses to buffers of this process, exact to the byte.
//
// Strict publishing: the device reads a copy (the shadow) of each mapping that only publish() refreshes, so that a
// write which software never published stays invisible, as it may on silicon. Device writes reach both.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dbh {

class Memory {
 public:
  // Empty string, or why not.
  std::string map(uint64_t iova, uint8_t* memory, uint64_t bytes, uint32_t access);
  std::string unmap(uint64_t iova);
  void clear();

  void set_strict(bool strict);
  bool strict() const { return strict_; }
  // Refreshes changed pages inside [first, last]; returns the bytes copied.
  uint64_t publish(uint64_t first, uint64_t last);

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

  Mapping* find(uint64_t iova);

  std::vector<Mapping> maps_;  // by address
  size_t hit_ = 0;             // index of the mapping used last
  bool strict_ = false;
};

}  // namespace dbh
