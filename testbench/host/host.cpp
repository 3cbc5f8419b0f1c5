#include "host.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace dbh {
namespace {

enum : uint64_t { kGrantStream = 32, kReadyStream, kBeatGapStream, kArbiterStream };
constexpr uint32_t kResetCycles = 16;

struct Limit {
  const char* name;
  uint32_t dbh_profile_t::*field;
  uint32_t low, high;
};
using P = dbh_profile_t;
constexpr Limit kLimits[] = {
    {"read_latency_max", &P::read_latency_max, 0, 1u << 24},
    {"piece_gap_max", &P::piece_gap_max, 0, 1u << 20},
    {"completion_bytes", &P::completion_bytes, 64, kLargestPayload},
    {"random_split", &P::random_split, 0, 1},
    {"random_order", &P::random_order, 0, 1},
    {"early_sample_percent", &P::early_sample_percent, 0, 100},
    {"ready_on_min", &P::ready_on_min, 1, 1u << 20},
    {"ready_on_max", &P::ready_on_max, 1, 1u << 20},
    {"ready_off_max", &P::ready_off_max, 0, 1u << 20},
    {"rx_gap_percent", &P::rx_gap_percent, 0, 99},
    {"rx_gap_max", &P::rx_gap_max, 0, 1u << 20},
    {"posted_headers", &P::posted_headers, 1, 127},
    {"posted_data", &P::posted_data, 16, 2047},
    {"nonposted_headers", &P::nonposted_headers, 1, 127},
    {"nonposted_data", &P::nonposted_data, 1, 2047},
    {"credit_return_max", &P::credit_return_max, 0, 1u << 20},
    {"mmio_latency_max", &P::mmio_latency_max, 0, 1u << 20},
    {"mmio_depth", &P::mmio_depth, 1, 1024},
    {"mmio_read_bytes", &P::mmio_read_bytes, 4, kLargestPayload},
    {"mmio_write_bytes", &P::mmio_write_bytes, 4, kLargestPayload},
    {"host_tags", &P::host_tags, 1, 256},
};
constexpr uint32_t P::*kPowersOfTwo[] = {&P::completion_bytes, &P::mmio_read_bytes, &P::mmio_write_bytes};

uint16_t saturate(uint64_t value) { return static_cast<uint16_t>(std::min<uint64_t>(value, 0xFFFF)); }
uint8_t saturate8(uint64_t value) { return static_cast<uint8_t>(std::min<uint64_t>(value, 0xFF)); }

void count_beat(dbh_flow_t& flow, uint32_t bytes, uint64_t cycle) {
  flow.bytes += bytes;
  ++flow.beats;
  if (flow.first_cycle == DBH_FOREVER) flow.first_cycle = cycle;
  flow.last_cycle = cycle;
}

}  // namespace

// ---- life -----------------------------------------------------------------------------------------------------------

std::string Host::configure(const dbh_profile_t& profile, uint64_t seed) {
  for (const Limit& limit : kLimits) {
    const uint32_t value = profile.*limit.field;
    if (value < limit.low || value > limit.high)
      return std::string("profile: ") + limit.name + " = " + std::to_string(value) + ": must be " +
             std::to_string(limit.low) + " to " + std::to_string(limit.high);
  }
  for (const auto field : kPowersOfTwo)
    if (!std::has_single_bit(profile.*field))
      return "profile: a size of " + std::to_string(profile.*field) + " bytes: must be a power of two";
  profile_ = profile;
  cycle_ = 0;
  memory_.clear();
  snoop_ = ConfigSnoop();
  trace_.clear();
  trace_.enable(true);
  faults_.clear();
  stats_ = {};
  completer_.configure(profile, seed);
  mmio_.configure(profile, seed);
  grant_delay_ = Stream(seed, kGrantStream);
  ready_run_ = Stream(seed, kReadyStream);
  gap_ = Stream(seed, kBeatGapStream);
  arbiter_ = Stream(seed, kArbiterStream);
  turn_ = false;
  overflow_ = 0;
  wakes_.clear();
  interrupt_counts_ = {};
  interrupt_cycles_ = {};
  watches_.clear();
  watch_first_ = kNever, watch_last_ = 0;
  std::fill(out_.data.begin(), out_.data.end(), uint8_t{0});
  configured_ = true;
  link_down();
  reset_until_ = cycle_ + kResetCycles;
  mark();
  return {};
}

void Host::reset_link(uint32_t cycles) {
  events(mmio_.link_down());
  completer_.drop_all();
  link_down();
  reset_until_ = cycle_ + std::max(cycles, 1u);
}

