// The host side of the link, as other languages reach it: a C ABI inside the simulator's own process.
//
// Python finds these functions with ctypes.CDLL(None) (testbench/doorbell_tb/host.py is the one binding). All of them
// return at once: nothing here advances simulated time. One thread only, the simulator's.
//
// Units: addresses are 64-bit bus addresses, lengths are bytes, times are device cycles since dbh_configure().
// Memory that is handed over (dbh_map, dbh_mmio_read_bulk) must stay where it is until it is unmapped or answered.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DBH_ABI_VERSION 1u
#define DBH_VECTORS 2048u       // interrupt vectors that are counted one by one
#define DBH_NONE 0xFFFFFFFFu    // no trace record
#define DBH_FOREVER (~0ull)

// How the host behaves. Latencies are drawn uniformly from [min, max], both included; min == max draws nothing.
typedef struct {
  uint32_t read_latency_min, read_latency_max;      // device read accepted -> its first completion may start
  uint32_t piece_gap_max;                           // further cycles before each later completion of one read, 0..max
  uint32_t completion_bytes;                        // largest completion payload: 64..4096, a power of two; MPS, too
  uint32_t random_split;                            // 1: completions end at random 64-byte boundaries
  uint32_t random_order;                            // 1: any due read may be answered next; 0: by due time
  uint32_t early_sample_percent;                    // reads whose data are taken on arrival, not when sent
  uint32_t ready_on_min, ready_on_max;              // lengths of runs with tx_ready high ...
  uint32_t ready_off_min, ready_off_max;            // ... and low; ready_off_max == 0: always ready
  uint32_t rx_gap_percent, rx_gap_max;              // chance that a beat to the device waits, for 1..max cycles
  uint32_t posted_headers, posted_data;             // credits that the device gets (data in units of 16 bytes)
  uint32_t nonposted_headers, nonposted_data;
  uint32_t credit_return_min, credit_return_max;    // TLP performed -> its credits are granted anew
  uint32_t mmio_latency_min, mmio_latency_max;      // CPU issues an MMIO -> its TLP may be sent (order is kept)
  uint32_t mmio_depth;                              // TLPs between the CPU and the link at once
  uint32_t mmio_read_bytes, mmio_write_bytes;       // where bulk MMIO is cut: 4..4096 (aligned; writes at MPS, too)
  uint32_t host_tags;                               // reads that the host has outstanding at most, 1..256
  uint32_t mmio_timeout;                            // cycles until an MMIO or configuration request fails; 0: none
} dbh_profile_t;

// Completion status of MMIO and configuration requests: PCIe's own, or one of the host's.
enum {
  DBH_STATUS_SC = 0,
  DBH_STATUS_UR = 1,
  DBH_STATUS_CRS = 2,
  DBH_STATUS_CA = 4,
  DBH_STATUS_TIMEOUT = 0x10,    // no answer within mmio_timeout
  DBH_STATUS_MALFORMED = 0x11,  // the completion does not fit its request
  DBH_STATUS_POISONED = 0x12,
  DBH_STATUS_LINK_DOWN = 0x13   // dbh_reset_link() or dbh_configure() came first
};

typedef struct {
  uint64_t value;   // little-endian, right-aligned, zero-extended; ~0 unless status is SC; bulk reads: bytes landed
  uint32_t status;  // DBH_STATUS_*
  uint32_t trace;   // index of the (last) completion in the TLP trace, or DBH_NONE
} dbh_result_t;

// ---- life -----------------------------------------------------------------------------------------------------------

uint32_t dbh_abi_version(void);
// Bytes of the structs below, in the order profile, result, tlp, fault, stats, injection, leaks: the binding compares.
void dbh_struct_sizes(uint32_t sizes[7]);
// Starts afresh: cycle 0, device in reset, no mappings, not strict, empty trace, all counts 0 (but the event count goes
// on). The device is held in reset until the first call. 0, or -1 when a field is out of range (see dbh_last_error()).
int32_t dbh_configure(const dbh_profile_t* profile, uint64_t seed);
const char* dbh_last_error(void);
// Adds one command-line argument, a plusarg, before simulated time begins.
void dbh_add_argument(const char* text);
// Pulses the device's reset and starts the link anew; memory mappings, trace and counts stay.
void dbh_reset_link(uint32_t cycles);
// Requester/completer ids (bus << 8 | device << 3 | function); defaults: host 0x0000, device 0x0100.
void dbh_set_ids(uint32_t host, uint32_t device);
// Ends the simulation at the next clock, as $finish does.
void dbh_finish(void);

