/*
 * Generated from contract/ by `make contract`; do not edit.
 *
 * What hardware and software promise each other, for C11. Structures are as in memory on a
 * little-endian host; reserved bytes are zero. Offsets are in bytes from BAR0 where they take an
 * index, else from their block.
 */
#ifndef DOORBELL_CONTRACT_H
#define DOORBELL_CONTRACT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* First byte of a packet. CAP_OPCODES has bit N set when opcode N is implemented. */
enum db_opcode {
    /* Never legal, so that zeroed memory is not a command. */
    DB_OPCODE_INVALID = 0x00,
    /* Does nothing; carries a record or an interrupt. */
    DB_OPCODE_NOP = 0x01,
    /* Moves bytes from any space to any space. */
    DB_OPCODE_COPY = 0x02,
    /* Moves rows with pitches. */
    DB_OPCODE_COPY_2D = 0x03,
    /* Moves between a list of pieces and a linear range. */
    DB_OPCODE_COPY_LIST = 0x04,
    /* Repeats an 8-byte pattern; phase counts from the first byte. */
    DB_OPCODE_FILL = 0x05,
    /* Writes 0 to 24 bytes carried in the packet. */
    DB_OPCODE_WRITE = 0x06,
    /* PCIe AtomicOp; the old value goes to an address. */
    DB_OPCODE_ATOMIC = 0x07,
    /* Runs a grid of work-groups of a kernel. */
    DB_OPCODE_LAUNCH = 0x08,
    /* Holds the queue until a semaphore satisfies a condition. */
    DB_OPCODE_WAIT = 0x09,
    /* Sets or adds to a semaphore, or writes 8 bytes, at retirement. */
    DB_OPCODE_SIGNAL = 0x0a,
    /* Runs packets of another buffer. */
    DB_OPCODE_CALL = 0x0b,
};

/* Bits of the packet's flags byte; other bits are reserved. */
enum db_flag {
    /* Starts when every earlier command of the queue has retired. */
    DB_FLAG_BARRIER = 0x01,
    /* Writes a 16-byte record at retirement. */
    DB_FLAG_RECORD = 0x02,
    /* Raises the packet's vector after the record. */
    DB_FLAG_INTERRUPT = 0x04,
};

/* Which address space an operand lives in. */
enum db_space {
    /* 64-bit bus address: host memory through the IOMMU, or a peer's BAR. */
    DB_SPACE_HOST = 0x00,
    /* Device memory, from 0. */
    DB_SPACE_DEVICE = 0x01,
};

/* State of a queue (QUEUE.STATUS.state). */
enum db_queue_state {
    /* Configuration is writable; doorbells are dropped and reported. */
    DB_QUEUE_STATE_DISABLED = 0x00,
    /* Fetches and executes. */
    DB_QUEUE_STATE_RUNNING = 0x01,
    /* Starts nothing more; becomes DISABLED when the started commands have retired. */
    DB_QUEUE_STATE_DRAINING = 0x02,
    /* Stopped by an error; only reset leaves it. */
    DB_QUEUE_STATE_HALTED = 0x03,
};

/* What SIGNAL does. */
enum db_signal_mode {
    /* Semaphore takes the value. */
    DB_SIGNAL_MODE_SEMAPHORE_SET = 0x00,
    /* Value is added to the semaphore, modulo 2^64. */
    DB_SIGNAL_MODE_SEMAPHORE_ADD = 0x01,
    /* One aligned 8-byte write to an address. */
    DB_SIGNAL_MODE_WRITE8 = 0x02,
};

/* When WAIT is satisfied. */
enum db_wait_condition {
    /* signed(semaphore - value) >= 0 (circular). */
    DB_WAIT_CONDITION_GE = 0x00,
    /* semaphore == value. */
    DB_WAIT_CONDITION_EQ = 0x01,
};

/* Kernel numbers; CAP_KERNELS has bit N set when kernel N is implemented. */
enum db_kernel {
    /* Never legal. */
    DB_KERNEL_INVALID = 0x00,
    /* int32 C = int8 A x int8 B. */
    DB_KERNEL_GEMM_S8 = 0x01,
    /* int8 y = clamp(round((x + bias) * multiplier / 2^shift)). */
    DB_KERNEL_REQUANTISE = 0x02,
    /* Saturating int8 add, subtract, max, min. */
    DB_KERNEL_ELEMENTWISE = 0x03,
    /* int8 through a 256-byte table. */
    DB_KERNEL_LOOKUP = 0x04,
    /* int32 sums or maxima of rows. */
    DB_KERNEL_REDUCE = 0x05,
};

