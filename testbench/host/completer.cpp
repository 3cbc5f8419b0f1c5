#include "completer.h"

#include <algorithm>
#include <cstring>

namespace dbh {
namespace {

constexpr uint32_t kBoundary = 64;  // read completion boundary
constexpr uint32_t kPoisoned = 0x4000;
constexpr uint64_t kMostPassed = 512;  // later requests that may be answered before one; harsh must not starve
enum : uint64_t { kLatencyStream = 1, kGapStream, kSplitStream, kOrderStream, kEarlyStream };

}  // namespace

void Completer::configure(const dbh_profile_t& profile, uint64_t seed) {
  profile_ = profile;
  latency_ = Stream(seed, kLatencyStream);
  gap_ = Stream(seed, kGapStream);
  split_ = Stream(seed, kSplitStream);
  order_ = Stream(seed, kOrderStream);
  early_ = Stream(seed, kEarlyStream);
  rules_.clear();
  drop_all();
}

void Completer::drop_all() {
  waiting_.clear();
  ready_.clear();
  unasked_.clear();
  tags_.fill(0);
  free_.clear();
  for (size_t i = pending_.size(); i-- > 0;) free_.push_back(static_cast<uint16_t>(i));
  oldest_ = newest_ = kNobody;
  outstanding_ = 0;
}

uint16_t Completer::allocate(const Header& header, uint64_t cycle, uint32_t trace, uint64_t floor) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint16_t>(pending_.size()));
    pending_.emplace_back();
    samples_.emplace_back();
  }
  const uint16_t index = free_.back();
  free_.pop_back();
  Pending& p = pending_[index];
  p = Pending{};
  p.header = header;
  p.trace = trace;
  p.floor = floor;
  p.sequence = sequence_++;
  p.older = newest_;
  (newest_ == kNobody ? oldest_ : pending_[newest_].newer) = index;
  newest_ = index;
  stats_.tags_max = std::max<uint64_t>(stats_.tags_max, ++outstanding_);
  p.at = header.address();
  p.bytes = header.bytes_meant();
  if (tags_[header.tag()]++) log(p, DBH_FAULT_TAG_REUSE, cycle);
  return index;
}

void Completer::release(uint16_t index) {
  const Pending& p = pending_[index];
  (p.older == kNobody ? oldest_ : pending_[p.older].newer) = p.newer;
  (p.newer == kNobody ? newest_ : pending_[p.newer].older) = p.older;
  --tags_[p.header.tag()];
  --outstanding_;
  free_.push_back(index);
}

void Completer::schedule(uint16_t index, uint64_t due) {
  waiting_.push_back({due, pending_[index].sequence, index});
  std::push_heap(waiting_.begin(), waiting_.end());
}

void Completer::accept(const Header& header, const uint8_t* payload, uint64_t cycle, uint32_t trace, uint64_t floor) {
  const uint16_t index = allocate(header, cycle, trace, floor);
  Pending& p = pending_[index];
  uint64_t due = cycle + latency_.between(profile_.read_latency_min, profile_.read_latency_max);
  if (header.is_atomic()) {
    ++stats_.device_atomics;
    atomic(p, sample_of(index), payload, cycle);
    return schedule(index, due);
  }
  ++stats_.device_reads;
  stats_.read_bytes += p.bytes;
  p.dws = header.length_dw();
  p.skip = header.skip_first();
  p.fetches = p.dws > 1 || header.first_be() != 0;
  const uint64_t most = std::min(profile_.completion_bytes, snoop_.max_payload());
  p.least = static_cast<uint32_t>((p.at + 4 * p.dws - 1) / most - p.at / most + 1);
  if (!rules_.empty()) apply_injection(p);
  if (p.fault == DBH_INJECT_DROP) return release(index);
  if (p.fault == DBH_INJECT_LATE) due += p.argument;
  if (p.fetches && early_.percent(profile_.early_sample_percent)) {
    p.sampled = true;
    admit(p, cycle);
    if (p.status == DB_COMPLETION_STATUS_SC) memory_.read(p.at + p.skip, sample_of(index) + p.skip, p.bytes);
  }
  schedule(index, due);
}

