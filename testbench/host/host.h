// The host end of the link, clock by clock: what the device sends comes in, what goes to it goes out.
//
//            ┌── receive: credits, framing, trace ──► writes ──► Memory, interrupts, watches
//   device ──┤                                   ├──► reads ───► Completer ──┐
//            │                                   └──► answers ─► MmioPort    │
//            └◄─ transmit: credits, gaps, trace ◄── arbiter ◄── MmioPort, ◄──┘
//
// Per clock, at the rising edge: receive_beat() if the device's beat was accepted, clock(), send_beat() if clock() says
// that the outputs change. All outputs are registered: they are the inputs of the device in the next cycle.
// An idle clock costs one comparison: `due_` is the earliest cycle at which anything can happen by itself.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "completer.h"
#include "config_snoop.h"
#include "credits.h"
#include "hash.h"
#include "host_api.h"
#include "memory.h"
#include "mmio_port.h"
#include "outgoing.h"
#include "ring.h"
#include "rng.h"
#include "trace.h"

namespace dbh {

// What the testbench reports each clock, and what it is told; doorbell_tb.sv has the same bits.
enum ClockIn : uint32_t { kTaken = 1, kReceiveStalled = 2, kSendStalled = 4, kReceived = 8 };
enum ClockOut : uint32_t {
  kValid = 1,     // rx_valid in the next cycle
  kReady = 2,     // tx_ready in the next cycle
  kReset = 4,     // rst in the next cycle
  kLoad = 8,      // call send_beat()
  kCredits = 16,  // call credits()
  kEvent = 32,    // event_count changed
  kFinish = 64
};

class Host {
 public:
  Host() : completer_(memory_, snoop_, faults_, stats_), mmio_(snoop_, faults_, stats_) {}

  std::string configure(const dbh_profile_t& profile, uint64_t seed);
  void reset_link(uint32_t cycles);
  void set_ids(uint16_t host, uint16_t device);
  void finish() { finish_ = true, due_ = 0; }

  // ---- the testbench ----
  uint32_t clock(uint32_t in) {
    if (in == 0 && cycle_ < due_) {
      ++cycle_;
      return steady_;
    }
    return work(in);
  }
  void receive_beat(bool sop, bool last, const uint32_t* header, const uint32_t* data);
  void send_beat(bool& sop, bool& last, uint32_t* header, uint32_t* data);
  void device_credits(uint64_t limits);
  uint64_t credits() const { return granted_.pack(); }

  // ---- calls from outside ----
  uint64_t cycle() const { return cycle_; }
  uint32_t event_count() const { return events_; }
  void wake_at(uint64_t cycle);
  // To issue something new; results() is the same port, to collect.
  MmioPort& mmio() { return wake_up(), mmio_; }
  MmioPort& results() { return mmio_; }
  Completer& completer() { return completer_; }
  Memory& memory() { return memory_; }
  Trace& trace() { return trace_; }
  FaultLog& faults() { return faults_; }
  dbh_stats_t& stats();
  void mark();
  uint64_t publish(uint64_t first, uint64_t last);
  void set_message_window(uint64_t base, uint64_t bytes) { message_first_ = base, message_last_ = base + bytes - 1; }
  const std::array<uint64_t, DBH_VECTORS>& interrupt_counts() const { return interrupt_counts_; }
  const std::array<uint64_t, DBH_VECTORS>& interrupt_cycles() const { return interrupt_cycles_; }
  int32_t watch(uint64_t iova, uint64_t bytes);
  bool unwatch(int32_t handle);
  void inject_completion(uint32_t tag, uint32_t bytes);
  void inject_overflow(uint32_t tlps) { overflow_ += tlps; }
  dbh_leaks_t leaks();
  bool quiet();

  std::string last_error;

 private:
  struct Grant {
    uint64_t due = 0;
    Class cls = Class::Posted;
    uint32_t data = 0;
  };
  struct Watch {
    uint64_t first, last;
    bool active;
  };

  uint32_t work(uint32_t in);
  void wake_up() { due_ = idle_until_ = 0; }
  void events(uint32_t count) {
    events_ += count;
    if (count) due_ = 0;
  }
  void link_down();
  void link_up();
  void account_starvation();

  void first_beat(const uint32_t* header);
  void received();
  void take_write();
  uint8_t store(uint64_t first, uint32_t bytes, const uint8_t* data);
  void message(uint64_t address, const uint8_t* data);
  void grant_later(const Header& taken);  // the credits of a TLP that was taken in
  void fault(uint32_t kind, uint64_t address, uint32_t bytes);

  void beat_taken();
  bool load_next();
  bool arbitrate();
  bool give_credits();
  void toggle_ready();

  dbh_profile_t profile_{};
  uint64_t cycle_ = 0;
  uint64_t due_ = 0;       // work() has nothing to do before
  uint32_t steady_ = kReset;  // what clock() returns while nothing happens
  bool configured_ = false, finish_ = false;
  uint64_t reset_until_ = kNever;
  uint16_t host_id_ = 0, device_id_ = 0x0100;

  Memory memory_;
  ConfigSnoop snoop_;
  Trace trace_;
  FaultLog faults_;
  dbh_stats_t stats_{};
  Completer completer_;
  MmioPort mmio_;

  // from the device
  Header in_{};
  std::vector<uint8_t> in_data_ = std::vector<uint8_t>(kLargestPayload + kLine);
  uint32_t in_beats_ = 0, in_expected_ = 0;
  bool in_tlp_ = false;
  uint32_t in_trace_ = DBH_NONE;
  uint64_t in_cycle_ = 0;
  uint8_t in_flags_ = 0;
  uint32_t in_room_headers_ = 0, in_room_data_ = 0;
  Credits granted_, used_;  // the device's
  Ring<Grant> grants_;
  uint64_t last_grant_ = 0;
  Stream grant_delay_, ready_run_;
  uint64_t ready_until_ = kNever;
  bool ready_ = false;
  bool starved_posted_ = false, starved_nonposted_ = false;
  uint64_t starved_since_ = 0;

  // to the device
  Outgoing out_;
  bool out_valid_ = false;    // a TLP is being sent
  bool out_shown_ = false;    // its beat is on the pins
  uint32_t out_beat_ = 0, out_beats_ = 0;
  uint32_t out_trace_ = DBH_NONE;
  uint64_t out_cycle_ = 0;
  uint32_t out_room_headers_ = 0, out_room_data_ = 0;
  uint64_t hold_until_ = 0;   // a gap before the next beat
  bool gap_drawn_ = false;
  bool turn_ = false;         // the arbiter's
  Credits offered_, first_offer_, spent_;  // the host's
  bool offer_seen_ = false;
  uint32_t overflow_ = 0;
  uint64_t idle_until_ = 0;   // load_next() found nothing before
  Stream gap_, arbiter_;

  // events
  uint32_t events_ = 0, events_shown_ = 0;
  std::vector<uint64_t> wakes_;  // a heap, soonest in front
  uint64_t message_first_ = 0xFEE00000, message_last_ = 0xFEEFFFFF;
  std::array<uint64_t, DBH_VECTORS> interrupt_counts_{}, interrupt_cycles_{};
  std::vector<Watch> watches_;
  uint64_t watch_first_ = kNever, watch_last_ = 0;  // hull of the active ones
};

}  // namespace dbh
