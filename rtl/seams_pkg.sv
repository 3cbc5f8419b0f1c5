// Types of the seams inside the device. README.md in this folder says who drives what and what each side may rely on.
package seams_pkg;
  import doorbell_pkg::*;

  localparam int unsigned QueueBits = 3;  // log2(QUEUES)
  localparam int unsigned SlotBits = 4;  // log2(WINDOW)
  localparam int unsigned MemAddrBits = 26;  // log2(DEVICE_MEMORY_BYTES)
  localparam int unsigned SemBits = 10;  // log2(SEMAPHORES)
  localparam int unsigned VectorBits = 5;  // log2(VECTORS)

  typedef logic [511:0] line_t;  // 64 bytes, byte 0 in bits 7:0
  typedef logic [3:0][31:0] header_t;  // TLP header, DW0 in [0]; DW as printed in PCIe Base: fmt in bits 31:29 of DW0

  // Flow-control limits: cumulative credits granted since link up, modulo the field's range (PCIe Base 2.6.1).
  // Header credits count TLPs, data credits count units of 16 bytes. Completions to the device are unlimited.
  typedef struct packed {
    logic [7:0]  ph;
    logic [11:0] pd;
    logic [7:0]  nph;
    logic [11:0] npd;
    logic [7:0]  cplh;
    logic [11:0] cpld;
  } credits_t;

  // The command a piece of work belongs to: queue and window slot.
  typedef struct packed {
    logic [QueueBits-1:0] queue;
    logic [SlotBits-1:0]  slot;
  } owner_t;

  // How a command ended. code is ERROR_NONE on success; addr is the first byte of the failing read, else 0.
  typedef struct packed {
    owner_t      owner;
    error_e      code;
    logic [63:0] addr;
  } done_t;

  // Command processor -> DMA engine.
  typedef enum logic [1:0] {
    SourceHost,
    SourceDevice,
    SourcePattern,  // inline_data[63:0] repeats from the first byte
    SourceInline    // inline_data[8*length-1:0]
  } source_e;
  typedef struct packed {
    owner_t       owner;
    source_e      source;
    space_e       dst_space;
    logic [63:0]  src_addr;
    logic [63:0]  dst_addr;
    logic [31:0]  length;
    logic [191:0] inline_data;
  } dma_cmd_t;

  // Command processor -> launch dispatcher.
  typedef struct packed {
    owner_t            owner;
    kernel_e           kernel;
    logic [UNITS-1:0]  unit_mask;
    space_e            args_space;
    logic [63:0]       args_addr;
    logic [16:0]       grid_x;  // 1..65536
    logic [16:0]       grid_y;
    logic [16:0]       grid_z;
  } launch_cmd_t;

  // Dispatcher -> execution unit: one work-group. args stay stable while the unit is busy.
  typedef struct packed {
    kernel_e     kernel;
    logic [15:0] x;
    logic [15:0] y;
    logic [15:0] z;
  } group_t;

  // Read requests to the endpoint's requester. One request: 1..MRRS bytes that do not cross an MRRS-aligned boundary.
  typedef enum logic [1:0] {
    ClientDma,
    ClientFetch,
    ClientArgs
  } client_e;
  typedef struct packed {
    client_e     client;
    logic [QueueBits-1:0] queue;  // whose reset may abandon it
    logic [7:0]  info;  // the client's own; comes back untouched
    logic [63:0] addr;
    logic [12:0] len;   // bytes
    logic [31:0] dst;   // where the client wants the first byte; comes back advanced with each beat
  } read_req_t;
  typedef enum logic [2:0] {
    ReadOk,
    ReadUr,
    ReadCa,
    ReadTimeout,
    ReadPoisoned,
    ReadMalformed
  } read_status_e;
  // One beat of returning data; data[7:0] belongs at dst (modulo 2^32), be says which bytes are meant. No back-pressure.
  typedef struct packed {
    client_e     client;
    logic [7:0]  info;
    logic [31:0] dst;
    logic [63:0] be;
  } read_beat_t;
  // End of a request: same cycle as its last beat, or later, or without any. No back-pressure.
  typedef struct packed {
    client_e      client;
    logic [7:0]   info;
    read_status_e status;
    logic [63:0]  addr;  // of the request
  } read_done_t;

  // Register bus, from the completer to the register blocks. One outstanding; req.valid is a one-cycle pulse.
  typedef enum logic [2:0] {
    RegRead,
    RegWrite,
    RegFetchAdd,  // AtomicOps: SEMAPHORE_SET window only
    RegSwap,
    RegCas
  } reg_op_e;
  typedef struct packed {
    reg_op_e     op;
    logic [19:0] addr;   // 8-byte aligned; be says which half
    logic [7:0]  be;     // 8'h0F, 8'hF0 or 8'hFF
    logic [63:0] wdata;  // natural lanes
    logic [63:0] wdata2; // swap value of RegCas (wdata is the compare value)
  } reg_req_t;
  typedef struct packed {
    logic        err;    // read: completer abort; write: dropped and counted
    logic [63:0] rdata;  // RegRead, atomics (old value), natural lanes
  } reg_rsp_t;

  // Semaphore operations.
  typedef enum logic [2:0] {
    SemRead,
    SemSet,
    SemAdd,        // rsp.value is the old value: also FetchAdd
    SemSwap,
    SemCas,        // value is the compare value, value2 the new one
    SemPoison,     // value[0]: 1 poisons, 0 clears
    SemArm,        // compares and, if unsatisfied, subscribes queue `value2[QueueBits-1:0]`
    SemReadPoison
  } sem_op_e;
  typedef struct packed {
    sem_op_e            op;
    logic [SemBits-1:0] index;
    wait_condition_e    condition;  // SemArm
    logic [63:0]        value;
    logic [63:0]        value2;
  } sem_req_t;
endpackage