void Completer::refuse(const Header& header, uint64_t cycle, uint32_t trace, uint64_t floor) {
  const uint16_t index = allocate(header, cycle, trace, floor);
  Pending& p = pending_[index];
  p.status = DB_COMPLETION_STATUS_UR;
  p.sampled = true;
  log(p, DBH_FAULT_UNSUPPORTED, cycle);
  schedule(index, cycle + latency_.between(profile_.read_latency_min, profile_.read_latency_max));
}

void Completer::unexpected(uint32_t tag, uint32_t bytes, uint16_t device) {
  Header request{};
  request.dw[1] = (static_cast<uint32_t>(device) << 16) | ((tag & 0xFF) << 8);
  request.dw[0] = extended_tag_bits(tag);
  const uint32_t dws = (std::min(bytes, kLargestPayload) + 3) / 4;
  unasked_.push({completion(request, dws, DB_COMPLETION_STATUS_SC, id_, dws ? 4 * dws : 4, 0), 4 * dws});
  ++stats_.injected;
}

// Checks the address; a refused read is answered UR.
void Completer::admit(Pending& p, uint64_t cycle) {
  if (p.status != DB_COMPLETION_STATUS_SC || !p.fetches) return;
  const uint64_t first = p.at + p.skip;
  const bool own = snoop_.in_bar(first, first + p.bytes - 1);
  if (!own && memory_.allowed(first, p.bytes, DBH_READ)) return;
  p.status = DB_COMPLETION_STATUS_UR;
  log(p, own ? DBH_FAULT_OWN_BAR : DBH_FAULT_READ_REFUSED, cycle);
}

void Completer::atomic(Pending& p, uint8_t* sample, const uint8_t* payload, uint64_t cycle) {
  const bool compares = (p.header.kind() & 0xDF) == DB_TLP_KIND_CAS32;
  const uint32_t bytes = 4 * p.header.length_dw() / (compares ? 2 : 1);
  p.sampled = true;
  p.bytes = bytes;
  p.dws = bytes / 4;
  p.least = 1;
  if ((bytes != 4 && bytes != 8) || (p.at & (bytes - 1)) || !memory_.allowed(p.at, bytes, DBH_READ | DBH_WRITE)) {
    p.status = DB_COMPLETION_STATUS_UR;
    return log(p, DBH_FAULT_READ_REFUSED, cycle);
  }
  uint64_t old = 0, operand = 0, swap = 0;
  memory_.read(p.at, reinterpret_cast<uint8_t*>(&old), bytes);
  std::memcpy(&operand, payload, bytes);
  if (compares) std::memcpy(&swap, payload + bytes, bytes);
  std::memcpy(sample, &old, bytes);
  uint64_t value = operand;
  if (compares) value = old == operand ? swap : old;
  if ((p.header.kind() & 0xDF) == DB_TLP_KIND_FETCHADD32) value = old + operand;
  memory_.write(p.at, reinterpret_cast<const uint8_t*>(&value), bytes);
}

uint8_t* Completer::sample_of(uint16_t index) {
  if (!samples_[index]) samples_[index] = std::make_unique_for_overwrite<uint8_t[]>(kLargestPayload);
  return samples_[index].get();
}

void Completer::log(const Pending& p, uint32_t kind, uint64_t cycle) {
  faults_.add({cycle, p.at + p.skip, kind, p.bytes, p.header.requester(), p.header.tag(), p.trace});
}

// ---- sending --------------------------------------------------------------------------------------------------------

bool Completer::next(Outgoing& out, uint64_t cycle, uint64_t posted_sent) {
  if (!unasked_.empty()) {
    const Unasked& u = unasked_.front();
    out.header = u.header;
    out.bytes = u.bytes;
    out.address = 0;
    out.request = DBH_NONE;
    out.flags = DBH_TLP_INJECTED | DBH_TLP_UNKNOWN;
    out.slot = -1;
    std::memset(out.data.data(), 0, out.bytes);
    unasked_.pop();
    return true;
  }
  while (!waiting_.empty() && waiting_.front().due <= cycle) {
    ready_.push(waiting_.front().index);
    std::pop_heap(waiting_.begin(), waiting_.end());
    waiting_.pop_back();
  }
  while (pick(posted_sent)) {
    const uint16_t index = ready_.front();
    if (build(index, out, cycle)) return true;  // else it was dropped on purpose
  }
  return false;
}

