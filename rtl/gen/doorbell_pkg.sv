// Generated from contract/ by `make contract`; do not edit.
//
// What the RTL knows of the contract: enumerations, layouts, limits and registers.
// Layouts are packed with byte 0 in bits 7:0, as a little-endian host stores them. Members are
// plain bits, not enumerations, because memory may hold any value. Register offsets count from
// their block, block offsets from BAR0, both in bytes.

// Each module uses its own part of the contract.
/* verilator lint_off UNUSEDPARAM */
// Members have the contract's names; in a packed structure they never become C++ symbols.
/* verilator lint_off SYMRSVDWORD */
// Constants of the contract have one spelling in every language.
// verilog_lint: waive-start parameter-name-style
package doorbell_pkg;

  // First byte of a packet. CAP_OPCODES has bit N set when opcode N is implemented.
  typedef enum logic [7:0] {
    // Never legal, so that zeroed memory is not a command.
    OPCODE_INVALID   = 8'd0,
    // Does nothing; carries a record or an interrupt.
    OPCODE_NOP       = 8'd1,
    // Moves bytes from any space to any space.
    OPCODE_COPY      = 8'd2,
    // Moves rows with pitches.
    OPCODE_COPY_2D   = 8'd3,
    // Moves between a list of pieces and a linear range.
    OPCODE_COPY_LIST = 8'd4,
    // Repeats an 8-byte pattern; phase counts from the first byte.
    OPCODE_FILL      = 8'd5,
    // Writes 0 to 24 bytes carried in the packet.
    OPCODE_WRITE     = 8'd6,
    // PCIe AtomicOp; the old value goes to an address.
    OPCODE_ATOMIC    = 8'd7,
    // Runs a grid of work-groups of a kernel.
    OPCODE_LAUNCH    = 8'd8,
    // Holds the queue until a semaphore satisfies a condition.
    OPCODE_WAIT      = 8'd9,
    // Sets or adds to a semaphore, or writes 8 bytes, at retirement.
    OPCODE_SIGNAL    = 8'd10,
    // Runs packets of another buffer.
    OPCODE_CALL      = 8'd11
  } opcode_e;

  // CAP_OPCODES of the reference device.
  localparam logic [63:0] OPCODE_IMPLEMENTED = 64'h0000000000000766;

  // Bits of the packet's flags byte; other bits are reserved.

  // Starts when every earlier command of the queue has retired.
  localparam logic [7:0] FLAG_BARRIER = 8'h01;

  // Writes a 16-byte record at retirement.
  localparam logic [7:0] FLAG_RECORD = 8'h02;

  // Raises the packet's vector after the record.
  localparam logic [7:0] FLAG_INTERRUPT = 8'h04;

  // Which address space an operand lives in.
  typedef enum logic [7:0] {
    // 64-bit bus address: host memory through the IOMMU, or a peer's BAR.
    SPACE_HOST   = 8'd0,
    // Device memory, from 0.
    SPACE_DEVICE = 8'd1
  } space_e;

  // State of a queue (QUEUE.STATUS.state).
  typedef enum logic [1:0] {
    // Configuration is writable; doorbells are dropped and reported.
    QUEUE_STATE_DISABLED = 2'd0,
    // Fetches and executes.
    QUEUE_STATE_RUNNING  = 2'd1,
    // Starts nothing more; becomes DISABLED when the started commands have retired.
    QUEUE_STATE_DRAINING = 2'd2,
    // Stopped by an error; only reset leaves it.
    QUEUE_STATE_HALTED   = 2'd3
  } queue_state_e;

  // What SIGNAL does.
  typedef enum logic [7:0] {
    // Semaphore takes the value.
    SIGNAL_MODE_SEMAPHORE_SET = 8'd0,
    // Value is added to the semaphore, modulo 2^64.
    SIGNAL_MODE_SEMAPHORE_ADD = 8'd1,
    // One aligned 8-byte write to an address.
    SIGNAL_MODE_WRITE8        = 8'd2
  } signal_mode_e;

  // When WAIT is satisfied.
  typedef enum logic [7:0] {
    // signed(semaphore - value) >= 0 (circular).
    WAIT_CONDITION_GE = 8'd0,
    // semaphore == value.
    WAIT_CONDITION_EQ = 8'd1
  } wait_condition_e;

  // Kernel numbers; CAP_KERNELS has bit N set when kernel N is implemented.
  typedef enum logic [15:0] {
    // Never legal.
    KERNEL_INVALID     = 16'd0,
    // int32 C = int8 A x int8 B.
    KERNEL_GEMM_S8     = 16'd1,
    // int8 y = clamp(round((x + bias) * multiplier / 2^shift)).
    KERNEL_REQUANTISE  = 16'd2,
    // Saturating int8 add, subtract, max, min.
    KERNEL_ELEMENTWISE = 16'd3,
    // int8 through a 256-byte table.
    KERNEL_LOOKUP      = 16'd4,
    // int32 sums or maxima of rows.
    KERNEL_REDUCE      = 16'd5
  } kernel_e;

  // CAP_KERNELS of the reference device.
  localparam logic [63:0] KERNEL_IMPLEMENTED = 64'h0000000000000006;

  // Error codes in checking order, so the smallest code of several faults is the one reported.
  typedef enum logic [15:0] {
    // No error.
    ERROR_NONE               = 16'h00,
    // New put is behind put.
    ERROR_DOORBELL_BACKWARDS = 16'h10,
    // New put is more than the ring size ahead of get.
    ERROR_DOORBELL_OVERFLOW  = 16'h11,
    // Ring read was answered Unsupported Request.
    ERROR_FETCH_UR           = 16'h20,
    // Ring read was answered Completer Abort.
    ERROR_FETCH_CA           = 16'h21,
    // Ring read was not answered in time.
    ERROR_FETCH_TIMEOUT      = 16'h22,
    // Ring read returned poisoned data.
    ERROR_FETCH_POISONED     = 16'h23,
    // Ring read got a completion that does not fit the request.
    ERROR_FETCH_MALFORMED    = 16'h24,
    // Opcode is INVALID, unknown or not in CAP_OPCODES.
    ERROR_BAD_OPCODE         = 16'h30,
    // A reserved flag bit is set.
    ERROR_BAD_FLAGS          = 16'h31,
    // A field that the opcode and flags do not use is not zero.
    ERROR_RESERVED_FIELD     = 16'h32,
    // Vector is not below the vector count.
    ERROR_BAD_VECTOR         = 16'h33,
    // Record address is not a multiple of 16.
    ERROR_RECORD_ALIGNMENT   = 16'h34,
    // A space is neither HOST nor DEVICE.
    ERROR_BAD_SPACE          = 16'h35,
    // Signal mode or wait condition is unknown.
    ERROR_BAD_MODE           = 16'h36,
    // A length is outside what the opcode or kernel allows.
    ERROR_BAD_LENGTH         = 16'h37,
    // An address is not aligned as the opcode asks.
    ERROR_BAD_ALIGNMENT      = 16'h38,
    // A DEVICE range ends past device memory, or a HOST range wraps past 2^64.
    ERROR_OUT_OF_RANGE       = 16'h39,
    // Semaphore is not below the semaphore count.
    ERROR_BAD_SEMAPHORE      = 16'h3a,
    // Kernel is unknown or not in CAP_KERNELS.
    ERROR_BAD_KERNEL         = 16'h3b,
    // A grid dimension is 0 or above the limit.
    ERROR_BAD_GRID           = 16'h3c,
    // Unit mask is empty or names an absent unit.
    ERROR_BAD_UNITS          = 16'h3d,
    // A reserved field of the kernel's arguments is not zero.
    ERROR_ARGUMENT_RESERVED  = 16'h40,
    // A dimension, pitch, shift or clamp is outside its limits.
    ERROR_ARGUMENT_SHAPE     = 16'h41,
    // An operand's address or pitch is not aligned as the kernel asks.
    ERROR_ARGUMENT_ALIGNMENT = 16'h42,
    // An operand ends past device memory.
    ERROR_ARGUMENT_RANGE     = 16'h43,
    // A read was answered Unsupported Request.
    ERROR_DMA_UR             = 16'h50,
    // A read was answered Completer Abort.
    ERROR_DMA_CA             = 16'h51,
    // A read was not answered in time.
    ERROR_DMA_TIMEOUT        = 16'h52,
    // A read returned poisoned data.
    ERROR_DMA_POISONED       = 16'h53,
    // A completion did not fit its request.
    ERROR_DMA_MALFORMED      = 16'h54,
    // WAIT was not satisfied within its deadline.
    ERROR_WAIT_TIMEOUT       = 16'h60,
    // The semaphore was poisoned while WAIT was unsatisfied.
    ERROR_WAIT_POISONED      = 16'h61,
    // A command other than WAIT ran longer than WATCHDOG_LIMIT.
    ERROR_WATCHDOG           = 16'h62,
    // Stopped by a queue or device reset.
    ERROR_ABORTED            = 16'h63
  } error_e;

  // Why the whole device stopped (DEVICE.STATUS.fatal_cause). A closed list.
  typedef enum logic [7:0] {
    // Not fatal.
    FATAL_CAUSE_NONE              = 8'd0,
    // A malformed TLP was received.
    FATAL_CAUSE_MALFORMED_TLP     = 8'd1,
    // The host sent beyond its credits.
    FATAL_CAUSE_RECEIVER_OVERFLOW = 8'd2,
    // Every tag is quarantined.
    FATAL_CAUSE_TAGS_EXHAUSTED    = 8'd3,
    // An internal check failed.
    FATAL_CAUSE_INTERNAL          = 8'd4
  } fatal_cause_e;

  // PCIe completion status (PCIe Base 2.2.9).
  typedef enum logic [2:0] {
    // Successful completion.
    COMPLETION_STATUS_SC  = 3'd0,
    // Unsupported request.
    COMPLETION_STATUS_UR  = 3'd1,
    // Configuration request retry.
    COMPLETION_STATUS_CRS = 3'd2,
    // Completer abort.
    COMPLETION_STATUS_CA  = 3'd4
  } completion_status_e;

  // fmt[2:0] and type[4:0] of a TLP's first DW (PCIe Base 2.2.1).
  typedef enum logic [7:0] {
    // Memory read, 32-bit address.
    TLP_KIND_MRD32      = 8'h00,
    // Memory read, 64-bit address.
    TLP_KIND_MRD64      = 8'h20,
    // Memory write, 32-bit address.
    TLP_KIND_MWR32      = 8'h40,
    // Memory write, 64-bit address.
    TLP_KIND_MWR64      = 8'h60,
    // Type 0 configuration read.
    TLP_KIND_CFGRD0     = 8'h04,
    // Type 0 configuration write.
    TLP_KIND_CFGWR0     = 8'h44,
    // Completion without data.
    TLP_KIND_CPL        = 8'h0a,
    // Completion with data.
    TLP_KIND_CPLD       = 8'h4a,
    // FetchAdd, 32-bit address.
    TLP_KIND_FETCHADD32 = 8'h4c,
    // FetchAdd, 64-bit address.
    TLP_KIND_FETCHADD64 = 8'h6c,
    // Swap, 32-bit address.
    TLP_KIND_SWAP32     = 8'h4d,
    // Swap, 64-bit address.
    TLP_KIND_SWAP64     = 8'h6d,
    // Compare and swap, 32-bit address.
    TLP_KIND_CAS32      = 8'h4e,
    // Compare and swap, 64-bit address.
    TLP_KIND_CAS64      = 8'h6e
  } tlp_kind_e;

  // One command in a ring slot. The operands depend on the opcode; the frame does not.
  typedef struct packed {
    logic [63:0] record_value;  // byte 56
    logic [63:0] record_address;  // byte 48
    logic [319:0] operands;  // byte 8
    logic [31:0] tag;  // byte 4
    logic [15:0] vector;  // byte 2
    logic [7:0] flags;  // byte 1
    logic [7:0] opcode;  // byte 0
  } packet_t;

  // What a command with RECORD leaves in host memory, in one TLP. Only success writes it.
  typedef struct packed {
    logic [63:0] value;  // byte 8
    logic [63:0] timestamp;  // byte 0
  } record_t;

  // What a queue leaves in host memory (and in its ERROR registers) when it halts.
  typedef struct packed {
    logic [63:0] generation;  // byte 56
    logic [127:0] reserved_40;  // byte 40
    logic [63:0] timestamp;  // byte 32
    logic [63:0] address;  // byte 24
    logic [31:0] detail;  // byte 20
    logic [31:0] inner_index;  // byte 16
    logic [63:0] index;  // byte 8
    logic [31:0] tag;  // byte 4
    logic [7:0] queue;  // byte 3
    logic [7:0] opcode;  // byte 2
    logic [15:0] code;  // byte 0
  } error_record_t;

  // One entry of the MSI-X table (PCIe Base 7.7.2).
  typedef struct packed {
    logic [31:0] control;  // byte 12
    logic [31:0] data;  // byte 8
    logic [63:0] address;  // byte 0
  } msix_entry_t;

  // Does nothing; carries a record or an interrupt.
  typedef struct packed {
    logic [63:0] record_value;  // byte 56
    logic [63:0] record_address;  // byte 48
    logic [319:0] reserved_8;  // byte 8
    logic [31:0] tag;  // byte 4
    logic [15:0] vector;  // byte 2
    logic [7:0] flags;  // byte 1
    logic [7:0] opcode;  // byte 0
  } nop_packet_t;

  // Moves bytes from any space to any space.
  typedef struct packed {
    logic [63:0] record_value;  // byte 56
    logic [63:0] record_address;  // byte 48
    logic [143:0] reserved_30;  // byte 30
    logic [7:0] destination_space;  // byte 29
    logic [7:0] source_space;  // byte 28
    logic [31:0] length;  // byte 24
    logic [63:0] destination;  // byte 16
    logic [63:0] source;  // byte 8
    logic [31:0] tag;  // byte 4
    logic [15:0] vector;  // byte 2
    logic [7:0] flags;  // byte 1
    logic [7:0] opcode;  // byte 0
  } copy_packet_t;

  // Repeats an 8-byte pattern; phase counts from the first byte.
  typedef struct packed {
    logic [63:0] record_value;  // byte 56
    logic [63:0] record_address;  // byte 48
    logic [143:0] reserved_30;  // byte 30
    logic [7:0] destination_space;  // byte 29
    logic [7:0] reserved_28;  // byte 28
    logic [31:0] length;  // byte 24
    logic [63:0] destination;  // byte 16
    logic [63:0] pattern;  // byte 8
    logic [31:0] tag;  // byte 4
    logic [15:0] vector;  // byte 2
    logic [7:0] flags;  // byte 1
    logic [7:0] opcode;  // byte 0
  } fill_packet_t;

  // Writes 0 to 24 bytes carried in the packet.
  typedef struct packed {
    logic [63:0] record_value;  // byte 56
    logic [63:0] record_address;  // byte 48
    logic [191:0] data;  // byte 24
    logic [63:0] destination;  // byte 16
    logic [15:0] reserved_14;  // byte 14
    logic [7:0] destination_space;  // byte 13
    logic [7:0] reserved_12;  // byte 12
    logic [31:0] length;  // byte 8
    logic [31:0] tag;  // byte 4
    logic [15:0] vector;  // byte 2
    logic [7:0] flags;  // byte 1
    logic [7:0] opcode;  // byte 0
  } write_packet_t;

  // Runs a grid of work-groups of a kernel.
  typedef struct packed {
    logic [63:0] record_value;  // byte 56
    logic [63:0] record_address;  // byte 48
    logic [31:0] reserved_44;  // byte 44
    logic [31:0] grid_z;  // byte 40
    logic [31:0] grid_y;  // byte 36
    logic [31:0] grid_x;  // byte 32
    logic [23:0] reserved_29;  // byte 29
    logic [7:0] arguments_space;  // byte 28
    logic [31:0] arguments_length;  // byte 24
    logic [63:0] arguments;  // byte 16
    logic [31:0] unit_mask;  // byte 12
    logic [15:0] reserved_10;  // byte 10
    logic [15:0] kernel;  // byte 8
    logic [31:0] tag;  // byte 4
    logic [15:0] vector;  // byte 2
    logic [7:0] flags;  // byte 1
    logic [7:0] opcode;  // byte 0
  } launch_packet_t;

  // Holds the queue until a semaphore satisfies a condition.
  typedef struct packed {
    logic [63:0] record_value;  // byte 56
    logic [63:0] record_address;  // byte 48
    logic [127:0] reserved_32;  // byte 32
    logic [63:0] deadline;  // byte 24
    logic [63:0] value;  // byte 16
    logic [23:0] reserved_13;  // byte 13
    logic [7:0] condition;  // byte 12
    logic [31:0] semaphore;  // byte 8
    logic [31:0] tag;  // byte 4
    logic [15:0] vector;  // byte 2
    logic [7:0] flags;  // byte 1
    logic [7:0] opcode;  // byte 0
  } wait_packet_t;

  // Sets or adds to a semaphore, or writes 8 bytes, at retirement.
  typedef struct packed {
    logic [63:0] record_value;  // byte 56
    logic [63:0] record_address;  // byte 48
    logic [127:0] reserved_32;  // byte 32
    logic [63:0] value;  // byte 24
    logic [63:0] destination;  // byte 16
    logic [31:0] semaphore;  // byte 12
    logic [15:0] reserved_10;  // byte 10
    logic [7:0] destination_space;  // byte 9
    logic [7:0] mode;  // byte 8
    logic [31:0] tag;  // byte 4
    logic [15:0] vector;  // byte 2
    logic [7:0] flags;  // byte 1
    logic [7:0] opcode;  // byte 0
  } signal_packet_t;

  // int32 C = int8 A x int8 B.
  typedef struct packed {
    logic [127:0] reserved_48;  // byte 48
    logic [31:0] ldc;  // byte 44
    logic [31:0] ldb;  // byte 40
    logic [31:0] lda;  // byte 36
    logic [31:0] k;  // byte 32
    logic [31:0] n;  // byte 28
    logic [31:0] m;  // byte 24
    logic [63:0] c;  // byte 16
    logic [63:0] b;  // byte 8
    logic [63:0] a;  // byte 0
  } gemm_s8_arguments_t;

  // int8 y = clamp(round((x + bias) * multiplier / 2^shift)).
  typedef struct packed {
    logic [135:0] reserved_47;  // byte 47
    logic signed [7:0] hi;  // byte 46
    logic signed [7:0] lo;  // byte 45
    logic [7:0] shift;  // byte 44
    logic [31:0] multiplier;  // byte 40
    logic [31:0] ldy;  // byte 36
    logic [31:0] ldx;  // byte 32
    logic [31:0] n;  // byte 28
    logic [31:0] m;  // byte 24
    logic [63:0] y;  // byte 16
    logic [63:0] bias;  // byte 8
    logic [63:0] x;  // byte 0
  } requantise_arguments_t;

  // Bit N: byte N is zero whatever the flags are.
  localparam logic [63:0] NOP_RESERVED_BYTES = 64'h0000ffffffffff00;
  localparam logic [63:0] COPY_RESERVED_BYTES = 64'h0000ffffc0000000;
  localparam logic [63:0] FILL_RESERVED_BYTES = 64'h0000ffffd0000000;
  localparam logic [63:0] WRITE_RESERVED_BYTES = 64'h000000000000d000;
  localparam logic [63:0] LAUNCH_RESERVED_BYTES = 64'h0000f000e0000c00;
  localparam logic [63:0] WAIT_RESERVED_BYTES = 64'h0000ffff0000e000;
  localparam logic [63:0] SIGNAL_RESERVED_BYTES = 64'h0000ffff00000c00;
  localparam logic [63:0] GEMM_S8_ARGUMENTS_RESERVED_BYTES = 64'hffff000000000000;
  localparam logic [63:0] REQUANTISE_ARGUMENTS_RESERVED_BYTES = 64'hffff800000000000;

  // Fixed by the contract.
  // Contract version (semver).
  localparam int unsigned CONTRACT_MAJOR = 0;
  localparam int unsigned CONTRACT_MINOR = 1;
  localparam int unsigned CONTRACT_PATCH = 0;
  localparam int unsigned PACKET_BYTES = 64;
  localparam int unsigned RECORD_BYTES = 16;
  localparam int unsigned ERROR_RECORD_BYTES = 64;
  // Kernel arguments, also their alignment.
  localparam int unsigned ARGUMENT_BYTES = 64;
  // Inline bytes of WRITE.
  localparam int unsigned WRITE_MAX_BYTES = 24;
  localparam int unsigned RING_LOG2_MIN = 1;
  localparam int unsigned RING_LOG2_MAX = 16;
  localparam int unsigned RING_ALIGN_BYTES = 4096;
  // Commands of one queue that may be started and not retired.
  localparam int unsigned WINDOW_MIN = 8;
  // Rows of C of one work-group.
  localparam int unsigned GEMM_TILE_ROWS = 16;
  // Columns of C of one work-group.
  localparam int unsigned GEMM_TILE_COLUMNS = 64;
  // Largest m, n, k, in elements.
  localparam int unsigned DIMENSION_MAX = 65536;
  // Largest grid dimension.
  localparam int unsigned GRID_MAX = 65536;
  localparam int unsigned SHIFT_MIN = 1;
  localparam int unsigned SHIFT_MAX = 62;
  // ASCII DOORBELL, little-endian.
  localparam longint unsigned IDENTITY = 64'h4c4c4542524f4f44;
  // Configuration space; not an assigned PCI-SIG number.
  localparam int unsigned VENDOR_ID = 7607;
  localparam int unsigned DEVICE_ID = 53259;
  // Processing accelerator.
  localparam int unsigned CLASS_CODE = 1179648;
  // Registers.
  localparam int unsigned BAR0_BYTES = 1048576;

  // What this device implements and reports.
  localparam int unsigned QUEUES = 8;
  // Copies that the DMA engine moves at once.
  localparam int unsigned CHANNELS = 8;
  localparam int unsigned UNITS = 2;
  localparam int unsigned VECTORS = 32;
  localparam int unsigned SEMAPHORES = 1024;
  // 64 MiB; BAR2 has the same size.
  localparam int unsigned DEVICE_MEMORY_BYTES = 67108864;
  localparam int unsigned WINDOW = 16;
  localparam int unsigned TAGS = 256;
  localparam int unsigned CLOCK_HZ = 250000000;
  // Largest payload the device supports.
  localparam int unsigned MPS_BYTES_MAX = 256;
  // Largest read request the device issues.
  localparam int unsigned MRRS_BYTES_MAX = 512;
  // Per unit.
  localparam int unsigned MACS_PER_CYCLE = 256;
  // Queue or device reset ends within this, outstanding reads included.
  localparam int unsigned BOUND_RESET_CYCLES = 65536;
  // DRAINING ends within this after the last started command could finish.
  localparam int unsigned BOUND_DRAIN_CYCLES = 65536;
  // get is written back at the latest this long after it moved.
  localparam int unsigned BOUND_WRITEBACK_CYCLES = 256;
  // get is written back at the latest after moving this far.
  localparam int unsigned BOUND_WRITEBACK_PACKETS = 8;
  // Ready again this long after FLR.
  localparam int unsigned BOUND_FLR_CYCLES = 16384;
  // Default; 50 us at 250 MHz.
  localparam int unsigned COMPLETION_TIMEOUT_CYCLES = 12500;
  // Default time a timed-out tag rests.
  localparam int unsigned QUARANTINE_CYCLES = 50000;

  // Block DEVICE.
  localparam int unsigned DEVICE_OFFSET = 32'h0;
  localparam int unsigned DEVICE_BYTES = 32'h140;

  // ASCII DOORBELL; read again when any register reads all ones.
  localparam int unsigned DEVICE_IDENTITY = 32'h0;
  localparam logic [63:0] DEVICE_IDENTITY_RESET = 64'h4c4c4542524f4f44;
  localparam int unsigned DEVICE_IDENTITY_VALUE_LSB = 0;
  localparam int unsigned DEVICE_IDENTITY_VALUE_WIDTH = 64;

  // Contract version.
  localparam int unsigned DEVICE_CONTRACT_VERSION = 32'h8;
  localparam int unsigned DEVICE_CONTRACT_VERSION_MAJOR_LSB = 0;
  localparam int unsigned DEVICE_CONTRACT_VERSION_MAJOR_WIDTH = 16;
  localparam int unsigned DEVICE_CONTRACT_VERSION_MINOR_LSB = 16;
  localparam int unsigned DEVICE_CONTRACT_VERSION_MINOR_WIDTH = 16;
  localparam int unsigned DEVICE_CONTRACT_VERSION_PATCH_LSB = 32;
  localparam int unsigned DEVICE_CONTRACT_VERSION_PATCH_WIDTH = 16;

  // Counts of queues, DMA channels, units, vectors.
  localparam int unsigned DEVICE_CAP_COUNTS = 32'h10;
  localparam int unsigned DEVICE_CAP_COUNTS_QUEUES_LSB = 0;
  localparam int unsigned DEVICE_CAP_COUNTS_QUEUES_WIDTH = 8;
  localparam int unsigned DEVICE_CAP_COUNTS_CHANNELS_LSB = 8;
  localparam int unsigned DEVICE_CAP_COUNTS_CHANNELS_WIDTH = 8;
  localparam int unsigned DEVICE_CAP_COUNTS_UNITS_LSB = 16;
  localparam int unsigned DEVICE_CAP_COUNTS_UNITS_WIDTH = 8;
  localparam int unsigned DEVICE_CAP_COUNTS_VECTORS_LSB = 24;
  localparam int unsigned DEVICE_CAP_COUNTS_VECTORS_WIDTH = 16;

  // Semaphores.
  localparam int unsigned DEVICE_CAP_SEMAPHORES = 32'h18;
  localparam int unsigned DEVICE_CAP_SEMAPHORES_COUNT_LSB = 0;
  localparam int unsigned DEVICE_CAP_SEMAPHORES_COUNT_WIDTH = 32;

  // Device memory, bytes.
  localparam int unsigned DEVICE_CAP_DEVICE_MEMORY = 32'h20;
  localparam int unsigned DEVICE_CAP_DEVICE_MEMORY_SIZE_LSB = 0;
  localparam int unsigned DEVICE_CAP_DEVICE_MEMORY_SIZE_WIDTH = 64;

  // Ring sizes as log2 of packets, and the in-flight window in commands.
  localparam int unsigned DEVICE_CAP_RING = 32'h28;
  localparam int unsigned DEVICE_CAP_RING_LOG2_MIN_LSB = 0;
  localparam int unsigned DEVICE_CAP_RING_LOG2_MIN_WIDTH = 8;
  localparam int unsigned DEVICE_CAP_RING_LOG2_MAX_LSB = 8;
  localparam int unsigned DEVICE_CAP_RING_LOG2_MAX_WIDTH = 8;
  localparam int unsigned DEVICE_CAP_RING_WINDOW_LSB = 16;
  localparam int unsigned DEVICE_CAP_RING_WINDOW_WIDTH = 8;

  // Read tags.
  localparam int unsigned DEVICE_CAP_TAGS = 32'h30;
  localparam int unsigned DEVICE_CAP_TAGS_TAGS_LSB = 0;
  localparam int unsigned DEVICE_CAP_TAGS_TAGS_WIDTH = 16;

  // Clock frequency, Hz.
  localparam int unsigned DEVICE_CAP_CLOCK = 32'h38;
  localparam int unsigned DEVICE_CAP_CLOCK_HZ_LSB = 0;
  localparam int unsigned DEVICE_CAP_CLOCK_HZ_WIDTH = 64;

  // Bit N: opcode N is implemented.
  localparam int unsigned DEVICE_CAP_OPCODES = 32'h40;
  localparam int unsigned DEVICE_CAP_OPCODES_OPCODES_LSB = 0;
  localparam int unsigned DEVICE_CAP_OPCODES_OPCODES_WIDTH = 64;

  // Bit N: kernel N is implemented.
  localparam int unsigned DEVICE_CAP_KERNELS = 32'h48;
  localparam int unsigned DEVICE_CAP_KERNELS_KERNELS_LSB = 0;
  localparam int unsigned DEVICE_CAP_KERNELS_KERNELS_WIDTH = 64;

  // Queue or device reset ends within this many cycles.
  localparam int unsigned DEVICE_BOUND_RESET = 32'h50;
  localparam int unsigned DEVICE_BOUND_RESET_CYCLES_LSB = 0;
  localparam int unsigned DEVICE_BOUND_RESET_CYCLES_WIDTH = 64;

  // DRAINING ends within this many cycles.
  localparam int unsigned DEVICE_BOUND_DRAIN = 32'h58;
  localparam int unsigned DEVICE_BOUND_DRAIN_CYCLES_LSB = 0;
  localparam int unsigned DEVICE_BOUND_DRAIN_CYCLES_WIDTH = 64;

  // get is written back after this many cycles or packets.
  localparam int unsigned DEVICE_BOUND_WRITEBACK = 32'h60;
  localparam int unsigned DEVICE_BOUND_WRITEBACK_CYCLES_LSB = 0;
  localparam int unsigned DEVICE_BOUND_WRITEBACK_CYCLES_WIDTH = 32;
  localparam int unsigned DEVICE_BOUND_WRITEBACK_PACKETS_LSB = 32;
  localparam int unsigned DEVICE_BOUND_WRITEBACK_PACKETS_WIDTH = 32;

  // Ready after FLR within this many cycles.
  localparam int unsigned DEVICE_BOUND_FLR = 32'h68;
  localparam int unsigned DEVICE_BOUND_FLR_CYCLES_LSB = 0;
  localparam int unsigned DEVICE_BOUND_FLR_CYCLES_WIDTH = 64;

  // Cycles since reset; not affected by FLR or device reset.
  localparam int unsigned DEVICE_CYCLES = 32'h70;
  localparam int unsigned DEVICE_CYCLES_CYCLES_LSB = 0;
  localparam int unsigned DEVICE_CYCLES_CYCLES_WIDTH = 64;

  // No effect; for bring-up.
  localparam int unsigned DEVICE_SCRATCH = 32'h78;
  localparam logic [63:0] DEVICE_SCRATCH_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_SCRATCH_VALUE_LSB = 0;
  localparam int unsigned DEVICE_SCRATCH_VALUE_WIDTH = 64;

  // Writing 1 to reset resets the whole device except configuration space.
  localparam int unsigned DEVICE_CONTROL = 32'h80;
  localparam logic [63:0] DEVICE_CONTROL_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_CONTROL_RESET_LSB = 0;
  localparam int unsigned DEVICE_CONTROL_RESET_WIDTH = 1;

  // fatal: all queues stopped. idle: no request, completion or write is in flight and nothing
  // waits. resetting: a device reset is under way.
  localparam int unsigned DEVICE_STATUS = 32'h88;
  localparam logic [63:0] DEVICE_STATUS_RESET = 64'h0000000000000002;
  localparam int unsigned DEVICE_STATUS_FATAL_LSB = 0;
  localparam int unsigned DEVICE_STATUS_FATAL_WIDTH = 1;
  localparam int unsigned DEVICE_STATUS_IDLE_LSB = 1;
  localparam int unsigned DEVICE_STATUS_IDLE_WIDTH = 1;
  localparam int unsigned DEVICE_STATUS_RESETTING_LSB = 2;
  localparam int unsigned DEVICE_STATUS_RESETTING_WIDTH = 1;
  localparam int unsigned DEVICE_STATUS_FATAL_CAUSE_LSB = 8;
  localparam int unsigned DEVICE_STATUS_FATAL_CAUSE_WIDTH = 8;

  // Bit N: a doorbell of queue N was dropped while DISABLED. Write 1 to clear.
  localparam int unsigned DEVICE_DROPPED_DOORBELLS = 32'h90;
  localparam logic [63:0] DEVICE_DROPPED_DOORBELLS_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_DROPPED_DOORBELLS_QUEUES_LSB = 0;
  localparam int unsigned DEVICE_DROPPED_DOORBELLS_QUEUES_WIDTH = 64;

  // Inbound writes dropped for their size, alignment or address, since reset.
  localparam int unsigned DEVICE_DROPPED_WRITES = 32'h98;
  localparam logic [63:0] DEVICE_DROPPED_WRITES_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_DROPPED_WRITES_COUNT_LSB = 0;
  localparam int unsigned DEVICE_DROPPED_WRITES_COUNT_WIDTH = 64;

  // Cycles until an unanswered read fails.
  localparam int unsigned DEVICE_COMPLETION_TIMEOUT = 32'ha0;
  localparam logic [63:0] DEVICE_COMPLETION_TIMEOUT_RESET = 64'h00000000000030d4;
  localparam int unsigned DEVICE_COMPLETION_TIMEOUT_CYCLES_LSB = 0;
  localparam int unsigned DEVICE_COMPLETION_TIMEOUT_CYCLES_WIDTH = 32;

  // Cycles a timed-out tag rests when no late completion comes.
  localparam int unsigned DEVICE_QUARANTINE = 32'ha8;
  localparam logic [63:0] DEVICE_QUARANTINE_RESET = 64'h000000000000c350;
  localparam int unsigned DEVICE_QUARANTINE_CYCLES_LSB = 0;
  localparam int unsigned DEVICE_QUARANTINE_CYCLES_WIDTH = 32;

  // Tags free and tags in quarantine.
  localparam int unsigned DEVICE_TAGS = 32'hb0;
  localparam int unsigned DEVICE_TAGS_FREE_LSB = 0;
  localparam int unsigned DEVICE_TAGS_FREE_WIDTH = 16;
  localparam int unsigned DEVICE_TAGS_QUARANTINED_LSB = 16;
  localparam int unsigned DEVICE_TAGS_QUARANTINED_WIDTH = 16;

  // Completions that answered no outstanding request, since reset.
  localparam int unsigned DEVICE_UNEXPECTED_COMPLETIONS = 32'hb8;
  localparam logic [63:0] DEVICE_UNEXPECTED_COMPLETIONS_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_UNEXPECTED_COMPLETIONS_COUNT_LSB = 0;
  localparam int unsigned DEVICE_UNEXPECTED_COMPLETIONS_COUNT_WIDTH = 64;

  // Any write copies the running counters to the registers below, all in one cycle.
  localparam int unsigned DEVICE_SNAPSHOT = 32'hc0;
  localparam logic [63:0] DEVICE_SNAPSHOT_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_SNAPSHOT_TAKE_LSB = 0;
  localparam int unsigned DEVICE_SNAPSHOT_TAKE_WIDTH = 1;

  // Frozen: cycles since reset.
  localparam int unsigned DEVICE_COUNTER_CYCLES = 32'h100;
  localparam logic [63:0] DEVICE_COUNTER_CYCLES_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_COUNTER_CYCLES_COUNT_LSB = 0;
  localparam int unsigned DEVICE_COUNTER_CYCLES_COUNT_WIDTH = 64;

  // Frozen: payload bytes of memory writes sent.
  localparam int unsigned DEVICE_COUNTER_TX_BYTES = 32'h108;
  localparam logic [63:0] DEVICE_COUNTER_TX_BYTES_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_COUNTER_TX_BYTES_COUNT_LSB = 0;
  localparam int unsigned DEVICE_COUNTER_TX_BYTES_COUNT_WIDTH = 64;

  // Frozen: payload bytes of completions received.
  localparam int unsigned DEVICE_COUNTER_RX_BYTES = 32'h110;
  localparam logic [63:0] DEVICE_COUNTER_RX_BYTES_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_COUNTER_RX_BYTES_COUNT_LSB = 0;
  localparam int unsigned DEVICE_COUNTER_RX_BYTES_COUNT_WIDTH = 64;

  // Frozen: TLPs sent.
  localparam int unsigned DEVICE_COUNTER_TX_TLPS = 32'h118;
  localparam logic [63:0] DEVICE_COUNTER_TX_TLPS_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_COUNTER_TX_TLPS_COUNT_LSB = 0;
  localparam int unsigned DEVICE_COUNTER_TX_TLPS_COUNT_WIDTH = 64;

  // Frozen: TLPs received.
  localparam int unsigned DEVICE_COUNTER_RX_TLPS = 32'h120;
  localparam logic [63:0] DEVICE_COUNTER_RX_TLPS_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_COUNTER_RX_TLPS_COUNT_LSB = 0;
  localparam int unsigned DEVICE_COUNTER_RX_TLPS_COUNT_WIDTH = 64;

  // Frozen: commands retired.
  localparam int unsigned DEVICE_COUNTER_COMMANDS = 32'h128;
  localparam logic [63:0] DEVICE_COUNTER_COMMANDS_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_COUNTER_COMMANDS_COUNT_LSB = 0;
  localparam int unsigned DEVICE_COUNTER_COMMANDS_COUNT_WIDTH = 64;

  // Frozen: MSI-X messages sent.
  localparam int unsigned DEVICE_COUNTER_INTERRUPTS = 32'h130;
  localparam logic [63:0] DEVICE_COUNTER_INTERRUPTS_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_COUNTER_INTERRUPTS_COUNT_LSB = 0;
  localparam int unsigned DEVICE_COUNTER_INTERRUPTS_COUNT_WIDTH = 64;

  // Frozen: doorbells that moved put.
  localparam int unsigned DEVICE_COUNTER_DOORBELLS = 32'h138;
  localparam logic [63:0] DEVICE_COUNTER_DOORBELLS_RESET = 64'h0000000000000000;
  localparam int unsigned DEVICE_COUNTER_DOORBELLS_COUNT_LSB = 0;
  localparam int unsigned DEVICE_COUNTER_DOORBELLS_COUNT_WIDTH = 64;

  // Block VECTOR.
  localparam int unsigned VECTOR_OFFSET = 32'h800;
  localparam int unsigned VECTOR_STRIDE = 32'h8;
  localparam int unsigned VECTOR_COUNT = 32;
  localparam int unsigned VECTOR_BYTES = 32'h8;

  // Send at `count` events (0 and 1: at once), or `timer` cycles after the first unsent event.
  localparam int unsigned VECTOR_MODERATION = 32'h0;
  localparam logic [63:0] VECTOR_MODERATION_RESET = 64'h0000000000000000;
  localparam int unsigned VECTOR_MODERATION_COUNT_LSB = 0;
  localparam int unsigned VECTOR_MODERATION_COUNT_WIDTH = 16;
  localparam int unsigned VECTOR_MODERATION_TIMER_LSB = 16;
  localparam int unsigned VECTOR_MODERATION_TIMER_WIDTH = 32;

  // Block UNIT.
  localparam int unsigned UNIT_OFFSET = 32'h4000;
  localparam int unsigned UNIT_STRIDE = 32'h100;
  localparam int unsigned UNIT_COUNT = 2;
  localparam int unsigned UNIT_BYTES = 32'h28;

  // busy: a work-group is running.
  localparam int unsigned UNIT_STATUS = 32'h0;
  localparam logic [63:0] UNIT_STATUS_RESET = 64'h0000000000000000;
  localparam int unsigned UNIT_STATUS_BUSY_LSB = 0;
  localparam int unsigned UNIT_STATUS_BUSY_WIDTH = 1;

  // Cycles with a work-group, since reset.
  localparam int unsigned UNIT_BUSY_CYCLES = 32'h8;
  localparam logic [63:0] UNIT_BUSY_CYCLES_RESET = 64'h0000000000000000;
  localparam int unsigned UNIT_BUSY_CYCLES_CYCLES_LSB = 0;
  localparam int unsigned UNIT_BUSY_CYCLES_CYCLES_WIDTH = 64;

  // Cycles in which the MAC array took part, since reset.
  localparam int unsigned UNIT_MAC_CYCLES = 32'h10;
  localparam logic [63:0] UNIT_MAC_CYCLES_RESET = 64'h0000000000000000;
  localparam int unsigned UNIT_MAC_CYCLES_CYCLES_LSB = 0;
  localparam int unsigned UNIT_MAC_CYCLES_CYCLES_WIDTH = 64;

  // Work-groups finished, since reset; those outside the output matrix may be left out.
  localparam int unsigned UNIT_GROUPS = 32'h18;
  localparam logic [63:0] UNIT_GROUPS_RESET = 64'h0000000000000000;
  localparam int unsigned UNIT_GROUPS_COUNT_LSB = 0;
  localparam int unsigned UNIT_GROUPS_COUNT_WIDTH = 64;

  // Multiply-accumulates per cycle.
  localparam int unsigned UNIT_MACS = 32'h20;
  localparam int unsigned UNIT_MACS_PER_CYCLE_LSB = 0;
  localparam int unsigned UNIT_MACS_PER_CYCLE_WIDTH = 32;

  // Block QUEUE.
  localparam int unsigned QUEUE_OFFSET = 32'h10000;
  localparam int unsigned QUEUE_STRIDE = 32'h1000;
  localparam int unsigned QUEUE_COUNT = 8;
  localparam int unsigned QUEUE_BYTES = 32'hc0;

  // Write 1 to act; several bits in one write: the highest acts. enable: DISABLED to RUNNING.
  // drain: RUNNING to DISABLED when started commands have retired. reset: any state to DISABLED.
  localparam int unsigned QUEUE_CONTROL = 32'h0;
  localparam logic [63:0] QUEUE_CONTROL_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_CONTROL_ENABLE_LSB = 0;
  localparam int unsigned QUEUE_CONTROL_ENABLE_WIDTH = 1;
  localparam int unsigned QUEUE_CONTROL_DRAIN_LSB = 1;
  localparam int unsigned QUEUE_CONTROL_DRAIN_WIDTH = 1;
  localparam int unsigned QUEUE_CONTROL_RESET_LSB = 2;
  localparam int unsigned QUEUE_CONTROL_RESET_WIDTH = 1;

  // idle: nothing of this queue is started, fetched or outstanding. resetting: a queue reset is
  // under way.
  localparam int unsigned QUEUE_STATUS = 32'h8;
  localparam logic [63:0] QUEUE_STATUS_RESET = 64'h0000000000000100;
  localparam int unsigned QUEUE_STATUS_STATE_LSB = 0;
  localparam int unsigned QUEUE_STATUS_STATE_WIDTH = 2;
  localparam int unsigned QUEUE_STATUS_IDLE_LSB = 8;
  localparam int unsigned QUEUE_STATUS_IDLE_WIDTH = 1;
  localparam int unsigned QUEUE_STATUS_RESETTING_LSB = 9;
  localparam int unsigned QUEUE_STATUS_RESETTING_WIDTH = 1;

  // HOST address of slot 0, 4 KiB-aligned; low bits read as zero. Written only in DISABLED.
  localparam int unsigned QUEUE_RING_BASE = 32'h10;
  localparam logic [63:0] QUEUE_RING_BASE_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_RING_BASE_ADDRESS_LSB = 12;
  localparam int unsigned QUEUE_RING_BASE_ADDRESS_WIDTH = 52;

  // log2 of the ring's packets; out of range is stored as the nearest limit. Written only in
  // DISABLED.
  localparam int unsigned QUEUE_RING_LOG2 = 32'h18;
  localparam logic [63:0] QUEUE_RING_LOG2_RESET = 64'h0000000000000001;
  localparam int unsigned QUEUE_RING_LOG2_LOG2_LSB = 0;
  localparam int unsigned QUEUE_RING_LOG2_LOG2_WIDTH = 8;

  // put and get take this value when the queue is enabled. Written only in DISABLED.
  localparam int unsigned QUEUE_START = 32'h20;
  localparam logic [63:0] QUEUE_START_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_START_COUNT_LSB = 0;
  localparam int unsigned QUEUE_START_COUNT_WIDTH = 64;

  // Packets published so far.
  localparam int unsigned QUEUE_PUT = 32'h28;
  localparam logic [63:0] QUEUE_PUT_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_PUT_COUNT_LSB = 0;
  localparam int unsigned QUEUE_PUT_COUNT_WIDTH = 64;

  // Packets whose slot is not read again.
  localparam int unsigned QUEUE_GET = 32'h30;
  localparam logic [63:0] QUEUE_GET_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_GET_COUNT_LSB = 0;
  localparam int unsigned QUEUE_GET_COUNT_WIDTH = 64;

  // Where get is written back: HOST address, 8-aligned. Written only in DISABLED.
  localparam int unsigned QUEUE_WRITEBACK = 32'h38;
  localparam logic [63:0] QUEUE_WRITEBACK_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_WRITEBACK_ENABLE_LSB = 0;
  localparam int unsigned QUEUE_WRITEBACK_ENABLE_WIDTH = 1;
  localparam int unsigned QUEUE_WRITEBACK_ADDRESS_LSB = 3;
  localparam int unsigned QUEUE_WRITEBACK_ADDRESS_WIDTH = 61;

  // Where the error record goes: HOST address, 64-aligned. Written only in DISABLED.
  localparam int unsigned QUEUE_ERROR_RECORD = 32'h40;
  localparam logic [63:0] QUEUE_ERROR_RECORD_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_ERROR_RECORD_ENABLE_LSB = 0;
  localparam int unsigned QUEUE_ERROR_RECORD_ENABLE_WIDTH = 1;
  localparam int unsigned QUEUE_ERROR_RECORD_ADDRESS_LSB = 6;
  localparam int unsigned QUEUE_ERROR_RECORD_ADDRESS_WIDTH = 58;

  // Vector raised after the error record. A vector at or above the vector count disables it.
  // Written only in DISABLED.
  localparam int unsigned QUEUE_ERROR_VECTOR = 32'h48;
  localparam logic [63:0] QUEUE_ERROR_VECTOR_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_ERROR_VECTOR_VECTOR_LSB = 0;
  localparam int unsigned QUEUE_ERROR_VECTOR_VECTOR_WIDTH = 16;
  localparam int unsigned QUEUE_ERROR_VECTOR_ENABLE_LSB = 31;
  localparam int unsigned QUEUE_ERROR_VECTOR_ENABLE_WIDTH = 1;

  // Deadline of a WAIT whose own is 0, cycles; 0: none.
  localparam int unsigned QUEUE_WAIT_LIMIT = 32'h50;
  localparam logic [63:0] QUEUE_WAIT_LIMIT_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_WAIT_LIMIT_CYCLES_LSB = 0;
  localparam int unsigned QUEUE_WAIT_LIMIT_CYCLES_WIDTH = 64;

  // Cycles a command other than WAIT may take from start to retirement; 0: no limit.
  localparam int unsigned QUEUE_WATCHDOG_LIMIT = 32'h58;
  localparam logic [63:0] QUEUE_WATCHDOG_LIMIT_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_WATCHDOG_LIMIT_CYCLES_LSB = 0;
  localparam int unsigned QUEUE_WATCHDOG_LIMIT_CYCLES_WIDTH = 64;

  // Packets this queue may start in its turn of the round-robin; 0 acts as 1.
  localparam int unsigned QUEUE_WEIGHT = 32'h60;
  localparam logic [63:0] QUEUE_WEIGHT_RESET = 64'h0000000000000001;
  localparam int unsigned QUEUE_WEIGHT_WEIGHT_LSB = 0;
  localparam int unsigned QUEUE_WEIGHT_WEIGHT_WIDTH = 8;

  // Commands retired since the queue was enabled.
  localparam int unsigned QUEUE_RETIRED = 32'h68;
  localparam logic [63:0] QUEUE_RETIRED_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_RETIRED_COUNT_LSB = 0;
  localparam int unsigned QUEUE_RETIRED_COUNT_WIDTH = 64;

  // Mirror of the error record, qword by qword. Zero unless HALTED.
  localparam int unsigned QUEUE_ERROR = 32'h80;
  localparam int unsigned QUEUE_ERROR_STRIDE = 32'h8;
  localparam int unsigned QUEUE_ERROR_COUNT = 8;
  localparam logic [63:0] QUEUE_ERROR_RESET = 64'h0000000000000000;
  localparam int unsigned QUEUE_ERROR_QWORD_LSB = 0;
  localparam int unsigned QUEUE_ERROR_QWORD_WIDTH = 64;

  // Block DOORBELL.
  localparam int unsigned DOORBELL_OFFSET = 32'h80000;
  localparam int unsigned DOORBELL_STRIDE = 32'h1000;
  localparam int unsigned DOORBELL_COUNT = 8;
  localparam int unsigned DOORBELL_BYTES = 32'h8;

  // New put. An 8-byte write acts; a 4-byte write of the low half stages, of the high half commits
  // with the staged low. Reads return put.
  localparam int unsigned DOORBELL_DOORBELL = 32'h0;
  localparam logic [63:0] DOORBELL_DOORBELL_RESET = 64'h0000000000000000;
  localparam int unsigned DOORBELL_DOORBELL_PUT_LSB = 0;
  localparam int unsigned DOORBELL_DOORBELL_PUT_WIDTH = 64;

  // MSI-X table: 16 bytes an entry.
  localparam int unsigned MSIX_TABLE_OFFSET = 32'h1000;
  localparam int unsigned MSIX_TABLE_BYTES = 32'h200;

  // MSI-X pending bits.
  localparam int unsigned MSIX_PBA_OFFSET = 32'h2000;
  localparam int unsigned MSIX_PBA_BYTES = 32'h8;

  // Semaphores: read returns the value, write sets it; 8 bytes only; 64-bit AtomicOps work here.
  localparam int unsigned SEMAPHORE_SET_OFFSET = 32'hc0000;
  localparam int unsigned SEMAPHORE_SET_BYTES = 32'h2000;

  // Semaphores: write adds; read returns the value.
  localparam int unsigned SEMAPHORE_ADD_OFFSET = 32'hd0000;
  localparam int unsigned SEMAPHORE_ADD_BYTES = 32'h2000;

  // Semaphores: write 1 poisons, 0 clears; read returns the poison bit.
  localparam int unsigned SEMAPHORE_POISON_OFFSET = 32'he0000;
  localparam int unsigned SEMAPHORE_POISON_BYTES = 32'h2000;

endpackage
// verilog_lint: waive-stop parameter-name-style
/* verilator lint_on SYMRSVDWORD */
/* verilator lint_on UNUSEDPARAM */
