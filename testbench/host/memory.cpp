#include "memory.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "host_api.h"

namespace dbh {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint8_t kUnpublished = 0xDB;  // what the device reads before the first publish()

std::string text(const char* format, uint64_t a, uint64_t b, uint64_t c = 0) {
  char buffer[200];
  std::snprintf(buffer, sizeof buffer, format, static_cast<unsigned long long>(a), static_cast<unsigned long long>(b),
                static_cast<unsigned long long>(c));
  return buffer;
}

}  // namespace

std::string Memory::map(uint64_t iova, uint8_t* memory, uint64_t bytes, uint32_t access) {
  if (bytes == 0 || iova + (bytes - 1) < iova)
    return text("map of %llu bytes at 0x%llx: must be at least 1 and end below 2^64", bytes, iova);
  if (access == 0 || access > (DBH_READ | DBH_WRITE))
    return text("map with access %llu at 0x%llx: must be read (1), write (2) or both (3)", access, iova);
  const uint64_t last = iova + (bytes - 1);
  const auto at = std::lower_bound(maps_.begin(), maps_.end(), iova,
                                   [](const Mapping& m, uint64_t address) { return m.last < address; });
  if (at != maps_.end() && at->first <= last)
    return text("map of %llu bytes at 0x%llx: overlaps the mapping at 0x%llx; unmap it first", bytes, iova, at->first);
  Mapping mapping{iova, last, memory, access, nullptr};
  if (strict_) {
    mapping.shadow = std::make_unique_for_overwrite<uint8_t[]>(bytes);
    std::memset(mapping.shadow.get(), kUnpublished, bytes);
  }
  maps_.insert(at, std::move(mapping));
  hit_ = 0;
  return {};
}

std::string Memory::unmap(uint64_t iova) {
  Mapping* mapping = find(iova);
  if (!mapping || mapping->first != iova)
    return text("unmap at 0x%llx: no mapping starts there (%llu mappings)", iova, maps_.size());
  maps_.erase(maps_.begin() + (mapping - maps_.data()));
  hit_ = 0;
  return {};
}

void Memory::clear() {
  maps_.clear();
  hit_ = 0;
  strict_ = false;
}

void Memory::set_strict(bool strict) {
  if (strict == strict_) return;
  strict_ = strict;
  for (Mapping& m : maps_) {
    m.shadow.reset();
    if (!strict) continue;
    const uint64_t bytes = m.last - m.first + 1;
    m.shadow = std::make_unique_for_overwrite<uint8_t[]>(bytes);
    std::memcpy(m.shadow.get(), m.memory, bytes);
  }
}

uint64_t Memory::publish(uint64_t first, uint64_t last) {
  if (!strict_) return 0;
  uint64_t copied = 0;
  for (Mapping& m : maps_) {
    if (m.last < first || m.first > last) continue;
    const uint64_t end = std::min(last, m.last) - m.first + 1;
    for (uint64_t at = std::max(first, m.first) - m.first; at < end;) {
      const uint64_t chunk = std::min(end, (at & ~(kPage - 1)) + kPage) - at;
      if (std::memcmp(m.shadow.get() + at, m.memory + at, chunk) != 0) {
        std::memcpy(m.shadow.get() + at, m.memory + at, chunk);
        copied += chunk;
      }
      at += chunk;
    }
  }
  return copied;
}

Memory::Mapping* Memory::find(uint64_t iova) {
  if (hit_ < maps_.size() && maps_[hit_].first <= iova && iova <= maps_[hit_].last) return &maps_[hit_];
  const auto at = std::lower_bound(maps_.begin(), maps_.end(), iova,
                                   [](const Mapping& m, uint64_t address) { return m.last < address; });
  if (at == maps_.end() || at->first > iova) return nullptr;
  hit_ = static_cast<size_t>(at - maps_.begin());
  return &*at;
}

bool Memory::allowed(uint64_t iova, uint64_t bytes, uint32_t access) {
  while (bytes) {
    const Mapping* m = find(iova);
    if (!m || (m->access & access) != access) return false;
    const uint64_t rest = m->last - iova;  // further bytes in this mapping
    if (rest >= bytes - 1) return true;
    bytes -= rest + 1;
    iova += rest + 1;
    if (iova == 0) return false;  // past the end of the address space
  }
  return true;
}

bool Memory::read(uint64_t iova, uint8_t* out, uint64_t bytes) {
  while (bytes) {
    const Mapping* m = find(iova);
    if (!m || !(m->access & DBH_READ)) return false;
    const uint8_t* source = (m->shadow ? m->shadow.get() : m->memory) + (iova - m->first);
    const uint64_t chunk = std::min(bytes - 1, m->last - iova) + 1;
    std::memcpy(out, source, chunk);
    out += chunk;
    iova += chunk;
    bytes -= chunk;
    if (bytes && iova == 0) return false;
  }
  return true;
}

bool Memory::write(uint64_t iova, const uint8_t* data, uint64_t bytes) {
  if (!allowed(iova, bytes, DBH_WRITE)) return false;
  while (bytes) {
    const Mapping* m = find(iova);
    const uint64_t chunk = std::min(bytes - 1, m->last - iova) + 1;
    std::memcpy(m->memory + (iova - m->first), data, chunk);
    if (m->shadow) std::memcpy(m->shadow.get() + (iova - m->first), data, chunk);
    data += chunk;
    iova += chunk;
    bytes -= chunk;
  }
  return true;
}

}  // namespace dbh