// ---- time and events ------------------------------------------------------------------------------------------------

uint64_t dbh_cycle(void);
// Counts MMIO results, interrupts, watched writes and wake-ups, modulo 2^32. The testbench shows the same number one
// clock later as its public signal event_count; wait for that to change when this one equals what was last seen.
uint32_t dbh_event_count(void);
// Counts one event at the given device cycle (at the next clock if it has passed).
void dbh_wake_at(uint64_t cycle);

// ---- MMIO and configuration -----------------------------------------------------------------------------------------
// Posted writes never wait. Order: posted before posted, posted before later reads; a posted write passes an earlier
// read only when the device grants no credit for reads (PCIe Base 2.4.1). Ids are never reused; each is collected once.

// 1..8 bytes at any address that stay inside one 8-byte word: one TLP.
void dbh_mmio_write(uint64_t address, uint64_t value, uint32_t bytes);
// The same, `count` times, from arrays.
void dbh_mmio_write_many(const uint64_t* address, const uint64_t* value, const uint32_t* bytes, uint64_t count);
uint64_t dbh_mmio_read(uint64_t address, uint32_t bytes);
void dbh_mmio_read_many(const uint64_t* address, const uint32_t* bytes, uint64_t* id, uint64_t count);
// Type 0 requests; 1, 2 or 4 bytes inside one dword; offset 0..4095.
uint64_t dbh_config_read(uint32_t offset, uint32_t bytes);
uint64_t dbh_config_write(uint32_t offset, uint32_t value, uint32_t bytes);
// Any bytes at any address: copied now, cut into TLPs as the profile says.
void dbh_mmio_write_bulk(uint64_t address, const void* data, uint64_t bytes);
// Answers land in `data` as they come; one id, one event when the last has landed. The first bad status wins.
uint64_t dbh_mmio_read_bulk(uint64_t address, void* data, uint64_t bytes);
// 1: done (result filled, id forgotten), 0: outstanding, -1: no such id.
int32_t dbh_result(uint64_t id, dbh_result_t* result);
// Collects results of `count` ids that are all done: returns 1; or collects none and returns 0 (-1: an unknown id).
int32_t dbh_result_many(const uint64_t* id, dbh_result_t* result, uint64_t count);

// One TLP exactly as given (header DWs as printed in PCIe Base; payload bytes decide the beats, not the header).
// assign != 0, non-posted only: the host puts in its requester id and a tag and returns an id for dbh_result(), value =
// first 8 payload bytes. assign == 0: sent untouched, returns 0; completions to it appear in the trace alone.
uint64_t dbh_send_tlp(const uint32_t header[4], const void* payload, uint32_t bytes, uint32_t assign);

// ---- host memory ----------------------------------------------------------------------------------------------------

enum { DBH_READ = 1, DBH_WRITE = 2 };  // what the device may do
// Maps [iova, iova + bytes) to memory, exact to the byte. 0, or -1: empty, wraps, overlaps a mapping (see last_error).
int32_t dbh_map(uint64_t iova, void* memory, uint64_t bytes, uint32_t access);
int32_t dbh_unmap(uint64_t iova);  // by its first address; 0, or -1: no mapping starts there
// Strict: the device reads a copy of each mapping that only dbh_publish() refreshes; device writes reach both. What was
// published shows when the next MMIO or configuration request goes to the link, and not to anything before it.
void dbh_set_strict(uint32_t strict);
// Orders all earlier writes to mapped memory before every later MMIO. Returns the bytes that changed since the last
// time, in whole pages (0 when not strict).
uint64_t dbh_publish(void);
// The same for one range only.
uint64_t dbh_publish_range(uint64_t iova, uint64_t bytes);

// ---- interrupts and watches -----------------------------------------------------------------------------------------
// An MSI-X message is a 4-byte write into the window; its data is the vector (counted per vector below DBH_VECTORS).