/* Error codes in checking order, so the smallest code of several faults is the one reported. */
enum db_error {
    /* No error. */
    DB_ERROR_NONE = 0x00,
    /* New put is behind put. */
    DB_ERROR_DOORBELL_BACKWARDS = 0x10,
    /* New put is more than the ring size ahead of get. */
    DB_ERROR_DOORBELL_OVERFLOW = 0x11,
    /* Ring read was answered Unsupported Request. */
    DB_ERROR_FETCH_UR = 0x20,
    /* Ring read was answered Completer Abort. */
    DB_ERROR_FETCH_CA = 0x21,
    /* Ring read was not answered in time. */
    DB_ERROR_FETCH_TIMEOUT = 0x22,
    /* Ring read returned poisoned data. */
    DB_ERROR_FETCH_POISONED = 0x23,
    /* Ring read got a completion that does not fit the request. */
    DB_ERROR_FETCH_MALFORMED = 0x24,
    /* Opcode is INVALID, unknown or not in CAP_OPCODES. */
    DB_ERROR_BAD_OPCODE = 0x30,
    /* A reserved flag bit is set. */
    DB_ERROR_BAD_FLAGS = 0x31,
    /* A field that the opcode and flags do not use is not zero. */
    DB_ERROR_RESERVED_FIELD = 0x32,
    /* Vector is not below the vector count. */
    DB_ERROR_BAD_VECTOR = 0x33,
    /* Record address is not a multiple of 16. */
    DB_ERROR_RECORD_ALIGNMENT = 0x34,
    /* A space is neither HOST nor DEVICE. */
    DB_ERROR_BAD_SPACE = 0x35,
    /* Signal mode or wait condition is unknown. */
    DB_ERROR_BAD_MODE = 0x36,
    /* A length is outside what the opcode or kernel allows. */
    DB_ERROR_BAD_LENGTH = 0x37,
    /* An address is not aligned as the opcode asks. */
    DB_ERROR_BAD_ALIGNMENT = 0x38,
    /* A DEVICE range ends past device memory, or a HOST range wraps past 2^64. */
    DB_ERROR_OUT_OF_RANGE = 0x39,
    /* Semaphore is not below the semaphore count. */
    DB_ERROR_BAD_SEMAPHORE = 0x3a,
    /* Kernel is unknown or not in CAP_KERNELS. */
    DB_ERROR_BAD_KERNEL = 0x3b,
    /* A grid dimension is 0 or above the limit. */
    DB_ERROR_BAD_GRID = 0x3c,
    /* Unit mask is empty or names an absent unit. */
    DB_ERROR_BAD_UNITS = 0x3d,
    /* A reserved field of the kernel's arguments is not zero. */
    DB_ERROR_ARGUMENT_RESERVED = 0x40,
    /* A dimension, pitch, shift or clamp is outside its limits. */
    DB_ERROR_ARGUMENT_SHAPE = 0x41,
    /* An operand's address or pitch is not aligned as the kernel asks. */
    DB_ERROR_ARGUMENT_ALIGNMENT = 0x42,
    /* An operand ends past device memory. */
    DB_ERROR_ARGUMENT_RANGE = 0x43,
    /* A read was answered Unsupported Request. */
    DB_ERROR_DMA_UR = 0x50,
    /* A read was answered Completer Abort. */
    DB_ERROR_DMA_CA = 0x51,
    /* A read was not answered in time. */
    DB_ERROR_DMA_TIMEOUT = 0x52,
    /* A read returned poisoned data. */
    DB_ERROR_DMA_POISONED = 0x53,
    /* A completion did not fit its request. */
    DB_ERROR_DMA_MALFORMED = 0x54,
    /* WAIT was not satisfied within its deadline. */
    DB_ERROR_WAIT_TIMEOUT = 0x60,
    /* The semaphore was poisoned while WAIT was unsatisfied. */
    DB_ERROR_WAIT_POISONED = 0x61,
    /* A command other than WAIT ran longer than WATCHDOG_LIMIT. */
    DB_ERROR_WATCHDOG = 0x62,
    /* Stopped by a queue or device reset. */
    DB_ERROR_ABORTED = 0x63,
};

/* Why the whole device stopped (DEVICE.STATUS.fatal_cause). A closed list. */
enum db_fatal_cause {
    /* Not fatal. */
    DB_FATAL_CAUSE_NONE = 0x00,
    /* A malformed TLP was received. */
    DB_FATAL_CAUSE_MALFORMED_TLP = 0x01,
    /* The host sent beyond its credits. */
    DB_FATAL_CAUSE_RECEIVER_OVERFLOW = 0x02,
    /* Every tag is quarantined. */
    DB_FATAL_CAUSE_TAGS_EXHAUSTED = 0x03,
    /* An internal check failed. */
    DB_FATAL_CAUSE_INTERNAL = 0x04,
};

/* PCIe completion status (PCIe Base 2.2.9). */
enum db_completion_status {
    /* Successful completion. */
    DB_COMPLETION_STATUS_SC = 0x00,
    /* Unsupported request. */
    DB_COMPLETION_STATUS_UR = 0x01,
    /* Configuration request retry. */
    DB_COMPLETION_STATUS_CRS = 0x02,
    /* Completer abort. */
    DB_COMPLETION_STATUS_CA = 0x04,
};

/* fmt[2:0] and type[4:0] of a TLP's first DW (PCIe Base 2.2.1). */
enum db_tlp_kind {
    /* Memory read, 32-bit address. */
    DB_TLP_KIND_MRD32 = 0x00,
    /* Memory read, 64-bit address. */
    DB_TLP_KIND_MRD64 = 0x20,
    /* Memory write, 32-bit address. */
    DB_TLP_KIND_MWR32 = 0x40,
    /* Memory write, 64-bit address. */
    DB_TLP_KIND_MWR64 = 0x60,
    /* Type 0 configuration read. */
    DB_TLP_KIND_CFGRD0 = 0x04,
    /* Type 0 configuration write. */
    DB_TLP_KIND_CFGWR0 = 0x44,
    /* Completion without data. */
    DB_TLP_KIND_CPL = 0x0a,
    /* Completion with data. */
    DB_TLP_KIND_CPLD = 0x4a,
    /* FetchAdd, 32-bit address. */
    DB_TLP_KIND_FETCHADD32 = 0x4c,
    /* FetchAdd, 64-bit address. */
    DB_TLP_KIND_FETCHADD64 = 0x6c,
    /* Swap, 32-bit address. */
    DB_TLP_KIND_SWAP32 = 0x4d,
    /* Swap, 64-bit address. */
    DB_TLP_KIND_SWAP64 = 0x6d,
    /* Compare and swap, 32-bit address. */
    DB_TLP_KIND_CAS32 = 0x4e,
    /* Compare and swap, 64-bit address. */
    DB_TLP_KIND_CAS64 = 0x6e,
};

/* Fixed by the contract. */
#define DB_CONTRACT_MAJOR UINT32_C(0)
#define DB_CONTRACT_MINOR UINT32_C(1)
#define DB_CONTRACT_PATCH UINT32_C(0)
#define DB_PACKET_BYTES UINT32_C(64)
#define DB_RECORD_BYTES UINT32_C(16)
#define DB_ERROR_RECORD_BYTES UINT32_C(64)
#define DB_ARGUMENT_BYTES UINT32_C(64)
#define DB_WRITE_MAX_BYTES UINT32_C(24)
#define DB_RING_LOG2_MIN UINT32_C(1)
#define DB_RING_LOG2_MAX UINT32_C(16)
#define DB_RING_ALIGN_BYTES UINT32_C(4096)
#define DB_WINDOW_MIN UINT32_C(8)
#define DB_GEMM_TILE_ROWS UINT32_C(16)
#define DB_GEMM_TILE_COLUMNS UINT32_C(64)
#define DB_DIMENSION_MAX UINT32_C(0x10000)
#define DB_GRID_MAX UINT32_C(0x10000)
#define DB_SHIFT_MIN UINT32_C(1)
#define DB_SHIFT_MAX UINT32_C(62)
#define DB_IDENTITY UINT64_C(0x4c4c4542524f4f44)
#define DB_VENDOR_ID UINT32_C(7607)
#define DB_DEVICE_ID UINT32_C(53259)
#define DB_CLASS_CODE UINT32_C(0x120000)
#define DB_BAR0_BYTES UINT32_C(0x100000)

