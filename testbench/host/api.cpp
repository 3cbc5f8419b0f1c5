// The C ABI of host_api.h, and the calls of the testbench (doorbell_tb.sv), on the one host of this program.
#include <svdpi.h>

#include "host.h"
#include "host_api.h"

namespace {

dbh::Host& host() {
  static dbh::Host instance;
  return instance;
}

int32_t answer(std::string why) {
  host().last_error = std::move(why);
  return host().last_error.empty() ? 0 : -1;
}

}  // namespace

extern "C" {

// ---- testbench ------------------------------------------------------------------------------------------------------

uint32_t dbh_clock(uint32_t in) { return host().clock(in); }
void dbh_receive_beat(uint32_t sop_last, const svBitVecVal* header, const svBitVecVal* data) {
  host().receive_beat(sop_last & 2, sop_last & 1, header, data);
}
uint32_t dbh_send_beat(svBitVecVal* header, svBitVecVal* data) {
  bool sop = false, last = false;
  host().send_beat(sop, last, header, data);
  return (sop ? 2u : 0u) | (last ? 1u : 0u);
}
void dbh_device_credits(uint64_t limits) { host().device_credits(limits); }
uint64_t dbh_credits() { return host().credits(); }

// ---- life -----------------------------------------------------------------------------------------------------------

uint32_t dbh_abi_version() { return DBH_ABI_VERSION; }
void dbh_struct_sizes(uint32_t sizes[7]) {
  const size_t all[7] = {sizeof(dbh_profile_t), sizeof(dbh_result_t),    sizeof(dbh_tlp_t), sizeof(dbh_fault_t),
                         sizeof(dbh_stats_t),   sizeof(dbh_injection_t), sizeof(dbh_leaks_t)};
  for (int i = 0; i < 7; ++i) sizes[i] = static_cast<uint32_t>(all[i]);
}
int32_t dbh_configure(const dbh_profile_t* profile, uint64_t seed) { return answer(host().configure(*profile, seed)); }
const char* dbh_last_error() { return host().last_error.c_str(); }
void dbh_reset_link(uint32_t cycles) { host().reset_link(cycles); }
void dbh_set_ids(uint32_t id, uint32_t device) {
  host().set_ids(static_cast<uint16_t>(id), static_cast<uint16_t>(device));
}
void dbh_finish() { host().finish(); }

// ---- time and events ------------------------------------------------------------------------------------------------

uint64_t dbh_cycle() { return host().cycle(); }
uint32_t dbh_event_count() { return host().event_count(); }
void dbh_wake_at(uint64_t cycle) { host().wake_at(cycle); }

// ---- MMIO and configuration -----------------------------------------------------------------------------------------

void dbh_mmio_write(uint64_t address, uint64_t value, uint32_t bytes) {
  host().mmio().write(address, value, bytes, host().cycle());
}
void dbh_mmio_write_many(const uint64_t* address, const uint64_t* value, const uint32_t* bytes, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) dbh_mmio_write(address[i], value[i], bytes[i]);
}
uint64_t dbh_mmio_read(uint64_t address, uint32_t bytes) { return host().mmio().read(address, bytes, host().cycle()); }
void dbh_mmio_read_many(const uint64_t* address, const uint32_t* bytes, uint64_t* id, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) id[i] = dbh_mmio_read(address[i], bytes[i]);
}
uint64_t dbh_config_read(uint32_t offset, uint32_t bytes) {
  return host().mmio().config(offset, 0, bytes, false, host().cycle());
}
uint64_t dbh_config_write(uint32_t offset, uint32_t value, uint32_t bytes) {
  return host().mmio().config(offset, value, bytes, true, host().cycle());
}
void dbh_mmio_write_bulk(uint64_t address, const void* data, uint64_t bytes) {
  host().mmio().write_bulk(address, static_cast<const uint8_t*>(data), bytes, host().cycle());
}
uint64_t dbh_mmio_read_bulk(uint64_t address, void* data, uint64_t bytes) {
  return host().mmio().read_bulk(address, static_cast<uint8_t*>(data), bytes, host().cycle());
}
int32_t dbh_result(uint64_t id, dbh_result_t* result) { return host().results().result(id, result); }
int32_t dbh_result_many(const uint64_t* id, dbh_result_t* result, uint64_t count) {
  int32_t all = 1;
  for (uint64_t i = 0; i < count && all >= 0; ++i) all = std::min(all, host().results().state(id[i]));
  for (uint64_t i = 0; i < count && all == 1; ++i) host().results().result(id[i], &result[i]);
  return all;
}
uint64_t dbh_send_tlp(const uint32_t header[4], const void* payload, uint32_t bytes, uint32_t assign) {
  const dbh::Header h{{header[0], header[1], header[2], header[3]}};
  return host().mmio().raw(h, static_cast<const uint8_t*>(payload), bytes, assign, host().cycle());
}

