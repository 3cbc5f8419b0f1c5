// One execution unit: runs work-groups, one at a time, on the kernel that the group names. Wiring only.
//
//   start, group, args ─┬─► eu_gemm ───────┬── want/addr ─► eu_read_port ─► memory read port
//                       └─► eu_requantise ─┘── lines ─────────────────────► memory write port
//
// Promises: one read and one write port; done_o is a pulse, after the last write of the group, with nothing of it in
// flight; abort_i (level, kept until done_o) ends the group early, within the reads under way. A further kernel is one
// more module beside the two. The dispatcher gives only groups that cover a part of the output.
// Keeps EU-ARITH-001 and EU-ARITH-002.
`include "check.svh"

module execution_unit
  import doorbell_pkg::*;
  import seams_pkg::*;
  import eu_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // Launch dispatcher: args_i stays stable from start until done.
    input  logic   start_valid_i,
    input  group_t group_i,
    input  line_t  args_i,
    input  logic   abort_i,
    output logic   busy_o,
    output logic   done_o,

    // Device memory.
    output logic                   rd_valid_o,
    input  logic                   rd_ready_i,
    output mem_addr_t rd_addr_o,
    input  logic                   rd_rsp_valid_i,
    input  line_t                  rd_rsp_data_i,
    output logic                   wr_valid_o,
    output mem_addr_t wr_addr_o,
    output logic [           63:0] wr_be_o,
    output line_t                  wr_data_o,

    // Counters.
    output logic mac_o,  // the MAC array works in this cycle
    output logic idle_o  // no group, no read or write in flight
);
  logic        reads_idle;
  logic        taken;

  logic        gemm_busy;
  logic        gemm_done;
  logic        gemm_want;
  mem_addr_t     gemm_addr;
  logic        gemm_wr_valid;
  mem_addr_t     gemm_wr_addr;
  logic [63:0] gemm_wr_be;
  line_t       gemm_wr_data;

  logic        requantise_busy;
  logic        requantise_done;
  logic        requantise_want;
  mem_addr_t     requantise_addr;
  logic        requantise_wr_valid;
  mem_addr_t     requantise_wr_addr;
  logic [63:0] requantise_wr_be;
  line_t       requantise_wr_data;

  eu_gemm u_gemm (
      .clk_i,
      .rst_i,
      .start_i     (start_valid_i && group_i.kernel == KERNEL_GEMM_S8),
      .group_i,
      .args_i,
      .abort_i,
      .done_o      (gemm_done),
      .busy_o      (gemm_busy),
      .mac_o,
      .want_o      (gemm_want),
      .addr_o      (gemm_addr),
      .taken_i     (taken && gemm_busy),
      .reads_idle_i(reads_idle),
      .rsp_valid_i (rd_rsp_valid_i && gemm_busy),
      .rsp_data_i  (rd_rsp_data_i),
      .wr_valid_o  (gemm_wr_valid),
      .wr_addr_o   (gemm_wr_addr),
      .wr_be_o     (gemm_wr_be),
      .wr_data_o   (gemm_wr_data)
  );

  eu_requantise u_requantise (
      .clk_i,
      .rst_i,
      .start_i     (start_valid_i && group_i.kernel == KERNEL_REQUANTISE),
      .group_i,
      .args_i,
      .abort_i,
      .done_o      (requantise_done),
      .busy_o      (requantise_busy),
      .want_o      (requantise_want),
      .addr_o      (requantise_addr),
      .taken_i     (taken && requantise_busy),
      .reads_idle_i(reads_idle),
      .rsp_valid_i (rd_rsp_valid_i && requantise_busy),
      .rsp_data_i  (rd_rsp_data_i),
      .wr_valid_o  (requantise_wr_valid),
      .wr_addr_o   (requantise_wr_addr),
      .wr_be_o     (requantise_wr_be),
      .wr_data_o   (requantise_wr_data)
  );

  eu_read_port u_read_port (
      .clk_i,
      .rst_i,
      .want_i (gemm_want || requantise_want),
      .addr_i (requantise_busy ? requantise_addr : gemm_addr),
      .taken_o(taken),
      .idle_o (reads_idle),
      .rd_valid_o,
      .rd_ready_i,
      .rd_addr_o,
      .rd_rsp_valid_i
  );

  assign wr_valid_o = gemm_wr_valid || requantise_wr_valid;
  assign wr_addr_o = requantise_busy ? requantise_wr_addr : gemm_wr_addr;
  assign wr_be_o = requantise_busy ? requantise_wr_be : gemm_wr_be;
  assign wr_data_o = requantise_busy ? requantise_wr_data : gemm_wr_data;

  assign busy_o = gemm_busy || requantise_busy;
  assign done_o = gemm_done || requantise_done;
  assign idle_o = !busy_o && !start_valid_i && reads_idle;

  `CHECK(OneGroup, start_valid_i |-> !busy_o)
  `CHECK(KnownKernel, start_valid_i |-> group_i.kernel inside {KERNEL_GEMM_S8, KERNEL_REQUANTISE})
endmodule