/* One command in a ring slot. The operands depend on the opcode; the frame does not. */
struct db_packet {
    uint8_t opcode;
    uint8_t flags;
    uint16_t vector;
    uint32_t tag;
    uint8_t operands[40];
    uint64_t record_address;
    uint64_t record_value;
};
static_assert(sizeof(struct db_packet) == 64, "size of packet");
static_assert(offsetof(struct db_packet, opcode) == 0, "opcode");
static_assert(offsetof(struct db_packet, flags) == 1, "flags");
static_assert(offsetof(struct db_packet, vector) == 2, "vector");
static_assert(offsetof(struct db_packet, tag) == 4, "tag");
static_assert(offsetof(struct db_packet, operands) == 8, "operands");
static_assert(offsetof(struct db_packet, record_address) == 48, "record_address");
static_assert(offsetof(struct db_packet, record_value) == 56, "record_value");

/* What a command with RECORD leaves in host memory, in one TLP. Only success writes it. */
struct db_record {
    uint64_t timestamp;
    uint64_t value;
};
static_assert(sizeof(struct db_record) == 16, "size of record");
static_assert(offsetof(struct db_record, timestamp) == 0, "timestamp");
static_assert(offsetof(struct db_record, value) == 8, "value");

/* What a queue leaves in host memory (and in its ERROR registers) when it halts. */
struct db_error_record {
    uint16_t code;
    uint8_t opcode;
    uint8_t queue;
    uint32_t tag;
    uint64_t index;
    uint32_t inner_index;
    uint32_t detail;
    uint64_t address;
    uint64_t timestamp;
    uint8_t reserved_40[16];
    uint64_t generation;
};
static_assert(sizeof(struct db_error_record) == 64, "size of error_record");
static_assert(offsetof(struct db_error_record, code) == 0, "code");
static_assert(offsetof(struct db_error_record, opcode) == 2, "opcode");
static_assert(offsetof(struct db_error_record, queue) == 3, "queue");
static_assert(offsetof(struct db_error_record, tag) == 4, "tag");
static_assert(offsetof(struct db_error_record, index) == 8, "index");
static_assert(offsetof(struct db_error_record, inner_index) == 16, "inner_index");
static_assert(offsetof(struct db_error_record, detail) == 20, "detail");
static_assert(offsetof(struct db_error_record, address) == 24, "address");
static_assert(offsetof(struct db_error_record, timestamp) == 32, "timestamp");
static_assert(offsetof(struct db_error_record, generation) == 56, "generation");

/* One entry of the MSI-X table (PCIe Base 7.7.2). */
struct db_msix_entry {
    uint64_t address;
    uint32_t data;
    uint32_t control;
};
static_assert(sizeof(struct db_msix_entry) == 16, "size of msix_entry");
static_assert(offsetof(struct db_msix_entry, address) == 0, "address");
static_assert(offsetof(struct db_msix_entry, data) == 8, "data");
static_assert(offsetof(struct db_msix_entry, control) == 12, "control");

/* Does nothing; carries a record or an interrupt. */
struct db_nop_packet {
    uint8_t opcode;
    uint8_t flags;
    uint16_t vector;
    uint32_t tag;
    uint8_t reserved_8[40];
    uint64_t record_address;
    uint64_t record_value;
};
static_assert(sizeof(struct db_nop_packet) == 64, "size of nop_packet");
static_assert(offsetof(struct db_nop_packet, opcode) == 0, "opcode");
static_assert(offsetof(struct db_nop_packet, flags) == 1, "flags");
static_assert(offsetof(struct db_nop_packet, vector) == 2, "vector");
static_assert(offsetof(struct db_nop_packet, tag) == 4, "tag");
static_assert(offsetof(struct db_nop_packet, record_address) == 48, "record_address");
static_assert(offsetof(struct db_nop_packet, record_value) == 56, "record_value");

/* Moves bytes from any space to any space. */
struct db_copy_packet {
    uint8_t opcode;
    uint8_t flags;
    uint16_t vector;
    uint32_t tag;
    uint64_t source;
    uint64_t destination;
    uint32_t length;
    uint8_t source_space;
    uint8_t destination_space;
    uint8_t reserved_30[18];
    uint64_t record_address;
    uint64_t record_value;
};
static_assert(sizeof(struct db_copy_packet) == 64, "size of copy_packet");
static_assert(offsetof(struct db_copy_packet, opcode) == 0, "opcode");
static_assert(offsetof(struct db_copy_packet, flags) == 1, "flags");
static_assert(offsetof(struct db_copy_packet, vector) == 2, "vector");
static_assert(offsetof(struct db_copy_packet, tag) == 4, "tag");
static_assert(offsetof(struct db_copy_packet, source) == 8, "source");
static_assert(offsetof(struct db_copy_packet, destination) == 16, "destination");
static_assert(offsetof(struct db_copy_packet, length) == 24, "length");
static_assert(offsetof(struct db_copy_packet, source_space) == 28, "source_space");
static_assert(offsetof(struct db_copy_packet, destination_space) == 29, "destination_space");
static_assert(offsetof(struct db_copy_packet, record_address) == 48, "record_address");
static_assert(offsetof(struct db_copy_packet, record_value) == 56, "record_value");

/* Repeats an 8-byte pattern; phase counts from the first byte. */
struct db_fill_packet {
    uint8_t opcode;
    uint8_t flags;
    uint16_t vector;
    uint32_t tag;
    uint64_t pattern;
    uint64_t destination;
    uint32_t length;
    uint8_t reserved_28[1];
    uint8_t destination_space;
    uint8_t reserved_30[18];
    uint64_t record_address;
    uint64_t record_value;
};
static_assert(sizeof(struct db_fill_packet) == 64, "size of fill_packet");
static_assert(offsetof(struct db_fill_packet, opcode) == 0, "opcode");
static_assert(offsetof(struct db_fill_packet, flags) == 1, "flags");
static_assert(offsetof(struct db_fill_packet, vector) == 2, "vector");
static_assert(offsetof(struct db_fill_packet, tag) == 4, "tag");
static_assert(offsetof(struct db_fill_packet, pattern) == 8, "pattern");
static_assert(offsetof(struct db_fill_packet, destination) == 16, "destination");
static_assert(offsetof(struct db_fill_packet, length) == 24, "length");
static_assert(offsetof(struct db_fill_packet, destination_space) == 29, "destination_space");
static_assert(offsetof(struct db_fill_packet, record_address) == 48, "record_address");
static_assert(offsetof(struct db_fill_packet, record_value) == 56, "record_value");

