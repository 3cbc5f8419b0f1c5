// The CPU's way to the device: MMIO, configuration requests and raw TLPs, their order, tags and results.
//
//   CPU calls ──► calls_ (unbounded, in order) ──► slots (mmio_depth, on the fabric) ──► link
//                 latency, bulk cut into TLPs       posted / non-posted / raw completions
//
// Ordering promises: posted stays behind posted, and non-posted behind everything before it; a posted write passes a
// non-posted request only while the device grants no credits for that one. Not modelled: write combining, caches.
#pragma once

#include <array>
#include <bitset>
#include <memory>
#include <vector>

#include "config_snoop.h"
#include "host_api.h"
#include "outgoing.h"
#include "ring.h"
#include "rng.h"
#include "tlp.h"
#include "trace.h"

namespace dbh {

// What the device has room for, in credits.
struct Room {
  uint32_t posted_headers, posted_data, nonposted_headers, nonposted_data;
};

class MmioPort {
 public:
  MmioPort(ConfigSnoop& snoop, FaultLog& faults, dbh_stats_t& stats) : snoop_(snoop), faults_(faults), stats_(stats) {}

  void configure(const dbh_profile_t& profile, uint64_t seed);
  void set_ids(uint16_t host, uint16_t device) { host_id_ = host, device_id_ = device; }
  // Ends everything unanswered with LINK_DOWN. Returns the number of results that became available.
  uint32_t link_down();

  // ---- calls ----
  void write(uint64_t address, uint64_t value, uint32_t bytes, uint64_t cycle);
  uint64_t read(uint64_t address, uint32_t bytes, uint64_t cycle);
  void write_bulk(uint64_t address, const uint8_t* data, uint64_t bytes, uint64_t cycle);
  uint64_t read_bulk(uint64_t address, uint8_t* data, uint64_t bytes, uint64_t cycle);
  uint64_t config(uint32_t offset, uint32_t value, uint32_t bytes, bool write, uint64_t cycle);
  uint64_t raw(const Header& header, const uint8_t* payload, uint32_t bytes, bool assign, uint64_t cycle);
  int32_t result(uint64_t id, dbh_result_t* out);   // as dbh_result()
  int32_t state(uint64_t id) const;                 // the same without collecting

  // ---- link ----
  // Moves calls that are due onto the fabric.
  void advance(uint64_t cycle);
  uint64_t due() const;  // when the next call may move; kNever: none waits, or only for a tag or a slot
  bool waiting() const { return !posted_.empty() || !nonposted_.empty() || !completions_.empty(); }
  // Index of the slot to send next, or -1; sets `starved` when only credits are missing.
  int choose(const Room& room, bool no_limits, bool& starved);
  // Hands the chosen slot's TLP over; the slot is free afterwards. Returns the number of its call.
  uint64_t take(int slot, Outgoing& out, uint64_t cycle);
  uint64_t next_call() const { return next_call_; }
  uint64_t posted_released() const { return posted_released_; }
  uint64_t posted_sent() const { return posted_sent_; }

  // A completion arrived. Returns the number of results that became available; sets what the trace wants to know.
  uint32_t complete(const Header& header, const uint8_t* payload, uint32_t bytes, uint64_t cycle, uint32_t trace,
                    uint64_t& address, uint32_t& request, bool& unknown);
  void sent(uint32_t tag, uint32_t trace);  // trace index of a non-posted request, once it has one

  uint64_t timeout_due() const { return timeout_due_; }
  uint32_t expire(uint64_t cycle);  // returns the number of results that became available

  uint64_t outstanding() const { return calls_.size() + in_slots_ + tags_busy_; }
  uint64_t unanswered() const { return unanswered_; }
  uint64_t uncollected() const { return uncollected_; }
  uint64_t queued() const { return calls_.size() + in_slots_; }

 private:
  enum class Op : uint8_t { Write, Read, ConfigRead, ConfigWrite, Raw };
  struct Call {
    Op op = Op::Write;
    bool assign = false;
    uint32_t small = 0;          // bytes of a single access; 0: bulk
    uint64_t due = 0;
    uint64_t number = 0;         // of calls before it
    uint64_t address = 0;        // bus address, or configuration offset
    uint64_t bytes = 0;          // left (bulk), or of the raw payload
    uint64_t value = 0;
    uint64_t id = 0;
    uint8_t* out = nullptr;      // bulk reads
    uint64_t at = 0;             // bytes of `data` sent
    Header header{};             // raw
    std::unique_ptr<uint8_t[]> data;
  };
  struct Slot {
    Header header{};
    Class cls = Class::Posted;
    Op op = Op::Write;
    uint64_t sequence = 0;
    uint64_t call = 0;
    uint64_t address = 0;
    uint32_t bytes = 0;
    std::vector<uint8_t> data = std::vector<uint8_t>(256);
  };
  struct Tag {
    bool busy = false, abandoned = false, poisoned = false;
    Op op = Op::Read;
    uint64_t id = 0;
    uint64_t address = 0;   // of the next byte
    uint64_t start = 0;     // of the first
    uint64_t bytes = 0;     // left
    uint64_t value = 0;
    uint8_t* out = nullptr;
    uint64_t since = 0;
    uint32_t trace = DBH_NONE;
  };
  struct Result {
    uint64_t id = 0;
    bool done = false;
    uint32_t parts = 0;      // TLPs without an answer yet
    bool cut = false;        // every part has been sent to the fabric
    dbh_result_t reply{};
  };
  static constexpr uint32_t kHostTags = 256;

  Call& push(Op op, uint64_t cycle);
  uint64_t open();
  Result* find(uint64_t id);
  uint32_t settle(uint64_t id, uint32_t status, uint64_t value, uint32_t trace);
  bool needs_tag(const Call& call) const;
  bool convert(Call& call, uint64_t cycle);  // one TLP of the call into a slot; true: the call is finished
  void fill(Slot& slot, const uint8_t* data, uint32_t bytes);
  uint32_t take_tag(const Call& call, uint64_t cycle, uint64_t address, uint64_t bytes, uint8_t* out);
  void free_tag(uint32_t tag);
  bool fits(const Tag& tag, const Header& header, uint32_t bytes) const;
  void land(Tag& tag, const uint8_t* payload, uint32_t bytes);

  ConfigSnoop& snoop_;
  FaultLog& faults_;
  dbh_stats_t& stats_;
  dbh_profile_t profile_{};
  uint16_t host_id_ = 0, device_id_ = 0x0100;

  Stream latency_;
  uint64_t last_due_ = 0;
  uint64_t next_call_ = 0;
  Ring<Call> calls_;
  std::vector<Slot> slots_;
  std::vector<uint16_t> free_slots_;
  Ring<uint16_t> posted_, nonposted_, completions_;
  uint32_t in_slots_ = 0;
  uint64_t sequence_ = 0, posted_released_ = 0, posted_sent_ = 0;

  std::array<Tag, kHostTags> tags_{};
  Ring<uint16_t> free_tags_{kHostTags};
  std::bitset<1024> raw_tags_;  // sent untouched, not yet answered
  uint32_t tags_busy_ = 0;
  uint64_t timeout_due_ = kNever;

  std::vector<Result> results_{1024};
  uint64_t next_id_ = 1;
  uint64_t unanswered_ = 0, uncollected_ = 0;
};

}  // namespace dbh
