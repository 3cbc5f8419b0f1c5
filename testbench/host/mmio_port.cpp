#include "mmio_port.h"

#include <algorithm>
#include <cstring>

namespace dbh {
namespace {

enum : uint64_t { kMmioStream = 16 };
constexpr uint64_t kAllOnes = ~uint64_t{0};

uint64_t low_bytes(uint64_t value, uint64_t bytes) {
  return bytes >= 8 ? value : value & ((uint64_t{1} << (8 * bytes)) - 1);
}

}  // namespace

void MmioPort::configure(const dbh_profile_t& profile, uint64_t seed) {
  link_down();
  profile_ = profile;
  latency_ = Stream(seed, kMmioStream);
  last_due_ = 0;
  if (slots_.size() < profile.mmio_depth) slots_.resize(profile.mmio_depth);
  free_slots_.clear();
  for (uint32_t i = profile.mmio_depth; i-- > 0;) free_slots_.push_back(static_cast<uint16_t>(i));
  free_tags_.clear();
  for (uint32_t i = 0; i < profile.host_tags; ++i) free_tags_.push(static_cast<uint16_t>(i));
  std::fill(results_.begin(), results_.end(), Result{});
  unanswered_ = uncollected_ = 0;
  posted_released_ = posted_sent_ = sequence_ = next_call_ = 0;
}

uint32_t MmioPort::link_down() {
  uint32_t events = 0;
  const auto lost = [&](uint64_t id) {
    Result* r = id ? find(id) : nullptr;
    if (!r || r->done) return;
    r->parts = 1;
    r->cut = true;
    events += settle(id, DBH_STATUS_LINK_DOWN, kAllOnes, DBH_NONE);
  };
  for (; !calls_.empty(); calls_.pop()) lost(calls_.front().id);
  posted_.clear();
  nonposted_.clear();
  completions_.clear();
  in_slots_ = 0;
  free_slots_.clear();
  for (uint32_t i = profile_.mmio_depth; i-- > 0;) free_slots_.push_back(static_cast<uint16_t>(i));
  free_tags_.clear();
  for (uint32_t i = 0; i < profile_.host_tags; ++i) free_tags_.push(static_cast<uint16_t>(i));
  for (Tag& tag : tags_) {
    if (tag.busy && !tag.abandoned) lost(tag.id);
    tag = Tag{};
  }
  tags_busy_ = 0;
  raw_tags_.reset();
  timeout_due_ = kNever;
  posted_sent_ = posted_released_;
  return events;
}

// ---- calls ----------------------------------------------------------------------------------------------------------

MmioPort::Call& MmioPort::push(Op op, uint64_t cycle) {
  last_due_ = std::max(last_due_, cycle + latency_.between(profile_.mmio_latency_min, profile_.mmio_latency_max));
  Call& call = calls_.push(Call{});
  call.op = op;
  call.due = last_due_;
  call.number = next_call_++;
  return call;
}

uint64_t MmioPort::open() {
  const uint64_t id = next_id_++;
  // Ids map onto places one to one as long as no two live ones share a place.
  while (results_[id & (results_.size() - 1)].id != 0) {
    std::vector<Result> larger(2 * results_.size());
    for (const Result& r : results_)
      if (r.id) larger[r.id & (larger.size() - 1)] = r;
    results_ = std::move(larger);
  }
  Result& r = results_[id & (results_.size() - 1)];
  r = Result{};
  r.id = id;
  ++unanswered_;
  return id;
}

void MmioPort::write(uint64_t address, uint64_t value, uint32_t bytes, uint64_t cycle) {
  ++stats_.mmio_writes;
  Call& call = push(Op::Write, cycle);
  call.address = address;
  call.small = bytes;
  call.value = value;
}

uint64_t MmioPort::read(uint64_t address, uint32_t bytes, uint64_t cycle) {
  ++stats_.mmio_reads;
  Call& call = push(Op::Read, cycle);
  call.address = address;
  call.small = bytes;
  return call.id = open();
}

void MmioPort::write_bulk(uint64_t address, const uint8_t* data, uint64_t bytes, uint64_t cycle) {
  if (bytes == 0) return;
  ++stats_.mmio_writes;
  Call& call = push(Op::Write, cycle);
  call.address = address;
  call.bytes = bytes;
  call.data = std::make_unique_for_overwrite<uint8_t[]>(bytes);
  std::memcpy(call.data.get(), data, bytes);
}

uint64_t MmioPort::read_bulk(uint64_t address, uint8_t* data, uint64_t bytes, uint64_t cycle) {
  const uint64_t id = open();
  if (bytes == 0) {
    Result* r = find(id);
    r->parts = 1;
    r->cut = true;
    settle(id, DBH_STATUS_SC, 0, DBH_NONE);
    return id;
  }
  ++stats_.mmio_reads;
  Call& call = push(Op::Read, cycle);
  call.address = address;
  call.bytes = bytes;
  call.out = data;
  return call.id = id;
}

uint64_t MmioPort::config(uint32_t offset, uint32_t value, uint32_t bytes, bool write, uint64_t cycle) {
  ++stats_.config_requests;
  Call& call = push(write ? Op::ConfigWrite : Op::ConfigRead, cycle);
  call.address = offset;
  call.small = bytes;
  call.value = value;
  return call.id = open();
}

uint64_t MmioPort::raw(const Header& header, const uint8_t* payload, uint32_t bytes, bool assign, uint64_t cycle) {
  Call& call = push(Op::Raw, cycle);
  call.header = header;
  call.bytes = bytes;
  call.assign = assign && header.cls() == Class::NonPosted;
  if (bytes) {
    call.data = std::make_unique_for_overwrite<uint8_t[]>(bytes);
    std::memcpy(call.data.get(), payload, bytes);
  }
  if (call.assign) call.id = open();
  return call.id;
}

// ---- results --------------------------------------------------------------------------------------------------------

MmioPort::Result* MmioPort::find(uint64_t id) {
  Result& r = results_[id & (results_.size() - 1)];
  return id != 0 && r.id == id ? &r : nullptr;
}

// One TLP of a request is answered; returns 1 when that was its last.
uint32_t MmioPort::settle(uint64_t id, uint32_t status, uint64_t value, uint32_t trace) {
  Result* r = find(id);
  if (!r || r->done) return 0;
  r->reply.trace = trace;
  if (r->reply.status == DBH_STATUS_SC) r->reply.status = status;
  if (status == DBH_STATUS_SC) r->reply.value += value;  // bulk: bytes landed
  if (--r->parts != 0 || !r->cut) return 0;
  if (r->reply.status != DBH_STATUS_SC) r->reply.value = kAllOnes;
  r->done = true;
  --unanswered_;
  ++uncollected_;
  return 1;
}

int32_t MmioPort::state(uint64_t id) const {
  const Result& r = results_[id & (results_.size() - 1)];
  if (id == 0 || r.id != id) return -1;
  return r.done ? 1 : 0;
}

int32_t MmioPort::result(uint64_t id, dbh_result_t* out) {
  const int32_t known = state(id);
  if (known != 1) return known;
  Result* r = find(id);
  *out = r->reply;
  r->id = 0;
  --uncollected_;
  return 1;
}

// ---- onto the fabric ------------------------------------------------------------------------------------------------

bool MmioPort::needs_tag(const Call& call) const {
  return call.op == Op::Raw ? call.assign : call.op != Op::Write;
}

uint64_t MmioPort::due() const {
  if (calls_.empty() || free_slots_.empty() || (needs_tag(calls_.front()) && free_tags_.empty())) return kNever;
  return calls_.front().due;
}

void MmioPort::advance(uint64_t cycle) {
  while (!calls_.empty() && !free_slots_.empty()) {
    Call& call = calls_.front();
    if (call.due > cycle || (needs_tag(call) && free_tags_.empty())) return;
    if (convert(call, cycle)) calls_.pop();
  }
}

uint32_t MmioPort::take_tag(const Call& call, uint64_t cycle, uint64_t address, uint64_t bytes, uint8_t* out) {
  const uint32_t number = free_tags_.front();
  free_tags_.pop();
  ++tags_busy_;
  Tag& tag = tags_[number];
  tag = Tag{};
  tag.busy = true;
  tag.op = call.op;
  tag.id = call.id;
  tag.start = tag.address = address;
  tag.bytes = bytes;
  tag.out = out;
  tag.since = cycle;
  ++find(call.id)->parts;
  if (profile_.mmio_timeout) timeout_due_ = std::min(timeout_due_, cycle + profile_.mmio_timeout);
  return number;
}

void MmioPort::free_tag(uint32_t tag) {
  tags_[tag].busy = false;
  --tags_busy_;
  free_tags_.push(static_cast<uint16_t>(tag));
}

void MmioPort::fill(Slot& slot, const uint8_t* data, uint32_t bytes) {
  if (slot.data.size() < bytes) slot.data.resize(bytes);
  if (bytes) std::memcpy(slot.data.data(), data, bytes);
  slot.bytes = bytes;
}

bool MmioPort::convert(Call& call, uint64_t cycle) {
  const uint16_t index = free_slots_.back();
  free_slots_.pop_back();
  ++in_slots_;
  Slot& slot = slots_[index];
  slot.op = call.op;
  slot.sequence = sequence_++;
  slot.call = call.number;
  slot.address = call.address;
  bool finished = true;

  if (call.op == Op::Raw) {
    slot.header = call.header;
    fill(slot, call.data.get(), static_cast<uint32_t>(call.bytes));
    slot.address = call.header.is_completion() ? 0 : call.header.address() + call.header.skip_first();
    slot.cls = call.header.cls();
    if (call.assign) {
      find(call.id)->cut = true;
      const uint32_t tag = take_tag(call, cycle, slot.address, 0, nullptr);
      slot.header.dw[0] &= ~extended_tag_bits(0x300);
      slot.header.dw[1] = (slot.header.dw[1] & 0xFF) | (static_cast<uint32_t>(host_id_) << 16) | (tag << 8);
    } else if (slot.cls == Class::NonPosted) {
      raw_tags_.set(slot.header.tag());
    }
  } else if (call.op == Op::ConfigRead || call.op == Op::ConfigWrite) {
    const bool write = call.op == Op::ConfigWrite;
    const auto offset = static_cast<uint32_t>(call.address);
    find(call.id)->cut = true;
    const uint32_t tag = take_tag(call, cycle, offset, call.small, nullptr);
    const Span span(offset, call.small);
    const uint8_t kind = write ? DB_TLP_KIND_CFGWR0 : DB_TLP_KIND_CFGRD0;
    slot.header = memory_request(kind, 0, span, host_id_, tag);
    slot.header.dw[2] = (static_cast<uint32_t>(device_id_) << 16) | (offset & 0xFFC);
    const uint64_t dword = call.value << (8 * (offset & 3));
    fill(slot, reinterpret_cast<const uint8_t*>(&dword), write ? 4 : 0);
    slot.cls = Class::NonPosted;
    if (write) snoop_.written(offset, static_cast<uint32_t>(call.value), call.small);
  } else {
    const bool write = call.op == Op::Write;
    uint64_t bytes = call.small;
    if (!bytes) {  // bulk: up to the next natural boundary
      const uint64_t most =
          write ? std::min(profile_.mmio_write_bytes, snoop_.max_payload()) : profile_.mmio_read_bytes;
      bytes = std::min(call.bytes, most - (call.address & (most - 1)));
    }
    const Span span(call.address, static_cast<uint32_t>(bytes));
    if (write) {
      slot.header = memory_request(DB_TLP_KIND_MWR32, call.address, span, host_id_, 0);
      const uint32_t skip = call.address & 3;
      const uint32_t payload = 4 * span.length_dw;
      if (slot.data.size() < payload) slot.data.resize(payload);
      std::memset(slot.data.data(), 0, 4);
      std::memset(slot.data.data() + payload - 4, 0, 4);
      const auto* small = reinterpret_cast<const uint8_t*>(&call.value);
      std::memcpy(slot.data.data() + skip, call.small ? small : call.data.get() + call.at, bytes);
      slot.bytes = payload;
      slot.cls = Class::Posted;
    } else {
      const uint32_t tag = take_tag(call, cycle, call.address, bytes, call.out ? call.out + call.at : nullptr);
      slot.header = memory_request(DB_TLP_KIND_MRD32, call.address, span, host_id_, tag);
      slot.bytes = 0;
      slot.cls = Class::NonPosted;
    }
    if (!call.small) {
      call.address += bytes;
      call.at += bytes;
      call.bytes -= bytes;
      finished = call.bytes == 0;
    }
    if (finished && !write) find(call.id)->cut = true;
  }
  if (slot.cls == Class::Posted) {
    ++posted_released_;
    posted_.push(index);
  } else {
    (slot.cls == Class::NonPosted ? nonposted_ : completions_).push(index);
  }
  return finished;
}

int MmioPort::choose(const Room& room, bool no_limits, bool& starved) {
  starved = false;
  if (!completions_.empty()) return completions_.front();
  const Slot* posted = posted_.empty() ? nullptr : &slots_[posted_.front()];
  const Slot* other = nonposted_.empty() ? nullptr : &slots_[nonposted_.front()];
  const auto fits = [no_limits](const Slot* slot, uint32_t headers, uint32_t data) {
    return slot &&
           (no_limits || (headers >= slot->header.header_credits() && data >= slot->header.data_credits()));
  };
  const bool posted_fits = fits(posted, room.posted_headers, room.posted_data);
  const bool other_fits = fits(other, room.nonposted_headers, room.nonposted_data);
  if (other && (!posted || other->sequence < posted->sequence) && other_fits) return nonposted_.front();
  if (posted_fits) return posted_.front();
  starved = posted || other;
  return -1;
}

uint64_t MmioPort::take(int index, Outgoing& out, uint64_t cycle) {
  Slot& slot = slots_[static_cast<size_t>(index)];
  out.reserve(slot.bytes);
  out.header = slot.header;
  out.bytes = slot.bytes;
  out.address = slot.address;
  out.request = DBH_NONE;
  out.flags = slot.op == Op::Raw ? DBH_TLP_INJECTED : 0;
  out.slot = index;
  std::memcpy(out.data.data(), slot.data.data(), slot.bytes);
  if (slot.cls == Class::Posted) {
    ++posted_sent_;
    posted_.pop();
  } else if (slot.cls == Class::NonPosted) {
    nonposted_.pop();
  } else {
    completions_.pop();
  }
  --in_slots_;
  free_slots_.push_back(static_cast<uint16_t>(index));
  const uint64_t call = slot.call;  // advance() may fill the slot anew
  advance(cycle);
  return call;
}

void MmioPort::sent(uint32_t tag, uint32_t trace) {
  if (tag < kHostTags && tags_[tag].busy) tags_[tag].trace = trace;
}

// ---- answers --------------------------------------------------------------------------------------------------------

uint32_t MmioPort::complete(const Header& header, const uint8_t* payload, uint32_t bytes, uint64_t cycle,
                            uint32_t trace, uint64_t& address, uint32_t& request, bool& unknown) {
  const uint16_t number = header.completion_tag();
  Tag* tag = number < kHostTags && tags_[number].busy ? &tags_[number] : nullptr;
  const bool ends = header.status() != DB_COMPLETION_STATUS_SC || !header.has_data() ||
                    header.byte_count() + (header.lower_address() & 3) <= bytes;
  if (!tag || header.completion_requester() != host_id_) {
    if (raw_tags_.test(number)) {
      if (ends) raw_tags_.reset(number);
      return 0;
    }
    unknown = true;
    faults_.add({cycle, header.lower_address(), DBH_FAULT_UNEXPECTED, bytes, header.completion_requester(), number,
                 trace});
    return 0;
  }
  request = tag->trace;
  address = tag->address;
  uint32_t status = header.status();
  if (!tag->abandoned && status == DB_COMPLETION_STATUS_SC) {
    if (!fits(*tag, header, bytes)) {
      faults_.add({cycle, tag->address, DBH_FAULT_BAD_COMPLETION, bytes, host_id_, number, trace});
      status = DBH_STATUS_MALFORMED;
    } else {
      tag->poisoned |= header.poisoned();
      land(*tag, payload, bytes);
      if (!ends) return 0;
      if (tag->poisoned) status = DBH_STATUS_POISONED;
    }
  }
  if (tag->abandoned && !ends) return 0;
  const Tag done = *tag;
  free_tag(number);
  if (done.abandoned) return 0;
  return settle(done.id, status, done.out ? done.address - done.start : done.value, trace);
}

// Whether a successful completion is what its request asked for (PCIe Base 2.3.1.1).
bool MmioPort::fits(const Tag& tag, const Header& header, uint32_t bytes) const {
  if (tag.op == Op::Raw) return true;  // whoever sends raw requests judges by himself
  if (header.has_data() != (tag.op != Op::ConfigWrite) || bytes != header.payload_bytes()) return false;
  if (tag.op != Op::Read) return bytes == (header.has_data() ? 4u : 0u);
  const uint64_t skip = tag.address & 3;
  if (header.byte_count() != tag.bytes || header.lower_address() != (tag.address & 0x7F) || bytes <= skip) return false;
  if (bytes - skip >= tag.bytes) return bytes == ((skip + tag.bytes + 3) & ~uint64_t{3});
  return ((tag.address - skip + bytes) & 63) == 0;  // the rest comes later: from a read completion boundary on
}

// Takes the bytes of a completion that fits.
void MmioPort::land(Tag& tag, const uint8_t* payload, uint32_t bytes) {
  if (tag.op == Op::Raw) {
    if (tag.bytes == 0) std::memcpy(&tag.value, payload, std::min(bytes, 8u));
    tag.bytes += bytes;
  } else if (tag.op == Op::ConfigRead) {
    uint32_t dword = 0;
    std::memcpy(&dword, payload, 4);
    tag.value = low_bytes(dword >> (8 * (tag.start & 3)), tag.bytes);
    snoop_.answered(static_cast<uint32_t>(tag.start), static_cast<uint32_t>(tag.value),
                    static_cast<uint32_t>(tag.bytes));
  } else if (tag.op == Op::Read) {
    const uint32_t skip = tag.address & 3;
    const uint64_t usable = std::min<uint64_t>(tag.bytes, bytes - skip);
    if (tag.out) {
      std::memcpy(tag.out, payload + skip, usable);
      tag.out += usable;
    } else {
      uint64_t piece = 0;
      std::memcpy(&piece, payload + skip, usable);  // 8 bytes at most: a small read
      tag.value |= piece << (8 * (tag.address - tag.start));
    }
    tag.address += usable;
    tag.bytes -= usable;
  }
}

uint32_t MmioPort::expire(uint64_t cycle) {
  uint32_t events = 0;
  timeout_due_ = kNever;
  for (uint32_t i = 0; i < kHostTags; ++i) {
    Tag& tag = tags_[i];
    if (!tag.busy || tag.abandoned) continue;
    if (cycle - tag.since < profile_.mmio_timeout) {
      timeout_due_ = std::min(timeout_due_, tag.since + profile_.mmio_timeout);
      continue;
    }
    // The tag stays taken until its answer comes after all: a late completion must not hit another request.
    tag.abandoned = true;
    faults_.add({cycle, tag.address, DBH_FAULT_MMIO_TIMEOUT, static_cast<uint32_t>(tag.bytes), host_id_,
                 static_cast<uint16_t>(i), tag.trace});
    events += settle(tag.id, DBH_STATUS_TIMEOUT, kAllOnes, DBH_NONE);
  }
  return events;
}

}  // namespace dbh