// Brings the read that is answered next to the front; false when none may be.
bool Completer::pick(uint64_t posted_sent) {
  if (ready_.empty()) return false;
  if (profile_.random_order && ready_.size() > 1) {
    size_t choice = order_.between(0, static_cast<uint32_t>(ready_.size()) - 1);
    // Nobody waits for ever: what that many later requests have passed goes first.
    if (sequence_ - pending_[oldest_].sequence > kMostPassed) {
      for (size_t i = 0; i < ready_.size(); ++i) {
        if (pending_[ready_[i]].sequence < pending_[ready_[choice]].sequence) choice = i;
      }
    }
    std::swap(ready_[0], ready_[choice]);
  }
  if (pending_[ready_.front()].floor <= posted_sent) return true;
  for (size_t i = 1; i < ready_.size(); ++i) {
    if (pending_[ready_[i]].floor > posted_sent) continue;
    std::swap(ready_[0], ready_[i]);
    return true;
  }
  return false;
}

// Address after the last byte of the next completion.
uint64_t Completer::piece_end(const Pending& p) {
  const uint64_t end = p.at + 4 * p.dws;
  const uint64_t most = std::min(profile_.completion_bytes, snoop_.max_payload());
  if (p.again) return p.at + 4 * p.again;
  if (!profile_.random_split) return std::min(end, (p.at & ~(most - 1)) + most);
  // Every 64-byte boundary within reach may be the end, and so may the end of the request.
  const uint64_t first = (p.at & ~uint64_t{kBoundary - 1}) + kBoundary;
  const uint64_t reach = std::min(end, p.at + most);
  if (reach <= first) return std::min(end, first);
  const uint64_t last = (reach == end ? end + kBoundary - 1 : reach) & ~uint64_t{kBoundary - 1};
  const auto choices = static_cast<uint32_t>((last - first) / kBoundary);
  return std::min(end, first + kBoundary * split_.between(0, choices));
}

