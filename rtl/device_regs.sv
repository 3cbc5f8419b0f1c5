// The DEVICE register block: what the device is, what it is doing, and its reset.
//
//   register bus ──► capabilities, scratch, timeouts, control, status, dropped counts ──► response
//                       └─► device_counters (snapshot)   └─► device_reset
//
// A request is answered in the next cycle, sampling everything in the cycle of the request. CYCLES runs from rst_i on and
// knows no other reset. Fatal is sticky; the first cause stays until a device reset.
module device_regs
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic     req_valid_i,
    input  reg_req_t req_i,
    output logic     rsp_valid_o,
    output reg_rsp_t rsp_o,

    output logic [63:0] cycles_o,              // DEVICE.CYCLES
    output logic [31:0] completion_timeout_o,  // cycles
    output logic [31:0] quarantine_o,          // cycles

    // Device reset.
    input  logic reset_request_i,    // pulse: from the endpoint (FLR, D3hot to D0)
    input  logic [9:0] idle_i,       // one bit a part of the device: nothing is in flight and nothing waits there
    input  logic semaphores_busy_i,
    output logic reset_o,            // level: device reset under way
    output logic clear_o,            // pulse: to reset values
    output logic flush_o,            // level: clients of device memory are in reset

    // Fatal errors.
    input  logic         fatal_valid_i,
    input  fatal_cause_e fatal_cause_i,
    output logic         fatal_o,        // level: queues stop

    // Status and counts of the endpoint and the command processor. Pulses unless named otherwise.
    input logic    [15:0] tags_free_i,              // number now
    input logic    [15:0] tags_quarantined_i,       // number now
    input logic           unexpected_completion_i,
    input logic           dropped_write_i,
    input queues_t        dropped_doorbells_i,
    input logic    [10:0] tx_bytes_i,               // payload bytes of memory writes sent in this cycle
    input logic    [10:0] rx_bytes_i,               // payload bytes of completions received in this cycle
    input logic           tx_tlp_i,
    input logic           rx_tlp_i,
    input logic           interrupt_i,
    input logic    [ 1:0] commands_i,               // commands retired in this cycle
    input logic           doorbell_i
);
  localparam int unsigned PageBits = 11;  // DEVICE ends where VECTOR begins

  logic [63:0] scratch_q;
  queues_t dropped_doorbells_q;
  logic [63:0] dropped_writes_q;
  logic [63:0] unexpected_q;
  fatal_cause_e fatal_cause_q;
  logic [63:0] frozen[8];

  logic write;
  logic [31:0] offset;
  logic control_reset;
  logic snapshot;
  logic idle;

  always_comb begin
    idle = &idle_i;
    offset = 32'(req_i.addr[PageBits-1:0]);
    write = req_valid_i && req_i.op == RegWrite;
    control_reset = write && offset == DEVICE_CONTROL && req_i.be[0] && req_i.wdata[DEVICE_CONTROL_RESET_LSB];
    snapshot = write && offset == DEVICE_SNAPSHOT;
  end

  device_reset u_reset (
      .clk_i,
      .rst_i,
      .request_i(control_reset || reset_request_i),
      .idle_i(idle),
      .fatal_i(fatal_o),
      .semaphores_busy_i,
      .reset_o,
      .clear_o,
      .flush_o
  );

  device_counters u_counters (
      .clk_i,
      .rst_i,
      .clear_i(clear_o),
      .snapshot_i(snapshot),
      .cycles_i(cycles_o),
      .tx_bytes_i,
      .rx_bytes_i,
      .tx_tlp_i,
      .rx_tlp_i,
      .commands_i,
      .interrupt_i,
      .doorbell_i,
      .frozen_o(frozen)
  );

  // Reads.
  always_ff @(posedge clk_i) begin
    rsp_valid_o <= req_valid_i;
    if (req_valid_i) begin
      rsp_o <= '{err: 1'b0, rdata: '0};
      unique case (offset)
        DEVICE_IDENTITY: rsp_o.rdata <= IDENTITY;
        DEVICE_CONTRACT_VERSION:
        rsp_o.rdata <= {16'b0, 16'(CONTRACT_PATCH), 16'(CONTRACT_MINOR), 16'(CONTRACT_MAJOR)};
        DEVICE_CAP_COUNTS:
        rsp_o.rdata <= {24'b0, 16'(VECTORS), 8'(UNITS), 8'(CHANNELS), 8'(QUEUES)};
        DEVICE_CAP_SEMAPHORES: rsp_o.rdata <= 64'(SEMAPHORES);
        DEVICE_CAP_DEVICE_MEMORY: rsp_o.rdata <= 64'(DEVICE_MEMORY_BYTES);
        DEVICE_CAP_RING: rsp_o.rdata <= {40'b0, 8'(WINDOW), 8'(RING_LOG2_MAX), 8'(RING_LOG2_MIN)};
        DEVICE_CAP_TAGS: rsp_o.rdata <= 64'(TAGS);
        DEVICE_CAP_CLOCK: rsp_o.rdata <= 64'(CLOCK_HZ);
        DEVICE_CAP_OPCODES: rsp_o.rdata <= OPCODE_IMPLEMENTED;
        DEVICE_CAP_KERNELS: rsp_o.rdata <= KERNEL_IMPLEMENTED;
        DEVICE_BOUND_RESET: rsp_o.rdata <= 64'(BOUND_RESET_CYCLES);
        DEVICE_BOUND_DRAIN: rsp_o.rdata <= 64'(BOUND_DRAIN_CYCLES);
        DEVICE_BOUND_WRITEBACK:
        rsp_o.rdata <= {32'(BOUND_WRITEBACK_PACKETS), 32'(BOUND_WRITEBACK_CYCLES)};
        DEVICE_BOUND_FLR: rsp_o.rdata <= 64'(BOUND_FLR_CYCLES);
        DEVICE_CYCLES: rsp_o.rdata <= cycles_o;
        DEVICE_SCRATCH: rsp_o.rdata <= scratch_q;
        DEVICE_CONTROL, DEVICE_SNAPSHOT: ;
        DEVICE_STATUS: begin
          rsp_o.rdata[DEVICE_STATUS_FATAL_LSB] <= fatal_o;
          rsp_o.rdata[DEVICE_STATUS_IDLE_LSB] <= idle && !reset_o;
          rsp_o.rdata[DEVICE_STATUS_RESETTING_LSB] <= reset_o;
          rsp_o.rdata[DEVICE_STATUS_FATAL_CAUSE_LSB+:DEVICE_STATUS_FATAL_CAUSE_WIDTH] <= fatal_cause_q;
        end
        DEVICE_DROPPED_DOORBELLS: rsp_o.rdata <= 64'(dropped_doorbells_q);
        DEVICE_DROPPED_WRITES: rsp_o.rdata <= dropped_writes_q;
        DEVICE_COMPLETION_TIMEOUT: rsp_o.rdata <= 64'(completion_timeout_o);
        DEVICE_QUARANTINE: rsp_o.rdata <= 64'(quarantine_o);
        DEVICE_TAGS: rsp_o.rdata <= {32'b0, tags_quarantined_i, tags_free_i};
        DEVICE_UNEXPECTED_COMPLETIONS: rsp_o.rdata <= unexpected_q;
        DEVICE_COUNTER_CYCLES: rsp_o.rdata <= frozen[0];
        DEVICE_COUNTER_TX_BYTES: rsp_o.rdata <= frozen[1];
        DEVICE_COUNTER_RX_BYTES: rsp_o.rdata <= frozen[2];
        DEVICE_COUNTER_TX_TLPS: rsp_o.rdata <= frozen[3];
        DEVICE_COUNTER_RX_TLPS: rsp_o.rdata <= frozen[4];
        DEVICE_COUNTER_COMMANDS: rsp_o.rdata <= frozen[5];
        DEVICE_COUNTER_INTERRUPTS: rsp_o.rdata <= frozen[6];
        DEVICE_COUNTER_DOORBELLS: rsp_o.rdata <= frozen[7];
        default: rsp_o.err <= 1'b1;
      endcase
    end
    if (rst_i) rsp_valid_o <= 1'b0;
  end

  // Writes and events.
  always_ff @(posedge clk_i) begin
    cycles_o <= cycles_o + 64'd1;
    if (write) begin
      unique case (offset)
        DEVICE_SCRATCH: scratch_q <= merged(scratch_q, req_i);
        DEVICE_COMPLETION_TIMEOUT: if (req_i.be[0]) completion_timeout_o <= req_i.wdata[31:0];
        DEVICE_QUARANTINE: if (req_i.be[0]) quarantine_o <= req_i.wdata[31:0];
        DEVICE_DROPPED_DOORBELLS:
        if (req_i.be[0]) dropped_doorbells_q <= dropped_doorbells_q & ~queues_t'(req_i.wdata);
        default: ;
      endcase
    end
    // A drop in the cycle of a clear stays.
    for (int unsigned q = 0; q < QUEUES; q++) begin
      if (dropped_doorbells_i[q]) dropped_doorbells_q[q] <= 1'b1;
    end
    if (dropped_write_i) dropped_writes_q <= dropped_writes_q + 64'd1;
    if (unexpected_completion_i) unexpected_q <= unexpected_q + 64'd1;
    if (fatal_valid_i && !fatal_o) begin
      fatal_o <= 1'b1;
      fatal_cause_q <= fatal_cause_i;
    end
    if (rst_i || clear_o) begin
      scratch_q <= DEVICE_SCRATCH_RESET;
      completion_timeout_o <= 32'(DEVICE_COMPLETION_TIMEOUT_RESET);
      quarantine_o <= 32'(DEVICE_QUARANTINE_RESET);
      dropped_doorbells_q <= '0;
      dropped_writes_q <= '0;
      unexpected_q <= '0;
      fatal_o <= 1'b0;
      fatal_cause_q <= FATAL_CAUSE_NONE;
    end
    if (rst_i) cycles_o <= '0;
  end
endmodule
