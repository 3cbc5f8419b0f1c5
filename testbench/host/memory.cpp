#include "memory.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>

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
  held_.erase(held_.lower_bound(mapping->first), held_.upper_bound(mapping->last));
  maps_.erase(maps_.begin() + (mapping - maps_.data()));
  hit_ = 0;
  return {};
}

void Memory::clear() {
  maps_.clear();
  held_.clear();
  next_ = kNever;
  hit_ = 0;
  strict_ = false;
}

void Memory::set_strict(bool strict) {
  if (strict == strict_) return;
  strict_ = strict;
  held_.clear();
  next_ = kNever;
  for (Mapping& m : maps_) {
    m.shadow.reset();
    if (!strict) continue;
    const uint64_t bytes = m.last - m.first + 1;
    m.shadow = std::make_unique_for_overwrite<uint8_t[]>(bytes);
    std::memcpy(m.shadow.get(), m.memory, bytes);
  }
}

uint64_t Memory::publish(uint64_t first, uint64_t last, uint64_t number) {
  if (!strict_) return 0;
  uint64_t taken = 0;
  for (Mapping& m : maps_) {
    if (m.last < first || m.first > last) continue;
    const uint64_t size = m.last - m.first + 1;
    const uint64_t end = std::min(last, m.last) - m.first + 1;
    auto held = held_.lower_bound(m.first);
    for (uint64_t at = std::max(first, m.first) - m.first; at < end;) {
      const uint64_t page = at & ~(kPage - 1);
      const uint64_t chunk = std::min(end, page + kPage) - at;
      while (held != held_.end() && held->first < m.first + page) ++held;
      const bool waiting = held != held_.end() && held->first == m.first + page;
      const uint8_t* newest = waiting ? held->second.versions.back().data.get() : m.shadow.get() + page;
      if (std::memcmp(newest + (at - page), m.memory + at, chunk) != 0) {
        const uint64_t bytes = std::min(size - page, kPage);
        Version version{number, std::make_unique_for_overwrite<uint8_t[]>(bytes)};
        std::memcpy(version.data.get(), newest, bytes);
        std::memcpy(version.data.get() + (at - page), m.memory + at, chunk);
        if (!waiting) held = held_.emplace_hint(held, m.first + page, Page{bytes, {}});
        std::vector<Version>& versions = held->second.versions;
        if (waiting && versions.back().number == number) versions.pop_back();
        versions.push_back(std::move(version));
        next_ = std::min(next_, number);
        taken += chunk;
      }
      at += chunk;
    }
  }
  return taken;
}

void Memory::show(uint64_t number) {
  next_ = kNever;
  for (auto held = held_.begin(); held != held_.end();) {
    std::vector<Version>& versions = held->second.versions;
    const auto later = std::find_if(versions.begin(), versions.end(), [&](const Version& v) { return v.number > number; });
    if (later != versions.begin()) {
      const Mapping* m = find(held->first);
      std::memcpy(m->shadow.get() + (held->first - m->first), std::prev(later)->data.get(), held->second.bytes);
      versions.erase(versions.begin(), later);
    }
    if (versions.empty()) {
      held = held_.erase(held);
    } else {
      next_ = std::min(next_, versions.front().number);
      ++held;
    }
  }
}

// A device write stays, whatever is revealed later.
void Memory::overlay(uint64_t iova, const uint8_t* data, uint64_t bytes) {
  const uint64_t last = iova + (bytes - 1);
  auto held = held_.upper_bound(iova);
  if (held != held_.begin()) --held;
  for (; held != held_.end() && held->first <= last; ++held) {
    const uint64_t low = std::max(iova, held->first);
    const uint64_t high = std::min(last, held->first + (held->second.bytes - 1));
    if (low > high) continue;
    for (Version& version : held->second.versions)
      std::memcpy(version.data.get() + (low - held->first), data + (low - iova), high - low + 1);
  }
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
  if (!held_.empty()) overlay(iova, data, bytes);
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
