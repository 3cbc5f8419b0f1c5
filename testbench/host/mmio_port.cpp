#include "mmio_port.h"

#include <algorithm>
#include <cstring>

namespace dbh {
namespace {

enum : uint64_t { kMmioStream = 16 };
constexpr uint64_t kAllOnes = ~uint64_t{0};

uint64_t low_bytes(uint64_t value, uint64_t bytes) { return bytes >= 8 ? value : value & ((uint64_t{1} << (8 * bytes)) - 1); }

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
  posted_released_ = posted_sent_ = sequence_ = 0;
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
    tags_[tag].value = call.value;
    const Span span(offset, call.small);
    slot.header = memory_request(write ? DB_TLP_KIND_CFGWR0 : DB_TLP_KIND_CFGRD0, 0, 1, span.first_be, 0, host_id_, tag);
    slot.header.dw[2] = (static_cast<uint32_t>(device_id_) << 16) | (offset & 0xFFC);
    const uint64_t dword = call.value << (8 * (offset & 3));
    fill(slot, reinterpret_cast<const uint8_t*>(&dword), write ? 4 : 0);
    slot.cls = Class::NonPosted;
    if (write) snoop_.written(offset, static_cast<uint32_t>(call.value), call.small);
  } else {
    const bool write = call.op == Op::Write;
    uint64_t bytes = call.small;
    if (!bytes) {  // bulk: up to the next natural boundary
      const uint64_t most = write ? std::min(profile_.mmio_write_bytes, snoop_.max_payload()) : profile_.mmio_read_bytes;
      bytes = std::min(call.bytes, most - (call.address & (most - 1)));
    }
    const Span span(call.address, static_cast<uint32_t>(bytes));
    if (write) {
      slot.header = memory_request(DB_TLP_KIND_MWR32, call.address, span.length_dw, span.first_be, span.last_be, host_id_, 0);
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
      slot.header = memory_request(DB_TLP_KIND_MRD32, call.address, span.length_dw, span.first_be, span.last_be, host_id_, tag);
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
  const bool posted_fits = posted && (no_limits || (room.posted_headers >= 1 && room.posted_data >= posted->header.data_credits()));
  const bool other_fits = other && (no_limits || (room.nonposted_headers >= 1 && room.nonposted_data >= other->header.data_credits()));
  if (other && (!posted || other->sequence < posted->sequence) && other_fits) return nonposted_.front();
  if (posted_fits) return posted_.front();
  starved = posted || other;
  return -1;
}

void MmioPort::take(int index, Outgoing& out, uint64_t cycle) {
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
  advance(cycle);
}

void MmioPort::sent(uint32_t tag, uint32_t trace) {
  if (tag < kHostTags && tags_[tag].busy) tags_[tag].trace = trace;
}

// ---- answers --------------------------------------------------------------------------------------------------------

uint32_t MmioPort::complete(const Header& header, const uint8_t* payload, uint32_t bytes, uint64_t cycle, uint32_t trace,
                            uint64_t& address, uint32_t& request, bool& unknown) {
  const uint32_t number = header.completion_tag();
  Tag* tag = number < kHostTags && tags_[number].busy ? &tags_[number] : nullptr;
  if (!tag || header.completion_requester() != host_id_) {
    const bool raw = raw_tags_.test(number);
    const bool last = header.status() != DB_COMPLETION_STATUS_SC || header.byte_count() <= bytes;
    if (raw && last) raw_tags_.reset(number);
    if (raw) return 0;
    unknown = true;
    faults_.add({cycle, header.lower_address(), DBH_FAULT_UNEXPECTED, bytes, header.completion_requester(),
                 static_cast<uint16_t>(number), trace});
    return 0;
  }
  request = tag->trace;
  address = tag->address;
  if (tag->abandoned) {
    free_tag(number);
    return 0;
  }
  const bool raw = tag->op == Op::Raw;
  const bool memory = tag->op == Op::Read;
  uint32_t status = header.status();
  bool last = true;
  uint64_t value = 0;
  if (status == DB_COMPLETION_STATUS_SC && !raw) {
    const bool wants_data = tag->op != Op::ConfigWrite;
    const uint32_t skip = memory ? static_cast<uint32_t>(tag->address & 3) : 0;
    const uint64_t usable = std::min<uint64_t>(tag->bytes, bytes > skip ? bytes - skip : 0);
    last = !memory || usable == tag->bytes;
    const bool fits = wants_data == header.has_data() && bytes == header.payload_bytes() &&
                      (!memory || (header.byte_count() == tag->bytes && header.lower_address() == (tag->address & 0x7F) &&
                                   usable > 0 && (last ? bytes == ((skip + usable + 3) & ~uint64_t{3}) : ((tag->address + usable) & 63) == 0))) &&
                      (memory || !wants_data || bytes == 4);
    if (!fits) {
      faults_.add({cycle, tag->address, DBH_FAULT_BAD_COMPLETION, bytes, host_id_, static_cast<uint16_t>(number), trace});
      status = DBH_STATUS_MALFORMED;
    } else if (header.poisoned()) {
      status = DBH_STATUS_POISONED;
    } else if (memory && tag->out) {
      std::memcpy(tag->out, payload + skip, usable);
      tag->out += usable;
    } else if (memory) {
      uint64_t piece = 0;
      std::memcpy(&piece, payload + skip, std::min<uint64_t>(usable, 8));
      tag->value |= piece << (8 * (tag->address - tag->start));
    } else if (wants_data) {
      uint32_t dword = 0;
      std::memcpy(&dword, payload, 4);
      value = low_bytes(dword >> (8 * (tag->start & 3)), tag->bytes);
      snoop_.answered(static_cast<uint32_t>(tag->start), static_cast<uint32_t>(value), static_cast<uint32_t>(tag->bytes));
    }
    if (status == DBH_STATUS_SC && memory) {
      tag->address += usable;
      tag->bytes -= usable;
      if (!last) return 0;
      value = tag->out ? tag->address - tag->start : tag->value;
    }
  } else if (status == DB_COMPLETION_STATUS_SC) {
    last = header.byte_count() <= bytes;
    if (tag->bytes == 0) std::memcpy(&tag->value, payload, std::min(bytes, 8u));
    tag->bytes += bytes;
    if (!last) return 0;
    value = tag->value;
  }
  const uint64_t id = tag->id;
  free_tag(number);
  return settle(id, status, value, trace);
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