/* Writes 0 to 24 bytes carried in the packet. */
struct db_write_packet {
    uint8_t opcode;
    uint8_t flags;
    uint16_t vector;
    uint32_t tag;
    uint32_t length;
    uint8_t reserved_12[1];
    uint8_t destination_space;
    uint8_t reserved_14[2];
    uint64_t destination;
    uint8_t data[24];
    uint64_t record_address;
    uint64_t record_value;
};
static_assert(sizeof(struct db_write_packet) == 64, "size of write_packet");
static_assert(offsetof(struct db_write_packet, opcode) == 0, "opcode");
static_assert(offsetof(struct db_write_packet, flags) == 1, "flags");
static_assert(offsetof(struct db_write_packet, vector) == 2, "vector");
static_assert(offsetof(struct db_write_packet, tag) == 4, "tag");
static_assert(offsetof(struct db_write_packet, length) == 8, "length");
static_assert(offsetof(struct db_write_packet, destination_space) == 13, "destination_space");
static_assert(offsetof(struct db_write_packet, destination) == 16, "destination");
static_assert(offsetof(struct db_write_packet, data) == 24, "data");
static_assert(offsetof(struct db_write_packet, record_address) == 48, "record_address");
static_assert(offsetof(struct db_write_packet, record_value) == 56, "record_value");

/* Runs a grid of work-groups of a kernel. */
struct db_launch_packet {
    uint8_t opcode;
    uint8_t flags;
    uint16_t vector;
    uint32_t tag;
    uint16_t kernel;
    uint8_t reserved_10[2];
    uint32_t unit_mask;
    uint64_t arguments;
    uint32_t arguments_length;
    uint8_t arguments_space;
    uint8_t reserved_29[3];
    uint32_t grid_x;
    uint32_t grid_y;
    uint32_t grid_z;
    uint8_t reserved_44[4];
    uint64_t record_address;
    uint64_t record_value;
};
static_assert(sizeof(struct db_launch_packet) == 64, "size of launch_packet");
static_assert(offsetof(struct db_launch_packet, opcode) == 0, "opcode");
static_assert(offsetof(struct db_launch_packet, flags) == 1, "flags");
static_assert(offsetof(struct db_launch_packet, vector) == 2, "vector");
static_assert(offsetof(struct db_launch_packet, tag) == 4, "tag");
static_assert(offsetof(struct db_launch_packet, kernel) == 8, "kernel");
static_assert(offsetof(struct db_launch_packet, unit_mask) == 12, "unit_mask");
static_assert(offsetof(struct db_launch_packet, arguments) == 16, "arguments");
static_assert(offsetof(struct db_launch_packet, arguments_length) == 24, "arguments_length");
static_assert(offsetof(struct db_launch_packet, arguments_space) == 28, "arguments_space");
static_assert(offsetof(struct db_launch_packet, grid_x) == 32, "grid_x");
static_assert(offsetof(struct db_launch_packet, grid_y) == 36, "grid_y");
static_assert(offsetof(struct db_launch_packet, grid_z) == 40, "grid_z");
static_assert(offsetof(struct db_launch_packet, record_address) == 48, "record_address");
static_assert(offsetof(struct db_launch_packet, record_value) == 56, "record_value");

/* Holds the queue until a semaphore satisfies a condition. */
struct db_wait_packet {
    uint8_t opcode;
    uint8_t flags;
    uint16_t vector;
    uint32_t tag;
    uint32_t semaphore;
    uint8_t condition;
    uint8_t reserved_13[3];
    uint64_t value;
    uint64_t deadline;
    uint8_t reserved_32[16];
    uint64_t record_address;
    uint64_t record_value;
};
static_assert(sizeof(struct db_wait_packet) == 64, "size of wait_packet");
static_assert(offsetof(struct db_wait_packet, opcode) == 0, "opcode");
static_assert(offsetof(struct db_wait_packet, flags) == 1, "flags");
static_assert(offsetof(struct db_wait_packet, vector) == 2, "vector");
static_assert(offsetof(struct db_wait_packet, tag) == 4, "tag");
static_assert(offsetof(struct db_wait_packet, semaphore) == 8, "semaphore");
static_assert(offsetof(struct db_wait_packet, condition) == 12, "condition");
static_assert(offsetof(struct db_wait_packet, value) == 16, "value");
static_assert(offsetof(struct db_wait_packet, deadline) == 24, "deadline");
static_assert(offsetof(struct db_wait_packet, record_address) == 48, "record_address");
static_assert(offsetof(struct db_wait_packet, record_value) == 56, "record_value");

/* Sets or adds to a semaphore, or writes 8 bytes, at retirement. */
struct db_signal_packet {
    uint8_t opcode;
    uint8_t flags;
    uint16_t vector;
    uint32_t tag;
    uint8_t mode;
    uint8_t destination_space;
    uint8_t reserved_10[2];
    uint32_t semaphore;
    uint64_t destination;
    uint64_t value;
    uint8_t reserved_32[16];
    uint64_t record_address;
    uint64_t record_value;
};
static_assert(sizeof(struct db_signal_packet) == 64, "size of signal_packet");
static_assert(offsetof(struct db_signal_packet, opcode) == 0, "opcode");
static_assert(offsetof(struct db_signal_packet, flags) == 1, "flags");
static_assert(offsetof(struct db_signal_packet, vector) == 2, "vector");
static_assert(offsetof(struct db_signal_packet, tag) == 4, "tag");
static_assert(offsetof(struct db_signal_packet, mode) == 8, "mode");
static_assert(offsetof(struct db_signal_packet, destination_space) == 9, "destination_space");
static_assert(offsetof(struct db_signal_packet, semaphore) == 12, "semaphore");
static_assert(offsetof(struct db_signal_packet, destination) == 16, "destination");
static_assert(offsetof(struct db_signal_packet, value) == 24, "value");
static_assert(offsetof(struct db_signal_packet, record_address) == 48, "record_address");
static_assert(offsetof(struct db_signal_packet, record_value) == 56, "record_value");

