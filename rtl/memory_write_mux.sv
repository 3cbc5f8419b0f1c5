// Several requesters share one write port of device memory.
//
//   in[0] valid/ready ─┐
//   in[1] valid/ready ─┼─► round robin ─► register ─► wr_valid/addr/be/data
//   ...               ─┘
//
// Promises: one write a cycle; a waiting requester is served after at most one write of each other; writes reach memory
// in the order of acceptance, one cycle later. Since memory looks at its lines MemLatency - 1 >= 2 cycles after it
// accepted a read, any read accepted after a write was accepted here returns that write.
`include "check.svh"

module memory_write_mux
  import seams_pkg::*;
#(
    parameter  int unsigned Requesters = 3,
    localparam int unsigned IndexBits  = (Requesters > 1) ? $clog2(Requesters) : 1
) (
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,  // device reset: a requester may take back what it offers

    input  logic                   in_valid_i[Requesters],
    output logic                   in_ready_o[Requesters],
    input  logic [MemAddrBits-1:0] in_addr_i [Requesters],
    input  logic [           63:0] in_be_i   [Requesters],
    input  line_t                  in_data_i [Requesters],

    output logic                   wr_valid_o,
    output logic [MemAddrBits-1:0] wr_addr_o,
    output logic [           63:0] wr_be_o,
    output line_t                  wr_data_o,

    output logic idle_o  // no write waits or is on its way
);
  logic [Requesters-1:0] requests;
  logic [Requesters-1:0] waits;  // only a reset of the requester may take the write back
  logic                  chosen_valid;
  logic [ IndexBits-1:0] chosen;

  logic                   wr_valid_q;
  logic [MemAddrBits-1:0] wr_addr_q;
  logic [           63:0] wr_be_q;
  line_t                  wr_data_q;

  for (genvar r = 0; r < Requesters; r++) begin : gen_requester
    assign requests[r]   = in_valid_i[r];
    assign in_ready_o[r] = chosen_valid && chosen == IndexBits'(r);
    assign waits[r]      = in_valid_i[r] && !in_ready_o[r] && !clear_i;

    `CHECK(RequestHeld, waits[r] |=> in_valid_i[r] && $stable(in_addr_i[r]))
  end

  round_robin #(
      .Requesters(Requesters)
  ) u_choice (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .req_i  (requests),
      .taken_i(1'b1),
      .valid_o(chosen_valid),
      .index_o(chosen)
  );

  always_ff @(posedge clk_i) begin
    wr_valid_q <= chosen_valid && !rst_i;
    if (chosen_valid) begin
      wr_addr_q <= in_addr_i[chosen];
      wr_be_q   <= in_be_i[chosen];
      wr_data_q <= in_data_i[chosen];
    end
  end

  assign wr_valid_o = wr_valid_q;
  assign wr_addr_o  = wr_addr_q;
  assign wr_be_o    = wr_be_q;
  assign wr_data_o  = wr_data_q;
  assign idle_o     = !chosen_valid && !wr_valid_q;
endmodule