void Host::link_down() {
  snoop_.reset();
  in_tlp_ = false;
  out_valid_ = out_shown_ = gap_drawn_ = false;
  hold_until_ = 0;
  grants_.clear();
  last_grant_ = 0;
  ready_ = false;
  ready_until_ = kNever;
  starved_posted_ = starved_nonposted_ = false;
  offered_ = first_offer_ = spent_ = Credits{};
  offer_seen_ = false;
  wake_up();
}

void Host::link_up() {
  reset_until_ = kNever;
  used_ = Credits{};
  granted_ = {profile_.posted_headers, profile_.posted_data, profile_.nonposted_headers, profile_.nonposted_data};
  ready_ = true;
  if (profile_.ready_off_max) ready_until_ = cycle_ + ready_run_.between(profile_.ready_on_min, profile_.ready_on_max);
  account_starvation();
}

void Host::set_ids(uint16_t host, uint16_t device) {
  host_id_ = host, device_id_ = device;
  completer_.set_id(host);
  mmio_.set_ids(host, device);
}

// ---- each clock -----------------------------------------------------------------------------------------------------

uint32_t Host::work(uint32_t in) {
  uint32_t out = 0;
  if (in & kReceiveStalled) ++stats_.cycles_tx_stalled;
  if (in & kSendStalled) ++stats_.cycles_rx_stalled;
  bool up = configured_ && reset_until_ == kNever;
  if (configured_ && cycle_ >= reset_until_) {
    link_up();
    up = true;
    out |= kCredits;
  }
  if (up) {
    if (in & kTaken) beat_taken();
    if (give_credits()) out |= kCredits;
    if (cycle_ >= ready_until_) toggle_ready();
    if (!out_shown_ && load_next()) out |= kLoad;
  }
  while (!wakes_.empty() && wakes_.front() <= cycle_) {
    std::pop_heap(wakes_.begin(), wakes_.end(), std::greater<>());
    wakes_.pop_back();
    ++events_;
  }
  if (cycle_ >= mmio_.timeout_due()) events_ += mmio_.expire(cycle_);
  if (events_ != events_shown_) {
    events_shown_ = events_;
    out |= kEvent;
  }
  steady_ = (out_shown_ ? kValid : 0u) | (ready_ ? kReady : 0u) | (up ? 0u : kReset);

  due_ = wakes_.empty() ? kNever : wakes_.front();
  due_ = std::min(due_, mmio_.timeout_due());
  due_ = std::min(due_, reset_until_);
  if (up) {
    due_ = std::min(due_, ready_until_);
    if (!grants_.empty()) due_ = std::min(due_, grants_.front().due);
    if (!out_shown_) due_ = std::min(due_, out_valid_ ? hold_until_ : idle_until_);
  }
  ++cycle_;
  return out | steady_ | (finish_ ? kFinish : 0u);
}

void Host::wake_at(uint64_t cycle) {
  // After the clock edge of cycle N the count of cycles is N + 1.
  wakes_.push_back(cycle ? cycle - 1 : 0);
  std::push_heap(wakes_.begin(), wakes_.end(), std::greater<>());
  due_ = std::min(due_, wakes_.front());
}

void Host::toggle_ready() {
  ready_ = !ready_;
  ready_until_ = cycle_ + std::max(1u, ready_ ? ready_run_.between(profile_.ready_on_min, profile_.ready_on_max)
                                              : ready_run_.between(profile_.ready_off_min, profile_.ready_off_max));
}

// ---- credits --------------------------------------------------------------------------------------------------------

void Host::grant_later(const Header& taken) {
  if (!taken.header_credits()) return;
  const uint32_t delay = grant_delay_.between(profile_.credit_return_min, profile_.credit_return_max);
  last_grant_ = std::max(last_grant_, cycle_ + delay);
  grants_.push({last_grant_, taken.cls(), taken.data_credits()});
}

bool Host::give_credits() {
  if (grants_.empty() || grants_.front().due > cycle_) return false;
  for (; !grants_.empty() && grants_.front().due <= cycle_; grants_.pop())
    granted_.add(grants_.front().cls, 1, grants_.front().data);
  account_starvation();
  return true;
}

// Counts the cycles since the last change, then looks anew at what the device has left.
void Host::account_starvation() {
  if (starved_posted_) stats_.cycles_no_posted += cycle_ - starved_since_;
  if (starved_nonposted_) stats_.cycles_no_nonposted += cycle_ - starved_since_;
  starved_since_ = cycle_;
  const Room left = (granted_ - used_).room();
  starved_posted_ = left.posted_headers == 0 || left.posted_data < snoop_.max_payload() / 16;
  starved_nonposted_ = left.nonposted_headers == 0;
}