void dbh_set_message_window(uint64_t base, uint64_t bytes);  // default 0xFEE00000, 1 MiB
const uint64_t* dbh_interrupt_counts(void);   // [DBH_VECTORS]; stays in place
const uint64_t* dbh_interrupt_cycles(void);   // [DBH_VECTORS], cycle of the last message; stays in place
uint64_t dbh_interrupt_total(void);
int32_t dbh_watch(uint64_t iova, uint64_t bytes);  // a handle >= 0: an event for each device write there; -1: no bytes
int32_t dbh_unwatch(int32_t handle);               // 0, or -1: no such handle

// ---- TLP trace ------------------------------------------------------------------------------------------------------

enum { DBH_TO_HOST = 0, DBH_TO_DEVICE = 1 };
enum {
  DBH_TLP_REFUSED = 1,    // IOMMU or switch refused it
  DBH_TLP_INJECTED = 2,   // made or changed by fault injection, or raw
  DBH_TLP_MESSAGE = 4,    // MSI-X message
  DBH_TLP_UNKNOWN = 8     // completion that answers nothing outstanding
};
typedef struct {
  uint64_t cycle;          // of the first beat
  uint64_t address;        // first byte meant; completions: the address whose bytes these are
  uint32_t header[4];      // as on the link
  uint64_t first;          // first 8 payload bytes, zero-padded
  uint64_t hash;           // of the payload (host/hash.h), 0 without payload
  uint32_t request;        // completions: index of the request's record, else DBH_NONE
  uint16_t cycles;         // last beat - first beat + 1, saturating
  uint16_t payload;        // payload bytes on the link
  uint8_t direction;       // DBH_TO_*
  uint8_t flags;           // DBH_TLP_*
  uint8_t credit_headers;  // header credits of its class that the sender had left before it, saturating
  uint8_t pad;
  uint16_t credit_data;    // data credits likewise, saturating
  uint16_t outstanding;    // device reads outstanding after it
} dbh_tlp_t;

void dbh_trace_enable(uint32_t on);            // default on
uint64_t dbh_trace_count(void);
const dbh_tlp_t* dbh_trace_data(void);         // never moves; grows in place
uint64_t dbh_trace_dropped(void);              // records lost because the trace was full
void dbh_trace_clear(void);

// ---- fault log ------------------------------------------------------------------------------------------------------

typedef enum {
  DBH_FAULT_READ_REFUSED = 1,       // device read of unmapped or write-only memory: answered UR
  DBH_FAULT_WRITE_REFUSED = 2,      // device write to unmapped or read-only memory: dropped
  DBH_FAULT_OWN_BAR = 3,            // device request to its own BAR: UR, or dropped
  DBH_FAULT_BAD_MESSAGE = 4,        // write into the message window that is no MSI-X message: dropped
  DBH_FAULT_UNSUPPORTED = 5,        // any other request the host does not take: UR if non-posted
  DBH_FAULT_CREDITS = 6,            // device sent without credits
  DBH_FAULT_FRAMING = 7,            // sop, last or the number of beats do not fit the header
  DBH_FAULT_TAG_REUSE = 8,          // device read with a tag that is outstanding
  DBH_FAULT_UNEXPECTED = 9,         // completion that answers nothing outstanding
  DBH_FAULT_BAD_COMPLETION = 10,    // completion that does not fit its request
  DBH_FAULT_MMIO_TIMEOUT = 11       // the device did not answer
} dbh_fault_kind_t;
typedef struct {
  uint64_t cycle;
  uint64_t address;
  uint32_t kind;       // dbh_fault_kind_t
  uint32_t bytes;
  uint16_t requester;
  uint16_t tag;
  uint32_t trace;      // index of the TLP's record, or DBH_NONE
} dbh_fault_t;

uint64_t dbh_fault_count(void);
const dbh_fault_t* dbh_fault_data(void);  // valid until the next clock
void dbh_fault_clear(void);

// ---- statistics -----------------------------------------------------------------------------------------------------

typedef struct {
  uint64_t bytes;        // payload bytes
  uint64_t beats;        // beats that carry payload
  uint64_t first_cycle;  // of such a beat since the mark; DBH_FOREVER: none yet
  uint64_t last_cycle;
} dbh_flow_t;