/* int32 C = int8 A x int8 B. */
struct db_gemm_s8_arguments {
    uint64_t a;
    uint64_t b;
    uint64_t c;
    uint32_t m;
    uint32_t n;
    uint32_t k;
    uint32_t lda;
    uint32_t ldb;
    uint32_t ldc;
    uint8_t reserved_48[16];
};
static_assert(sizeof(struct db_gemm_s8_arguments) == 64, "size of gemm_s8_arguments");
static_assert(offsetof(struct db_gemm_s8_arguments, a) == 0, "a");
static_assert(offsetof(struct db_gemm_s8_arguments, b) == 8, "b");
static_assert(offsetof(struct db_gemm_s8_arguments, c) == 16, "c");
static_assert(offsetof(struct db_gemm_s8_arguments, m) == 24, "m");
static_assert(offsetof(struct db_gemm_s8_arguments, n) == 28, "n");
static_assert(offsetof(struct db_gemm_s8_arguments, k) == 32, "k");
static_assert(offsetof(struct db_gemm_s8_arguments, lda) == 36, "lda");
static_assert(offsetof(struct db_gemm_s8_arguments, ldb) == 40, "ldb");
static_assert(offsetof(struct db_gemm_s8_arguments, ldc) == 44, "ldc");

/* int8 y = clamp(round((x + bias) * multiplier / 2^shift)). */
struct db_requantise_arguments {
    uint64_t x;
    uint64_t bias;
    uint64_t y;
    uint32_t m;
    uint32_t n;
    uint32_t ldx;
    uint32_t ldy;
    uint32_t multiplier;
    uint8_t shift;
    int8_t lo;
    int8_t hi;
    uint8_t reserved_47[17];
};
static_assert(sizeof(struct db_requantise_arguments) == 64, "size of requantise_arguments");
static_assert(offsetof(struct db_requantise_arguments, x) == 0, "x");
static_assert(offsetof(struct db_requantise_arguments, bias) == 8, "bias");
static_assert(offsetof(struct db_requantise_arguments, y) == 16, "y");
static_assert(offsetof(struct db_requantise_arguments, m) == 24, "m");
static_assert(offsetof(struct db_requantise_arguments, n) == 28, "n");
static_assert(offsetof(struct db_requantise_arguments, ldx) == 32, "ldx");
static_assert(offsetof(struct db_requantise_arguments, ldy) == 36, "ldy");
static_assert(offsetof(struct db_requantise_arguments, multiplier) == 40, "multiplier");
static_assert(offsetof(struct db_requantise_arguments, shift) == 44, "shift");
static_assert(offsetof(struct db_requantise_arguments, lo) == 45, "lo");
static_assert(offsetof(struct db_requantise_arguments, hi) == 46, "hi");

/* Block DEVICE. */
#define DB_DEVICE_OFFSET UINT32_C(0x0)
/* ASCII DOORBELL; read again when any register reads all ones. */
#define DB_DEVICE_IDENTITY UINT32_C(0x0)
#define DB_DEVICE_IDENTITY_VALUE_SHIFT 0
#define DB_DEVICE_IDENTITY_VALUE_MASK UINT64_C(0xffffffffffffffff)
/* Contract version. */
#define DB_DEVICE_CONTRACT_VERSION UINT32_C(0x8)
#define DB_DEVICE_CONTRACT_VERSION_MAJOR_SHIFT 0
#define DB_DEVICE_CONTRACT_VERSION_MAJOR_MASK UINT64_C(0x000000000000ffff)
#define DB_DEVICE_CONTRACT_VERSION_MINOR_SHIFT 16
#define DB_DEVICE_CONTRACT_VERSION_MINOR_MASK UINT64_C(0x00000000ffff0000)
#define DB_DEVICE_CONTRACT_VERSION_PATCH_SHIFT 32
#define DB_DEVICE_CONTRACT_VERSION_PATCH_MASK UINT64_C(0x0000ffff00000000)
/* Counts of queues, DMA channels, units, vectors. */
#define DB_DEVICE_CAP_COUNTS UINT32_C(0x10)
#define DB_DEVICE_CAP_COUNTS_QUEUES_SHIFT 0
#define DB_DEVICE_CAP_COUNTS_QUEUES_MASK UINT64_C(0x00000000000000ff)
#define DB_DEVICE_CAP_COUNTS_CHANNELS_SHIFT 8
#define DB_DEVICE_CAP_COUNTS_CHANNELS_MASK UINT64_C(0x000000000000ff00)
#define DB_DEVICE_CAP_COUNTS_UNITS_SHIFT 16
#define DB_DEVICE_CAP_COUNTS_UNITS_MASK UINT64_C(0x0000000000ff0000)
#define DB_DEVICE_CAP_COUNTS_VECTORS_SHIFT 24
#define DB_DEVICE_CAP_COUNTS_VECTORS_MASK UINT64_C(0x000000ffff000000)
/* Semaphores. */
#define DB_DEVICE_CAP_SEMAPHORES UINT32_C(0x18)
#define DB_DEVICE_CAP_SEMAPHORES_COUNT_SHIFT 0
#define DB_DEVICE_CAP_SEMAPHORES_COUNT_MASK UINT64_C(0x00000000ffffffff)
/* Device memory, bytes. */
#define DB_DEVICE_CAP_DEVICE_MEMORY UINT32_C(0x20)
#define DB_DEVICE_CAP_DEVICE_MEMORY_SIZE_SHIFT 0
#define DB_DEVICE_CAP_DEVICE_MEMORY_SIZE_MASK UINT64_C(0xffffffffffffffff)
/* Ring sizes as log2 of packets, and the in-flight window in commands. */
#define DB_DEVICE_CAP_RING UINT32_C(0x28)
#define DB_DEVICE_CAP_RING_LOG2_MIN_SHIFT 0
#define DB_DEVICE_CAP_RING_LOG2_MIN_MASK UINT64_C(0x00000000000000ff)
#define DB_DEVICE_CAP_RING_LOG2_MAX_SHIFT 8
#define DB_DEVICE_CAP_RING_LOG2_MAX_MASK UINT64_C(0x000000000000ff00)
#define DB_DEVICE_CAP_RING_WINDOW_SHIFT 16
#define DB_DEVICE_CAP_RING_WINDOW_MASK UINT64_C(0x0000000000ff0000)
/* Read tags. */
#define DB_DEVICE_CAP_TAGS UINT32_C(0x30)
#define DB_DEVICE_CAP_TAGS_TAGS_SHIFT 0
#define DB_DEVICE_CAP_TAGS_TAGS_MASK UINT64_C(0x000000000000ffff)
/* Clock frequency, Hz. */
#define DB_DEVICE_CAP_CLOCK UINT32_C(0x38)
#define DB_DEVICE_CAP_CLOCK_HZ_SHIFT 0
#define DB_DEVICE_CAP_CLOCK_HZ_MASK UINT64_C(0xffffffffffffffff)
/* Bit N: opcode N is implemented. */
#define DB_DEVICE_CAP_OPCODES UINT32_C(0x40)
#define DB_DEVICE_CAP_OPCODES_OPCODES_SHIFT 0
#define DB_DEVICE_CAP_OPCODES_OPCODES_MASK UINT64_C(0xffffffffffffffff)
/* Bit N: kernel N is implemented. */
#define DB_DEVICE_CAP_KERNELS UINT32_C(0x48)
#define DB_DEVICE_CAP_KERNELS_KERNELS_SHIFT 0
#define DB_DEVICE_CAP_KERNELS_KERNELS_MASK UINT64_C(0xffffffffffffffff)
/* Queue or device reset ends within this many cycles. */
#define DB_DEVICE_BOUND_RESET UINT32_C(0x50)
#define DB_DEVICE_BOUND_RESET_CYCLES_SHIFT 0
#define DB_DEVICE_BOUND_RESET_CYCLES_MASK UINT64_C(0xffffffffffffffff)
/* DRAINING ends within this many cycles. */
#define DB_DEVICE_BOUND_DRAIN UINT32_C(0x58)
#define DB_DEVICE_BOUND_DRAIN_CYCLES_SHIFT 0
#define DB_DEVICE_BOUND_DRAIN_CYCLES_MASK UINT64_C(0xffffffffffffffff)
/* get is written back after this many cycles or packets. */
#define DB_DEVICE_BOUND_WRITEBACK UINT32_C(0x60)
#define DB_DEVICE_BOUND_WRITEBACK_CYCLES_SHIFT 0
#define DB_DEVICE_BOUND_WRITEBACK_CYCLES_MASK UINT64_C(0x00000000ffffffff)
#define DB_DEVICE_BOUND_WRITEBACK_PACKETS_SHIFT 32
#define DB_DEVICE_BOUND_WRITEBACK_PACKETS_MASK UINT64_C(0xffffffff00000000)
/* Ready after FLR within this many cycles. */
#define DB_DEVICE_BOUND_FLR UINT32_C(0x68)
#define DB_DEVICE_BOUND_FLR_CYCLES_SHIFT 0
#define DB_DEVICE_BOUND_FLR_CYCLES_MASK UINT64_C(0xffffffffffffffff)
/* Cycles since reset; not affected by FLR or device reset. */
#define DB_DEVICE_CYCLES UINT32_C(0x70)
#define DB_DEVICE_CYCLES_CYCLES_SHIFT 0
#define DB_DEVICE_CYCLES_CYCLES_MASK UINT64_C(0xffffffffffffffff)
/* No effect; for bring-up. */
#define DB_DEVICE_SCRATCH UINT32_C(0x78)
#define DB_DEVICE_SCRATCH_VALUE_SHIFT 0
#define DB_DEVICE_SCRATCH_VALUE_MASK UINT64_C(0xffffffffffffffff)
/* Writing 1 to reset resets the whole device except configuration space. */
#define DB_DEVICE_CONTROL UINT32_C(0x80)
#define DB_DEVICE_CONTROL_RESET_SHIFT 0
#define DB_DEVICE_CONTROL_RESET_MASK UINT64_C(0x0000000000000001)
/*
 * fatal: all queues stopped. idle: no request, completion or write is in flight and nothing waits.
 * resetting: a device reset is under way.
 */