void Host::device_credits(uint64_t limits) {
  if (reset_until_ != kNever) return;  // the link is down
  offered_ = Credits::unpack(limits);
  if (!offer_seen_) first_offer_ = offered_;
  offer_seen_ = true;
  wake_up();
}

// ---- from the device ------------------------------------------------------------------------------------------------

void Host::receive_beat(bool sop, bool last, const uint32_t* header, const uint32_t* data) {
  if (reset_until_ != kNever) return;  // the link is down
  if (sop == in_tlp_) fault(DBH_FAULT_FRAMING, cycle_, in_beats_);
  if (!in_tlp_) first_beat(header);
  const uint32_t at = in_beats_++ * kLine;
  if (in_.has_data() && at < kLargestPayload) {
    std::memcpy(in_data_.data() + at, data, kLine);
    const uint32_t payload = in_.payload_bytes();
    if (in_.is_memory_write() && at < payload) count_beat(stats_.writes, std::min(kLine, payload - at), cycle_);
  }
  if (!last) return;
  if (in_beats_ != in_expected_) fault(DBH_FAULT_FRAMING, in_.address(), in_beats_ * kLine);
  in_tlp_ = false;
  received();
}

void Host::first_beat(const uint32_t* header) {
  std::copy_n(header, 4, in_.dw);
  in_tlp_ = true;
  in_beats_ = 0;
  in_expected_ = std::max(1u, (in_.payload_bytes() + kLine - 1) / kLine);
  in_cycle_ = cycle_;
  in_flags_ = 0;
  in_room_headers_ = in_room_data_ = 0xFFFF;
  ++stats_.tlps_to_host;

  dbh_tlp_t record{};
  record.cycle = cycle_;
  std::copy_n(header, 4, record.header);
  record.request = DBH_NONE;
  record.direction = DBH_TO_HOST;
  const Class cls = in_.cls();
  record.address = cls == Class::Completion ? 0 : in_.address() + in_.skip_first();
  if (cls != Class::Completion) {
    const Room left = (granted_ - used_).room();
    in_room_headers_ = cls == Class::Posted ? left.posted_headers : left.nonposted_headers;
    in_room_data_ = cls == Class::Posted ? left.posted_data : left.nonposted_data;
  }
  record.credit_headers = saturate8(in_room_headers_);
  record.credit_data = saturate(in_room_data_);
  in_trace_ = trace_.add(record);
  if (cls == Class::Completion) return;
  if (in_room_headers_ < in_.header_credits() || in_room_data_ < in_.data_credits())
    fault(DBH_FAULT_CREDITS, in_.address(), in_.payload_bytes());
  used_.add(cls, in_.header_credits(), in_.data_credits());
  account_starvation();
}

void Host::received() {
  const uint32_t payload = std::min(in_.payload_bytes(), in_beats_ * kLine);
  uint64_t address = 0;
  uint32_t request = DBH_NONE;
  switch (in_.cls()) {
    case Class::Posted:
      if (in_.is_memory_write() && !in_.poisoned()) {
        take_write();
      } else {
        in_flags_ |= DBH_TLP_REFUSED;
        fault(DBH_FAULT_UNSUPPORTED, in_.address(), payload);
      }
      grant_later(in_);
      break;
    case Class::NonPosted:
      if (in_.is_memory_read() || in_.is_atomic())
        completer_.accept(in_, in_data_.data(), cycle_, in_trace_, mmio_.posted_released());
      else
        completer_.refuse(in_, cycle_, in_trace_, mmio_.posted_released());
      idle_until_ = 0;
      grant_later(in_);
      break;
    case Class::Completion: {
      bool unknown = false;
      events(mmio_.complete(in_, in_data_.data(), payload, cycle_, in_trace_, address, request, unknown));
      if (unknown) in_flags_ |= DBH_TLP_UNKNOWN;
      idle_until_ = 0;  // a tag is free
      break;
    }
  }
  dbh_tlp_t* record = trace_.at(in_trace_);
  if (!record) return;
  if (in_.is_completion()) {
    record->address = address;
    record->request = request;
  }
  record->cycles = saturate(cycle_ - in_cycle_ + 1);
  record->payload = saturate(payload);
  record->flags = in_flags_;
  record->outstanding = saturate(completer_.outstanding());
  if (payload) {
    std::memcpy(&record->first, in_data_.data(), std::min(payload, 8u));
    record->hash = payload_hash(in_data_.data(), payload);
  }
}

void Host::fault(uint32_t kind, uint64_t address, uint32_t bytes) {
  const uint16_t tag = in_.is_completion() ? in_.completion_tag() : in_.tag();
  faults_.add({cycle_, address, kind, bytes, in_.requester(), tag, in_trace_});
}

