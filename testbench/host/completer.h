// Answers the device's reads and AtomicOps from host memory: latency, order, splits, faults on purpose.
//
//   request ──► waiting (by due time) ──► ready ──► one completion at a time
//
// Ordering promises: the completions of one request come in address order; a read is performed after every device
// write that arrived before it; a completion does not pass MMIO writes that were on the link when its read arrived.
// Not modelled: relaxed ordering, completion combining, translation latency.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "config_snoop.h"
#include "host_api.h"
#include "memory.h"
#include "outgoing.h"
#include "ring.h"
#include "rng.h"
#include "tlp.h"
#include "trace.h"

namespace dbh {

class Completer {
 public:
  Completer(Memory& memory, ConfigSnoop& snoop, FaultLog& faults, dbh_stats_t& stats)
      : memory_(memory), snoop_(snoop), faults_(faults), stats_(stats) {}

  void configure(const dbh_profile_t& profile, uint64_t seed);
  void set_id(uint16_t id) { id_ = id; }
  void drop_all();  // the link went down

  // A read or AtomicOp arrived. `floor`: MMIO writes that its completions may not pass.
  void accept(const Header& header, const uint8_t* payload, uint64_t cycle, uint32_t trace, uint64_t floor);
  // A request this host does not take: answered UR in its turn.
  void refuse(const Header& header, uint64_t cycle, uint32_t trace, uint64_t floor);
  void unexpected(uint32_t tag, uint32_t bytes, uint16_t device);

  // Earliest cycle at which next() may have something; kNever: nothing outstanding.
  uint64_t due() const {
    if (!ready_.empty() || !unasked_.empty()) return 0;
    return waiting_.empty() ? kNever : waiting_.front().due;
  }
  // Builds the next completion; false when none may be sent. `posted_sent`: MMIO writes that left so far.
  bool next(Outgoing& out, uint64_t cycle, uint64_t posted_sent);

  uint32_t outstanding() const { return outstanding_; }
  bool idle() const { return outstanding_ == 0 && unasked_.empty(); }

  int32_t inject(const dbh_injection_t& rule);
  uint64_t inject_hits(int32_t handle) const;
  bool inject_remove(int32_t handle);

 private:
  struct Pending {
    Header header{};
    uint64_t at = 0;        // address of the next DW
    uint64_t sequence = 0;  // of arrival
    uint64_t floor = 0;
    uint32_t dws = 0;       // left
    uint32_t bytes = 0;     // left, as byte enables count them
    uint32_t skip = 0;      // bytes of the next DW that are not meant
    uint32_t pieces = 0;    // sent
    uint32_t least = 0;     // completions it takes at least
    uint32_t again = 0;     // DBH_INJECT_DUPLICATE: DWs of the copy
    uint32_t trace = DBH_NONE;
    uint32_t status = 0;
    uint32_t fault = 0;     // dbh_inject_kind_t or 0
    uint32_t argument = 0;
    bool sampled = false;   // data are in samples_
    bool fetches = false;   // a memory read of at least one byte
    uint16_t older = kNobody, newer = kNobody;  // neighbours in order of arrival
  };
  struct Due {
    uint64_t due, sequence;
    uint16_t index;
    bool operator<(const Due& other) const {  // std heaps keep the largest in front
      return due != other.due ? due > other.due : sequence > other.sequence;
    }
  };
  struct Rule {
    dbh_injection_t rule;
    uint64_t hits;
    bool active;
  };
  struct Unasked {
    Header header{};
    uint32_t bytes = 0;
  };
  static constexpr uint16_t kNobody = 0xFFFF;

  uint16_t allocate(const Header& header, uint64_t cycle, uint32_t trace, uint64_t floor);
  void release(uint16_t index);
  void schedule(uint16_t index, uint64_t due);
  void atomic(Pending& pending, uint8_t* sample, const uint8_t* payload, uint64_t cycle);
  void apply_injection(Pending& pending);
  void admit(Pending& pending, uint64_t cycle);
  uint64_t piece_end(const Pending& pending);
  void log(const Pending& pending, uint32_t kind, uint64_t cycle);
  uint8_t* sample_of(uint16_t index);
  bool pick(uint64_t posted_sent);
  bool build(uint16_t index, Outgoing& out, uint64_t cycle);

  Memory& memory_;
  ConfigSnoop& snoop_;
  FaultLog& faults_;
  dbh_stats_t& stats_;
  dbh_profile_t profile_{};
  uint16_t id_ = 0;

  Stream latency_, gap_, split_, order_, early_;
  std::vector<Pending> pending_;
  std::vector<uint16_t> free_;
  std::vector<std::unique_ptr<uint8_t[]>> samples_;
  std::vector<Due> waiting_;  // a heap
  Ring<uint16_t> ready_;
  Ring<Unasked> unasked_;
  std::array<uint16_t, 1024> tags_{};  // outstanding per tag
  uint16_t oldest_ = kNobody, newest_ = kNobody;
  uint32_t outstanding_ = 0;
  uint64_t sequence_ = 0;
  std::vector<Rule> rules_;
};

}  // namespace dbh