#define DB_DEVICE_STATUS UINT32_C(0x88)
#define DB_DEVICE_STATUS_FATAL_SHIFT 0
#define DB_DEVICE_STATUS_FATAL_MASK UINT64_C(0x0000000000000001)
#define DB_DEVICE_STATUS_IDLE_SHIFT 1
#define DB_DEVICE_STATUS_IDLE_MASK UINT64_C(0x0000000000000002)
#define DB_DEVICE_STATUS_RESETTING_SHIFT 2
#define DB_DEVICE_STATUS_RESETTING_MASK UINT64_C(0x0000000000000004)
#define DB_DEVICE_STATUS_FATAL_CAUSE_SHIFT 8
#define DB_DEVICE_STATUS_FATAL_CAUSE_MASK UINT64_C(0x000000000000ff00)
/* Bit N: a doorbell of queue N was dropped while DISABLED. Write 1 to clear. */
#define DB_DEVICE_DROPPED_DOORBELLS UINT32_C(0x90)
#define DB_DEVICE_DROPPED_DOORBELLS_QUEUES_SHIFT 0
#define DB_DEVICE_DROPPED_DOORBELLS_QUEUES_MASK UINT64_C(0xffffffffffffffff)
/* Inbound writes dropped for their size, alignment or address, since reset. */
#define DB_DEVICE_DROPPED_WRITES UINT32_C(0x98)
#define DB_DEVICE_DROPPED_WRITES_COUNT_SHIFT 0
#define DB_DEVICE_DROPPED_WRITES_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Cycles until an unanswered read fails. */
#define DB_DEVICE_COMPLETION_TIMEOUT UINT32_C(0xa0)
#define DB_DEVICE_COMPLETION_TIMEOUT_CYCLES_SHIFT 0
#define DB_DEVICE_COMPLETION_TIMEOUT_CYCLES_MASK UINT64_C(0x00000000ffffffff)
/* Cycles a timed-out tag rests when no late completion comes. */
#define DB_DEVICE_QUARANTINE UINT32_C(0xa8)
#define DB_DEVICE_QUARANTINE_CYCLES_SHIFT 0
#define DB_DEVICE_QUARANTINE_CYCLES_MASK UINT64_C(0x00000000ffffffff)
/* Tags free and tags in quarantine. */
#define DB_DEVICE_TAGS UINT32_C(0xb0)
#define DB_DEVICE_TAGS_FREE_SHIFT 0
#define DB_DEVICE_TAGS_FREE_MASK UINT64_C(0x000000000000ffff)
#define DB_DEVICE_TAGS_QUARANTINED_SHIFT 16
#define DB_DEVICE_TAGS_QUARANTINED_MASK UINT64_C(0x00000000ffff0000)
/* Completions that answered no outstanding request, since reset. */
#define DB_DEVICE_UNEXPECTED_COMPLETIONS UINT32_C(0xb8)
#define DB_DEVICE_UNEXPECTED_COMPLETIONS_COUNT_SHIFT 0
#define DB_DEVICE_UNEXPECTED_COMPLETIONS_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Any write copies the running counters to the registers below, all in one cycle. */
#define DB_DEVICE_SNAPSHOT UINT32_C(0xc0)
#define DB_DEVICE_SNAPSHOT_TAKE_SHIFT 0
#define DB_DEVICE_SNAPSHOT_TAKE_MASK UINT64_C(0x0000000000000001)
/* Frozen: cycles since reset. */
#define DB_DEVICE_COUNTER_CYCLES UINT32_C(0x100)
#define DB_DEVICE_COUNTER_CYCLES_COUNT_SHIFT 0
#define DB_DEVICE_COUNTER_CYCLES_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Frozen: payload bytes of memory writes sent. */
#define DB_DEVICE_COUNTER_TX_BYTES UINT32_C(0x108)
#define DB_DEVICE_COUNTER_TX_BYTES_COUNT_SHIFT 0
#define DB_DEVICE_COUNTER_TX_BYTES_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Frozen: payload bytes of completions received. */
#define DB_DEVICE_COUNTER_RX_BYTES UINT32_C(0x110)
#define DB_DEVICE_COUNTER_RX_BYTES_COUNT_SHIFT 0
#define DB_DEVICE_COUNTER_RX_BYTES_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Frozen: TLPs sent. */
#define DB_DEVICE_COUNTER_TX_TLPS UINT32_C(0x118)
#define DB_DEVICE_COUNTER_TX_TLPS_COUNT_SHIFT 0
#define DB_DEVICE_COUNTER_TX_TLPS_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Frozen: TLPs received. */
#define DB_DEVICE_COUNTER_RX_TLPS UINT32_C(0x120)
#define DB_DEVICE_COUNTER_RX_TLPS_COUNT_SHIFT 0
#define DB_DEVICE_COUNTER_RX_TLPS_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Frozen: commands retired. */
#define DB_DEVICE_COUNTER_COMMANDS UINT32_C(0x128)
#define DB_DEVICE_COUNTER_COMMANDS_COUNT_SHIFT 0
#define DB_DEVICE_COUNTER_COMMANDS_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Frozen: MSI-X messages sent. */
#define DB_DEVICE_COUNTER_INTERRUPTS UINT32_C(0x130)
#define DB_DEVICE_COUNTER_INTERRUPTS_COUNT_SHIFT 0
#define DB_DEVICE_COUNTER_INTERRUPTS_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Frozen: doorbells that moved put. */
#define DB_DEVICE_COUNTER_DOORBELLS UINT32_C(0x138)
#define DB_DEVICE_COUNTER_DOORBELLS_COUNT_SHIFT 0
#define DB_DEVICE_COUNTER_DOORBELLS_COUNT_MASK UINT64_C(0xffffffffffffffff)

