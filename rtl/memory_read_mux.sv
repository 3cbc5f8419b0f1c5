// Several requesters share one read port of device memory.
//
//   in[0] valid/ready/addr ─┐                                    ┌─► rsp_valid[0]
//   in[1] valid/ready/addr ─┼─► round robin ─► rd_valid/ready    ├─► rsp_valid[1]     rsp_data to all
//   ...                    ─┘        └─► owners in flight ───────┘
//
// Promises: one read a cycle, no cycle added; a waiting requester is served after at most one read of each other;
// answers come in the order of acceptance, MemLatency cycles later, without back-pressure. After a device reset the
// answers to reads that were under way still come; whose they are is in reset and lets them pass.
`include "check.svh"

module memory_read_mux
  import seams_pkg::*;
#(
    parameter int unsigned Requesters = 2,
    parameter int unsigned MemLatency = 6,  // of the memory behind
    localparam int unsigned IndexBits = (Requesters > 1) ? $clog2(Requesters) : 1
) (
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,  // device reset: a requester may take back what it offers

    input  logic                   in_valid_i [Requesters],
    output logic                   in_ready_o [Requesters],
    input  logic [MemAddrBits-1:0] in_addr_i  [Requesters],
    output logic                   rsp_valid_o[Requesters],
    output line_t                  rsp_data_o,

    output logic                   rd_valid_o,
    input  logic                   rd_ready_i,
    output logic [MemAddrBits-1:0] rd_addr_o,
    input  logic                   rd_rsp_valid_i,
    input  line_t                  rd_rsp_data_i,

    output logic idle_o  // no read waits or is on its way
);
  localparam int unsigned InFlight = MemLatency + 1;  // the one accepted while the oldest is answered included
  localparam int unsigned CountBits = $clog2(InFlight + 1);

  logic [Requesters-1:0] requests;
  logic [Requesters-1:0] waits;  // only a reset of the requester may take the read back
  logic [Requesters-1:0] held_q;  // offered and not yet accepted: no other read may replace it
  logic                  offered;
  logic [ IndexBits-1:0] chosen;
  logic                  owner_known;
  logic                  owner_room;
  logic [ IndexBits-1:0] owner;  // of the answer that comes next
  logic [ CountBits-1:0] in_flight;

  for (genvar r = 0; r < Requesters; r++) begin : gen_requester
    assign requests[r] = in_valid_i[r];
    assign waits[r] = in_valid_i[r] && !in_ready_o[r] && !clear_i;
    assign in_ready_o[r] = rd_ready_i && offered && chosen == IndexBits'(r);
    assign rsp_valid_o[r] = rd_rsp_valid_i && owner == IndexBits'(r);

    `CHECK(RequestHeld, waits[r] |=> in_valid_i[r] && $stable(in_addr_i[r]))
  end

  round_robin #(
      .Requesters(Requesters)
  ) u_choice (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .req_i  ((held_q != '0) ? held_q : requests),
      .taken_i(rd_ready_i),
      .valid_o(offered),
      .index_o(chosen)
  );

  assign rd_valid_o = offered;
  assign rd_addr_o = in_addr_i[chosen];
  assign rsp_data_o = rd_rsp_data_i;
  assign idle_o = !offered && in_flight == '0;

  always_ff @(posedge clk_i) begin
    held_q <= (offered && !rd_ready_i && !rst_i && !clear_i) ? Requesters'(1) << chosen : '0;
  end

  fifo #(
      .Width(IndexBits),
      .Depth(InFlight)
  ) u_owners (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .in_valid_i (offered && rd_ready_i),
      .in_ready_o (owner_room),
      .in_data_i  (chosen),
      .out_valid_o(owner_known),
      .out_ready_i(rd_rsp_valid_i),
      .out_data_o (owner),
      .count_o    (in_flight)
  );

  `CHECK(OwnerRoom, offered && rd_ready_i |-> owner_room)
  `CHECK(OwnerKnown, rd_rsp_valid_i |-> owner_known)
endmodule
