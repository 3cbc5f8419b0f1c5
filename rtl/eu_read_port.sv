// Memory read port of an execution unit: keeps an offered read until it is accepted, and counts what is on its way.
//
//   want/addr ─► rd_valid/ready/addr ──► memory ──► rd_rsp_valid ─► count down
//
// Promises: a read once offered stays offered, with its address, until accepted, even if want_i falls (the kernel was
// aborted; it keeps addr_i until taken_o). idle_o: no read is offered or on its way. One read a cycle, no cycle added.
`include "check.svh"

module eu_read_port
  import eu_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // Kernel.
    input  logic                   want_i,   // room for the answer is reserved
    input  mem_addr_t addr_i,
    output logic                   taken_o,  // accepted in this cycle: the next address may follow
    output logic                   idle_o,

    // Memory.
    output logic                   rd_valid_o,
    input  logic                   rd_ready_i,
    output mem_addr_t rd_addr_o,
    input  logic                   rd_rsp_valid_i
);
  localparam int unsigned CountBits = 8;

  logic                 held_q;
  logic [CountBits-1:0] outstanding_q;

  assign rd_valid_o = want_i || held_q;
  assign rd_addr_o = addr_i;
  assign taken_o = rd_valid_o && rd_ready_i;
  assign idle_o = !rd_valid_o && outstanding_q == '0;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      held_q <= 1'b0;
      outstanding_q <= '0;
    end else begin
      held_q <= rd_valid_o && !rd_ready_i;
      if (taken_o != rd_rsp_valid_i) begin
        outstanding_q <= taken_o ? outstanding_q + 1'b1 : outstanding_q - 1'b1;
      end
    end
  end

  `CHECK(AnswerExpected, rd_rsp_valid_i |-> outstanding_q != '0)
  `CHECK(CountKept, taken_o |-> outstanding_q != '1)
endmodule
