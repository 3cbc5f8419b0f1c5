// TLP trace and fault log. The trace lives in reserved address space: it grows in place and never moves, so that
// numpy can look at it without a copy; pages cost memory only once they are written.
#pragma once

#include <sys/mman.h>

#include <vector>

#include "host_api.h"

namespace dbh {

class Trace {
 public:
  Trace() {
    for (capacity_ = uint64_t{1} << 28; capacity_ > 1024; capacity_ /= 2) {
      void* space = mmap(nullptr, capacity_ * sizeof(dbh_tlp_t), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (space != MAP_FAILED) {
        data_ = static_cast<dbh_tlp_t*>(space);
        return;
      }
    }
    capacity_ = 0;
  }
  ~Trace() {
    if (data_) munmap(data_, capacity_ * sizeof(dbh_tlp_t));
  }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  // Index of the new record, or DBH_NONE when the trace is off or full.
  uint32_t add(const dbh_tlp_t& record) {
    if (!on_) return DBH_NONE;
    if (count_ == capacity_) {
      ++dropped_;
      return DBH_NONE;
    }
    data_[count_] = record;
    return static_cast<uint32_t>(count_++);
  }
  dbh_tlp_t* at(uint32_t index) { return index < count_ ? data_ + index : nullptr; }

  void clear() {
    if (data_) madvise(data_, capacity_ * sizeof(dbh_tlp_t), MADV_DONTNEED);
    count_ = dropped_ = 0;
  }
  void enable(bool on) { on_ = on; }
  bool on() const { return on_; }
  uint64_t count() const { return count_; }
  uint64_t dropped() const { return dropped_; }
  const dbh_tlp_t* data() const { return data_; }

 private:
  dbh_tlp_t* data_ = nullptr;
  uint64_t capacity_ = 0;
  uint64_t count_ = 0;
  uint64_t dropped_ = 0;
  bool on_ = true;
};

// What the host refused or found wrong, oldest first; the first million rows are kept.
class FaultLog {
 public:
  void add(const dbh_fault_t& row) {
    if (rows_.size() < kMost) rows_.push_back(row);
  }
  void clear() { rows_.clear(); }
  const std::vector<dbh_fault_t>& rows() const { return rows_; }

 private:
  static constexpr size_t kMost = 1u << 20;
  std::vector<dbh_fault_t> rows_;
};

}  // namespace dbh