// ---- host memory ----------------------------------------------------------------------------------------------------

int32_t dbh_map(uint64_t iova, void* memory, uint64_t bytes, uint32_t access) {
  return answer(host().memory().map(iova, static_cast<uint8_t*>(memory), bytes, access));
}
int32_t dbh_unmap(uint64_t iova) { return answer(host().memory().unmap(iova)); }
void dbh_set_strict(uint32_t strict) { host().memory().set_strict(strict); }
uint64_t dbh_publish() { return host().publish(0, ~uint64_t{0}); }
uint64_t dbh_publish_range(uint64_t iova, uint64_t bytes) { return bytes ? host().publish(iova, iova + bytes - 1) : 0; }

// ---- interrupts and watches -----------------------------------------------------------------------------------------

void dbh_set_message_window(uint64_t base, uint64_t bytes) { host().set_message_window(base, bytes); }
const uint64_t* dbh_interrupt_counts() { return host().interrupt_counts().data(); }
const uint64_t* dbh_interrupt_cycles() { return host().interrupt_cycles().data(); }
uint64_t dbh_interrupt_total() { return host().stats().interrupts; }
int32_t dbh_watch(uint64_t iova, uint64_t bytes) {
  const int32_t handle = host().watch(iova, bytes);
  if (handle < 0) answer("watch of 0 bytes: must be at least 1");
  return handle;
}
int32_t dbh_unwatch(int32_t handle) {
  return answer(host().unwatch(handle) ? "" : "unwatch " + std::to_string(handle) + ": no such watch");
}

// ---- trace and fault log --------------------------------------------------------------------------------------------

void dbh_trace_enable(uint32_t on) { host().trace().enable(on); }
uint64_t dbh_trace_count() { return host().trace().count(); }
const dbh_tlp_t* dbh_trace_data() { return host().trace().data(); }
uint64_t dbh_trace_dropped() { return host().trace().dropped(); }
void dbh_trace_clear() { host().trace().clear(); }
uint64_t dbh_fault_count() { return host().faults().rows().size(); }
const dbh_fault_t* dbh_fault_data() { return host().faults().rows().data(); }
void dbh_fault_clear() { host().faults().clear(); }

// ---- statistics, faults on purpose, end of run ----------------------------------------------------------------------

const dbh_stats_t* dbh_stats() { return &host().stats(); }
void dbh_mark() { host().mark(); }
int32_t dbh_inject(const dbh_injection_t* rule) {
  const int32_t handle = host().completer().inject(*rule);
  if (handle < 0) answer("inject of kind " + std::to_string(rule->kind) + ": must be 1 to 11");
  return handle;
}
uint64_t dbh_inject_hits(int32_t handle) { return host().completer().inject_hits(handle); }
int32_t dbh_inject_remove(int32_t handle) {
  return answer(host().completer().inject_remove(handle) ? "" : "injection " + std::to_string(handle) + ": not active");
}
void dbh_inject_completion(uint32_t tag, uint32_t bytes) { host().inject_completion(tag, bytes); }
void dbh_inject_overflow(uint32_t tlps) { host().inject_overflow(tlps); }
void dbh_leaks(dbh_leaks_t* leaks) { *leaks = host().leaks(); }
int32_t dbh_quiet() { return host().quiet(); }

}  // extern "C"