typedef struct {
  dbh_flow_t writes;              // memory writes of the device, since the mark
  dbh_flow_t reads;               // completions with data to the device, since the mark
  uint64_t mark_cycle;
  // since dbh_configure():
  uint64_t tlps_to_host, tlps_to_device;
  uint64_t device_reads, device_writes, device_atomics;
  uint64_t read_bytes;            // bytes the device asked for
  uint64_t cycles_tx_stalled;     // tx_valid and not tx_ready
  uint64_t cycles_rx_stalled;     // rx_valid and not rx_ready
  uint64_t cycles_no_posted;      // cycles in which the device lacked credits for a largest posted TLP
  uint64_t cycles_no_nonposted;   // cycles in which the device lacked a non-posted header credit
  uint64_t cycles_rx_no_credits;  // cycles in which the device's credits held back a request of the host
  uint64_t reorderings;           // completions that started while an older read was unanswered
  uint64_t splits;                // reads answered with more completions than necessary
  uint64_t completions;           // completions sent to the device
  uint64_t tags_max;              // most device reads outstanding at once
  uint64_t mmio_reads, mmio_writes, config_requests;
  uint64_t interrupts;
  uint64_t publishes;
  uint64_t injected;              // faults injected
} dbh_stats_t;

const dbh_stats_t* dbh_stats(void);  // stays in place
void dbh_mark(void);                 // starts the measurement of `writes` and `reads` anew

// ---- faults on purpose ----------------------------------------------------------------------------------------------

typedef enum {
  DBH_INJECT_UR = 1,
  DBH_INJECT_CA = 2,
  DBH_INJECT_POISON = 3,      // every completion of the read carries EP
  DBH_INJECT_DROP = 4,        // no answer
  DBH_INJECT_LATE = 5,        // `argument` cycles later than drawn
  DBH_INJECT_DUPLICATE = 6,   // the last completion comes twice
  DBH_INJECT_SHORT = 7,       // the last completion is cut by `argument` dwords (one is left); its byte count says so
  DBH_INJECT_LONG = 8,        // the last completion carries `argument` dwords more than were asked for
  DBH_INJECT_BYTE_COUNT = 9,  // the first completion's byte count is off by `argument` (two's complement)
  DBH_INJECT_LOWER_ADDRESS = 10,  // the first completion's lower address is off by `argument`
  DBH_INJECT_DROP_PIECE = 11  // the last completion never comes
} dbh_inject_kind_t;

typedef struct {
  uint64_t first, last;   // reads that touch [first, last]; 0 and ~0: all
  uint64_t skip;          // matching reads that pass unharmed before
  uint64_t count;         // reads that are hit; ~0: all that follow
  uint32_t kind;          // dbh_inject_kind_t
  uint32_t argument;
} dbh_injection_t;

int32_t dbh_inject(const dbh_injection_t* rule);   // returns a handle >= 0, -1: unknown kind
uint64_t dbh_inject_hits(int32_t handle);          // reads hit so far
int32_t dbh_inject_remove(int32_t handle);         // 0, or -1: no such handle
// Sends a completion nobody asked for (successful, `bytes` of payload, 0: none) with this tag.
void dbh_inject_completion(uint32_t tag, uint32_t bytes);
// Sends the next `tlps` requests without regard for the device's credits.
void dbh_inject_overflow(uint32_t tlps);

// ---- end of run -----------------------------------------------------------------------------------------------------

typedef struct {
  uint64_t device_reads;         // outstanding, dropped ones (DBH_INJECT_DROP, _DROP_PIECE) not counted
  uint64_t mmio;                 // MMIO and configuration requests without an answer
  uint64_t results;              // answers never collected
  uint64_t queued;               // TLPs that wait to be sent, and unfinished ones either way
  uint64_t posted_headers;       // credits the device has not granted anew, against its first offer
  uint64_t posted_data;
  uint64_t nonposted_headers;
  uint64_t nonposted_data;
} dbh_leaks_t;

void dbh_leaks(dbh_leaks_t* leaks);
// 1 when nothing is queued, pending or half-way in either direction on the host's side.
int32_t dbh_quiet(void);

#ifdef __cplusplus
}
#endif