bool Completer::build(uint16_t index, Outgoing& out, uint64_t cycle) {
  Pending& p = pending_[index];
  if (!p.sampled && p.pieces == 0) admit(p, cycle);
  out.request = p.trace;
  out.address = p.at + p.skip;
  out.flags = p.fault ? DBH_TLP_INJECTED : 0;
  out.slot = -1;
  const uint32_t lower = p.header.is_memory_read() ? static_cast<uint32_t>(p.at + p.skip) & 0x7F : 0;

  uint64_t end = 0;
  bool last = true;
  uint32_t meant = 0;
  if (p.status == DB_COMPLETION_STATUS_SC) {
    end = piece_end(p);
    last = end == p.at + 4 * p.dws;
    meant = last ? p.bytes : static_cast<uint32_t>(end - p.at) - p.skip;
    const auto bytes = static_cast<uint32_t>(end - p.at);
    uint8_t* data = out.data.data();
    std::memset(data, 0, 4);
    std::memset(data + bytes - 4, 0, 4);
    if (p.sampled) {
      const uint64_t start = p.header.is_memory_read() ? p.header.address() : p.at;
      std::memcpy(data + p.skip, samples_[index].get() + (p.at - start) + p.skip, meant);
    } else if (p.fetches && !memory_.read(p.at + p.skip, data + p.skip, meant)) {
      p.status = DB_COMPLETION_STATUS_UR;  // unmapped meanwhile
      log(p, DBH_FAULT_READ_REFUSED, cycle);
    }
  }
  const bool first_piece = p.pieces++ == 0;
  if (p.status != DB_COMPLETION_STATUS_SC) {
    if (p.status == DB_COMPLETION_STATUS_UR && !p.fault) out.flags |= DBH_TLP_REFUSED;
    out.header = completion(p.header, 0, p.status, id_, p.bytes, lower);
    out.bytes = 0;
    last = true;
  } else {
    auto dws = static_cast<uint32_t>(end - p.at) / 4;
    uint32_t count = p.bytes;
    uint32_t low = lower;
    if (p.fault) {
      if (last && p.fault == DBH_INJECT_SHORT) {
        const uint32_t cut = std::min(std::max(p.argument, 1u), dws - 1);
        dws -= cut;
        count -= 4 * cut;
      }
      if (last && p.fault == DBH_INJECT_LONG) {
        const uint32_t more = std::min(std::max(p.argument, 1u), (kLargestPayload - 4 * dws) / 4);
        std::memset(out.data.data() + 4 * dws, 0, 4 * more);
        dws += more;
        count += 4 * more;
      }
      if (first_piece && p.fault == DBH_INJECT_BYTE_COUNT) count += p.argument;
      if (first_piece && p.fault == DBH_INJECT_LOWER_ADDRESS) low += p.argument;
    }
    out.header = completion(p.header, dws, p.status, id_, count, low);
    if (p.fault == DBH_INJECT_POISON) out.header.dw[0] |= kPoisoned;
    out.bytes = 4 * dws;
  }
  if (first_piece && oldest_ != index) ++stats_.reorderings;

  ready_.pop();
  if (last && p.fault == DBH_INJECT_DROP_PIECE) {
    release(index);
    return false;
  }
  ++stats_.completions;
  if (last && p.fault == DBH_INJECT_DUPLICATE) {
    p.fault = 0;
    p.again = std::max(out.bytes / 4, 1u);
    out.flags |= DBH_TLP_INJECTED;
    ready_.push(index);
  } else if (last) {
    if (p.pieces > p.least && p.status == DB_COMPLETION_STATUS_SC && !p.again) ++stats_.splits;
    if (p.again) out.flags |= DBH_TLP_INJECTED | DBH_TLP_UNKNOWN;
    release(index);
  } else {
    p.dws -= static_cast<uint32_t>(end - p.at) / 4;
    p.bytes -= meant;
    p.at = end;
    p.skip = 0;
    const uint32_t gap = gap_.between(0, profile_.piece_gap_max);
    if (gap) {
      schedule(index, cycle + gap);
    } else {
      ready_.push(index);
      if (!profile_.random_order) {  // stay in front: in order of due time
        for (size_t i = ready_.size() - 1; i > 0; --i) std::swap(ready_[i], ready_[i - 1]);
      }
    }
  }
  return true;
}

// ---- faults on purpose ----------------------------------------------------------------------------------------------

void Completer::apply_injection(Pending& p) {
  const uint64_t first = p.at + p.skip;
  const uint64_t last = first + p.bytes - 1;
  for (Rule& r : rules_) {
    if (!r.active || r.hits >= r.rule.count || last < r.rule.first || first > r.rule.last) continue;
    if (r.rule.skip) {
      --r.rule.skip;
      continue;
    }
    ++r.hits;
    ++stats_.injected;
    p.fault = r.rule.kind;
    p.argument = r.rule.argument;
    if (p.fault == DBH_INJECT_UR) p.status = DB_COMPLETION_STATUS_UR;
    if (p.fault == DBH_INJECT_CA) p.status = DB_COMPLETION_STATUS_CA;
    return;
  }
}

int32_t Completer::inject(const dbh_injection_t& rule) {
  if (rule.kind < DBH_INJECT_UR || rule.kind > DBH_INJECT_DROP_PIECE) return -1;
  rules_.push_back({rule, 0, true});
  return static_cast<int32_t>(rules_.size()) - 1;
}

uint64_t Completer::inject_hits(int32_t handle) const {
  return handle >= 0 && static_cast<size_t>(handle) < rules_.size() ? rules_[static_cast<size_t>(handle)].hits : 0;
}

bool Completer::inject_remove(int32_t handle) {
  if (handle < 0 || static_cast<size_t>(handle) >= rules_.size() || !rules_[static_cast<size_t>(handle)].active)
    return false;
  rules_[static_cast<size_t>(handle)].active = false;
  return true;
}

}  // namespace dbh