// ---- device writes --------------------------------------------------------------------------------------------------

void Host::take_write() {
  ++stats_.device_writes;
  const uint64_t address = in_.address();
  const uint32_t length = in_.length_dw();
  const uint32_t first_be = in_.first_be(), last_be = in_.last_be();
  if (address >= message_first_ && address <= message_last_) {
    if (length == 1 && first_be == 0xF) return message(address, in_data_.data());
    in_flags_ |= DBH_TLP_REFUSED;
    return fault(DBH_FAULT_BAD_MESSAGE, address, in_.payload_bytes());
  }
  if (length == 1 && first_be == 0) return;  // a write of nothing is legal
  const bool whole = length > 2 || (std::has_single_bit((first_be >> in_.skip_first()) + 1) && length == 1) ||
                     (length == 2 && first_be + (1u << in_.skip_first()) == 16 && std::has_single_bit(last_be + 1));
  if (whole) {
    in_flags_ |= store(address + in_.skip_first(), in_.bytes_meant(), in_data_.data() + in_.skip_first());
    return;
  }
  const uint32_t enables = first_be | (length == 2 ? last_be << 4 : 0);
  for (uint32_t i = 0; i < 8; ++i)
    if (enables >> i & 1) in_flags_ |= store(address + i, 1, in_data_.data() + i);
}

// Returns flags for the trace.
uint8_t Host::store(uint64_t first, uint32_t bytes, const uint8_t* data) {
  const uint64_t last = first + bytes - 1;
  const bool own = snoop_.in_bar(first, last);
  if (own || !memory_.write(first, data, bytes)) {
    fault(own ? DBH_FAULT_OWN_BAR : DBH_FAULT_WRITE_REFUSED, first, bytes);
    return DBH_TLP_REFUSED;
  }
  if (first <= watch_last_ && last >= watch_first_)
    for (const Watch& w : watches_)
      if (w.active && first <= w.last && last >= w.first) events(1);
  return 0;
}

void Host::message(uint64_t address, const uint8_t* data) {
  uint32_t vector = 0;
  std::memcpy(&vector, data, 4);
  if (vector >= DBH_VECTORS) {
    in_flags_ |= DBH_TLP_REFUSED;
    return fault(DBH_FAULT_BAD_MESSAGE, address, vector);
  }
  in_flags_ |= DBH_TLP_MESSAGE;
  ++interrupt_counts_[vector];
  interrupt_cycles_[vector] = cycle_;
  ++stats_.interrupts;
  events(1);
}

int32_t Host::watch(uint64_t iova, uint64_t bytes) {
  if (bytes == 0) return -1;
  const Watch added{iova, iova + bytes - 1, true};
  watch_first_ = std::min(watch_first_, added.first);
  watch_last_ = std::max(watch_last_, added.last);
  const auto free = std::find_if(watches_.begin(), watches_.end(), [](const Watch& w) { return !w.active; });
  const auto index = free - watches_.begin();
  if (free == watches_.end())
    watches_.push_back(added);
  else
    *free = added;
  return static_cast<int32_t>(index);
}

bool Host::unwatch(int32_t handle) {
  if (handle < 0 || static_cast<size_t>(handle) >= watches_.size() || !watches_[static_cast<size_t>(handle)].active)
    return false;
  watches_[static_cast<size_t>(handle)].active = false;
  watch_first_ = kNever, watch_last_ = 0;
  for (const Watch& w : watches_) {
    if (!w.active) continue;
    watch_first_ = std::min(watch_first_, w.first);
    watch_last_ = std::max(watch_last_, w.last);
  }
  return true;
}

// ---- to the device --------------------------------------------------------------------------------------------------

// Puts the next beat on the pins, if there is one and no gap before it.
bool Host::load_next() {
  if (!out_valid_ && (cycle_ < idle_until_ || !arbitrate())) return false;
  if (!gap_drawn_) {
    gap_drawn_ = true;
    if (gap_.percent(profile_.rx_gap_percent)) hold_until_ = cycle_ + gap_.between(1, profile_.rx_gap_max);
  }
  if (cycle_ < hold_until_) return false;
  return out_shown_ = true;
}