/* Block VECTOR. */
#define DB_VECTOR_OFFSET(n) (UINT32_C(0x800) + UINT32_C(0x8) * (uint32_t)(n))
/* Send at `count` events (0 and 1: at once), or `timer` cycles after the first unsent event. */
#define DB_VECTOR_MODERATION UINT32_C(0x0)
#define DB_VECTOR_MODERATION_COUNT_SHIFT 0
#define DB_VECTOR_MODERATION_COUNT_MASK UINT64_C(0x000000000000ffff)
#define DB_VECTOR_MODERATION_TIMER_SHIFT 16
#define DB_VECTOR_MODERATION_TIMER_MASK UINT64_C(0x0000ffffffff0000)

/* Block UNIT. */
#define DB_UNIT_OFFSET(n) (UINT32_C(0x4000) + UINT32_C(0x100) * (uint32_t)(n))
/* busy: a work-group is running. */
#define DB_UNIT_STATUS UINT32_C(0x0)
#define DB_UNIT_STATUS_BUSY_SHIFT 0
#define DB_UNIT_STATUS_BUSY_MASK UINT64_C(0x0000000000000001)
/* Cycles with a work-group, since reset. */
#define DB_UNIT_BUSY_CYCLES UINT32_C(0x8)
#define DB_UNIT_BUSY_CYCLES_CYCLES_SHIFT 0
#define DB_UNIT_BUSY_CYCLES_CYCLES_MASK UINT64_C(0xffffffffffffffff)
/* Cycles in which the MAC array took part, since reset. */
#define DB_UNIT_MAC_CYCLES UINT32_C(0x10)
#define DB_UNIT_MAC_CYCLES_CYCLES_SHIFT 0
#define DB_UNIT_MAC_CYCLES_CYCLES_MASK UINT64_C(0xffffffffffffffff)
/* Work-groups finished, since reset; those outside the output matrix may be left out. */
#define DB_UNIT_GROUPS UINT32_C(0x18)
#define DB_UNIT_GROUPS_COUNT_SHIFT 0
#define DB_UNIT_GROUPS_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Multiply-accumulates per cycle. */
#define DB_UNIT_MACS UINT32_C(0x20)
#define DB_UNIT_MACS_PER_CYCLE_SHIFT 0
#define DB_UNIT_MACS_PER_CYCLE_MASK UINT64_C(0x00000000ffffffff)

/* Block QUEUE. */
#define DB_QUEUE_OFFSET(n) (UINT32_C(0x10000) + UINT32_C(0x1000) * (uint32_t)(n))
/*
 * Write 1 to act; several bits in one write: the highest acts. enable: DISABLED to RUNNING. drain:
 * RUNNING to DISABLED when started commands have retired. reset: any state to DISABLED.
 */
#define DB_QUEUE_CONTROL UINT32_C(0x0)
#define DB_QUEUE_CONTROL_ENABLE_SHIFT 0
#define DB_QUEUE_CONTROL_ENABLE_MASK UINT64_C(0x0000000000000001)
#define DB_QUEUE_CONTROL_DRAIN_SHIFT 1
#define DB_QUEUE_CONTROL_DRAIN_MASK UINT64_C(0x0000000000000002)
#define DB_QUEUE_CONTROL_RESET_SHIFT 2
#define DB_QUEUE_CONTROL_RESET_MASK UINT64_C(0x0000000000000004)
/*
 * idle: nothing of this queue is started, fetched or outstanding. resetting: a queue reset is under
 * way.
 */