bool Host::arbitrate() {
  mmio_.advance(cycle_);
  const Room left = offer_seen_ ? (offered_ - spent_).room() : Room{};
  const bool requests = mmio_.waiting();
  bool completions_turn = !requests || (profile_.random_order ? arbiter_.percent(50) : turn_);
  bool starved = false, found = false;
  for (int attempt = 0; attempt < 2 && !found; ++attempt, completions_turn = !completions_turn) {
    if (completions_turn) {
      found = completer_.due() <= cycle_ && completer_.next(out_, cycle_, mmio_.posted_sent());
      if (found) out_room_headers_ = out_room_data_ = 0xFFFF;
    } else if (requests) {
      const int slot = mmio_.choose(left, overflow_ > 0, starved);
      if (slot < 0) continue;
      found = true;
      memory_.reveal(mmio_.take(slot, out_, cycle_));
      const Class cls = out_.header.cls();
      out_room_headers_ = cls == Class::Posted ? left.posted_headers : left.nonposted_headers;
      out_room_data_ = cls == Class::Posted ? left.posted_data : left.nonposted_data;
      if (cls != Class::Completion) spent_.add(cls, out_.header.header_credits(), out_.header.data_credits());
      if (overflow_) --overflow_, out_.flags |= DBH_TLP_INJECTED;
    }
    if (found) turn_ = !completions_turn;
  }
  if (starved) ++stats_.cycles_rx_no_credits;
  if (!found) {
    idle_until_ = starved ? cycle_ + 1 : std::max(cycle_ + 1, std::min(mmio_.due(), completer_.due()));
    return false;
  }
  out_valid_ = true;
  out_beat_ = 0;
  out_beats_ = std::max(1u, (out_.bytes + kLine - 1) / kLine);
  return true;
}

void Host::send_beat(bool& sop, bool& last, uint32_t* header, uint32_t* data) {
  sop = out_beat_ == 0;
  last = out_beat_ + 1 == out_beats_;
  std::copy_n(out_.header.dw, 4, header);
  std::memcpy(data, out_.data.data() + out_beat_ * kLine, kLine);
}

void Host::beat_taken() {
  if (out_beat_ == 0) {
    out_cycle_ = cycle_;
    ++stats_.tlps_to_device;
    dbh_tlp_t record{};
    record.cycle = cycle_;
    record.address = out_.address;
    std::copy_n(out_.header.dw, 4, record.header);
    if (out_.bytes && trace_.on()) {
      std::memcpy(&record.first, out_.data.data(), std::min(out_.bytes, 8u));
      record.hash = payload_hash(out_.data.data(), out_.bytes);
    }
    record.request = out_.request;
    record.cycles = 1;
    record.payload = saturate(out_.bytes);
    record.direction = DBH_TO_DEVICE;
    record.flags = out_.flags;
    record.credit_headers = saturate8(out_room_headers_);
    record.credit_data = saturate(out_room_data_);
    record.outstanding = saturate(completer_.outstanding());
    out_trace_ = trace_.add(record);
    if (out_.header.cls() == Class::NonPosted && out_.slot >= 0) mmio_.sent(out_.header.tag(), out_trace_);
  }
  const uint32_t at = out_beat_++ * kLine;
  if (at < out_.bytes && out_.header.is_completion())
    count_beat(stats_.reads, std::min(kLine, out_.bytes - at), cycle_);
  out_shown_ = gap_drawn_ = false;
  if (out_beat_ != out_beats_) return;
  out_valid_ = false;
  if (out_beats_ == 1) return;
  if (dbh_tlp_t* record = trace_.at(out_trace_)) record->cycles = saturate(cycle_ - out_cycle_ + 1);
}

// ---- outside views --------------------------------------------------------------------------------------------------

dbh_stats_t& Host::stats() {
  if (configured_ && reset_until_ == kNever) account_starvation();
  return stats_;
}

void Host::mark() {
  stats_.writes = stats_.reads = {0, 0, DBH_FOREVER, 0};
  stats_.mark_cycle = cycle_;
}

uint64_t Host::publish(uint64_t first, uint64_t last) {
  ++stats_.publishes;
  return memory_.publish(first, last, mmio_.next_call());
}

void Host::inject_completion(uint32_t tag, uint32_t bytes) {
  completer_.unexpected(tag, bytes, device_id_);
  wake_up();
}

dbh_leaks_t Host::leaks() {
  const Credits held = Credits{} - ((offered_ - first_offer_) - (spent_ - Credits{}));
  return {completer_.outstanding(), mmio_.unanswered(), mmio_.uncollected(),
          mmio_.queued() + (out_valid_ ? 1 : 0) + (in_tlp_ ? 1 : 0),
          held.posted_headers, held.posted_data, held.nonposted_headers, held.nonposted_data};
}

bool Host::quiet() {
  return mmio_.outstanding() == 0 && completer_.idle() && !out_valid_ && !in_tlp_ && grants_.empty();
}

}  // namespace dbh