#define DB_QUEUE_STATUS UINT32_C(0x8)
#define DB_QUEUE_STATUS_STATE_SHIFT 0
#define DB_QUEUE_STATUS_STATE_MASK UINT64_C(0x0000000000000003)
#define DB_QUEUE_STATUS_IDLE_SHIFT 8
#define DB_QUEUE_STATUS_IDLE_MASK UINT64_C(0x0000000000000100)
#define DB_QUEUE_STATUS_RESETTING_SHIFT 9
#define DB_QUEUE_STATUS_RESETTING_MASK UINT64_C(0x0000000000000200)
/* HOST address of slot 0, 4 KiB-aligned; low bits read as zero. Written only in DISABLED. */
#define DB_QUEUE_RING_BASE UINT32_C(0x10)
#define DB_QUEUE_RING_BASE_ADDRESS_SHIFT 12
#define DB_QUEUE_RING_BASE_ADDRESS_MASK UINT64_C(0xfffffffffffff000)
/*
 * log2 of the ring's packets; out of range is stored as the nearest limit. Written only in
 * DISABLED.
 */
#define DB_QUEUE_RING_LOG2 UINT32_C(0x18)
#define DB_QUEUE_RING_LOG2_LOG2_SHIFT 0
#define DB_QUEUE_RING_LOG2_LOG2_MASK UINT64_C(0x00000000000000ff)
/* put and get take this value when the queue is enabled. Written only in DISABLED. */
#define DB_QUEUE_START UINT32_C(0x20)
#define DB_QUEUE_START_COUNT_SHIFT 0
#define DB_QUEUE_START_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Packets published so far. */
#define DB_QUEUE_PUT UINT32_C(0x28)
#define DB_QUEUE_PUT_COUNT_SHIFT 0
#define DB_QUEUE_PUT_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Packets whose slot is not read again. */
#define DB_QUEUE_GET UINT32_C(0x30)
#define DB_QUEUE_GET_COUNT_SHIFT 0
#define DB_QUEUE_GET_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Where get is written back: HOST address, 8-aligned. Written only in DISABLED. */
#define DB_QUEUE_WRITEBACK UINT32_C(0x38)
#define DB_QUEUE_WRITEBACK_ENABLE_SHIFT 0
#define DB_QUEUE_WRITEBACK_ENABLE_MASK UINT64_C(0x0000000000000001)
#define DB_QUEUE_WRITEBACK_ADDRESS_SHIFT 3
#define DB_QUEUE_WRITEBACK_ADDRESS_MASK UINT64_C(0xfffffffffffffff8)
/* Where the error record goes: HOST address, 64-aligned. Written only in DISABLED. */
#define DB_QUEUE_ERROR_RECORD UINT32_C(0x40)
#define DB_QUEUE_ERROR_RECORD_ENABLE_SHIFT 0
#define DB_QUEUE_ERROR_RECORD_ENABLE_MASK UINT64_C(0x0000000000000001)
#define DB_QUEUE_ERROR_RECORD_ADDRESS_SHIFT 6
#define DB_QUEUE_ERROR_RECORD_ADDRESS_MASK UINT64_C(0xffffffffffffffc0)
/*
 * Vector raised after the error record. A vector at or above the vector count disables it. Written
 * only in DISABLED.
 */
#define DB_QUEUE_ERROR_VECTOR UINT32_C(0x48)
#define DB_QUEUE_ERROR_VECTOR_VECTOR_SHIFT 0
#define DB_QUEUE_ERROR_VECTOR_VECTOR_MASK UINT64_C(0x000000000000ffff)
#define DB_QUEUE_ERROR_VECTOR_ENABLE_SHIFT 31
#define DB_QUEUE_ERROR_VECTOR_ENABLE_MASK UINT64_C(0x0000000080000000)
/* Deadline of a WAIT whose own is 0, cycles; 0: none. */
#define DB_QUEUE_WAIT_LIMIT UINT32_C(0x50)
#define DB_QUEUE_WAIT_LIMIT_CYCLES_SHIFT 0
#define DB_QUEUE_WAIT_LIMIT_CYCLES_MASK UINT64_C(0xffffffffffffffff)
/* Cycles a command other than WAIT may take from start to retirement; 0: no limit. */
#define DB_QUEUE_WATCHDOG_LIMIT UINT32_C(0x58)
#define DB_QUEUE_WATCHDOG_LIMIT_CYCLES_SHIFT 0
#define DB_QUEUE_WATCHDOG_LIMIT_CYCLES_MASK UINT64_C(0xffffffffffffffff)
/* Packets this queue may start in its turn of the round-robin; 0 acts as 1. */
#define DB_QUEUE_WEIGHT UINT32_C(0x60)
#define DB_QUEUE_WEIGHT_WEIGHT_SHIFT 0
#define DB_QUEUE_WEIGHT_WEIGHT_MASK UINT64_C(0x00000000000000ff)
/* Commands retired since the queue was enabled. */
#define DB_QUEUE_RETIRED UINT32_C(0x68)
#define DB_QUEUE_RETIRED_COUNT_SHIFT 0
#define DB_QUEUE_RETIRED_COUNT_MASK UINT64_C(0xffffffffffffffff)
/* Mirror of the error record, qword by qword. Zero unless HALTED. */
#define DB_QUEUE_ERROR(n) (UINT32_C(0x80) + UINT32_C(0x8) * (uint32_t)(n))
#define DB_QUEUE_ERROR_QWORD_SHIFT 0
#define DB_QUEUE_ERROR_QWORD_MASK UINT64_C(0xffffffffffffffff)

/* Block DOORBELL. */
#define DB_DOORBELL_OFFSET(n) (UINT32_C(0x80000) + UINT32_C(0x1000) * (uint32_t)(n))
/*
 * New put. An 8-byte write acts; a 4-byte write of the low half stages, of the high half commits
 * with the staged low. Reads return put.
 */
#define DB_DOORBELL_DOORBELL UINT32_C(0x0)
#define DB_DOORBELL_DOORBELL_PUT_SHIFT 0
#define DB_DOORBELL_DOORBELL_PUT_MASK UINT64_C(0xffffffffffffffff)

/* MSI-X table: 16 bytes an entry. */
#define DB_MSIX_TABLE_OFFSET UINT32_C(0x1000)

/* MSI-X pending bits. */
#define DB_MSIX_PBA_OFFSET UINT32_C(0x2000)

/* Semaphores: read returns the value, write sets it; 8 bytes only; 64-bit AtomicOps work here. */
#define DB_SEMAPHORE_SET_OFFSET UINT32_C(0xc0000)

/* Semaphores: write adds; read returns the value. */
#define DB_SEMAPHORE_ADD_OFFSET UINT32_C(0xd0000)

/* Semaphores: write 1 poisons, 0 clears; read returns the poison bit. */
#define DB_SEMAPHORE_POISON_OFFSET UINT32_C(0xe0000)

#endif
