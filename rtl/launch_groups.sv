// Hands the work-groups of running launches to free units.
//
//   begin (context, kernel, mask, last x and y) ─► walk of each context, x first, then y
//                                                       │ launches in turn, one group a cycle
//                                                       ▼
//                     free unit of the mask ─► give ─► start, group ─► unit ─► done pulse ─► free again
//
// Promises: a launch whose units are all busy holds up no other; a unit starts its next group in the cycle after its
// done. A stopped context gets nothing more, and the units that run its groups see abort until they are done.
// The walk covers what grid and output matrix have in common: groups outside the matrix, and those with z > 0, do
// nothing in any kernel and are left out, so that a huge grid over a small matrix costs nothing.
// Keeps EU-LAUNCH-001 to EU-LAUNCH-003.
`include "check.svh"

module launch_groups
  import doorbell_pkg::*;
  import seams_pkg::*;
#(
    parameter int unsigned Contexts = 4,
    localparam int unsigned ContextBits = $clog2(Contexts)
) (
    input logic clk_i,
    input logic rst_i,

    // Contexts.
    input  logic                   begin_i,
    input  logic [ContextBits-1:0] begin_context_i,
    input  kernel_e                kernel_i,
    input  logic [      UNITS-1:0] mask_i,
    input  logic [           11:0] last_x_i,
    input  logic [           11:0] last_y_i,
    input  logic [   Contexts-1:0] stop_i,
    output logic [   Contexts-1:0] left_o,     // groups wait
    output logic [   Contexts-1:0] running_o,  // a unit runs a group

    // Arguments: the context's block is copied for these units, ready with the start.
    output logic [      UNITS-1:0] give_o,
    output logic [ContextBits-1:0] give_context_o,

    // Units.
    output logic   [UNITS-1:0] unit_start_o,
    output group_t             unit_group_o,
    output logic   [UNITS-1:0] unit_abort_o,
    input  logic   [UNITS-1:0] unit_done_i
);
  // Walks.
  logic    [Contexts-1:0] left_q;
  kernel_e                kernel_q[Contexts];
  logic    [   UNITS-1:0] mask_q  [Contexts];
  logic    [        11:0] last_x_q[Contexts];
  logic    [        11:0] last_y_q[Contexts];
  logic    [        11:0] x_q     [Contexts];
  logic    [        11:0] y_q     [Contexts];

  // Units.
  logic    [      UNITS-1:0] taken_q;
  logic    [ContextBits-1:0] unit_context_q[UNITS];
  logic    [      UNITS-1:0] start_q;
  group_t                    group_q;

  // Choice.
  logic    [      UNITS-1:0] unit_free;
  logic    [   Contexts-1:0] wants;
  logic                      give;
  logic    [ContextBits-1:0] chosen;
  logic    [      UNITS-1:0] fits;

  assign unit_free = ~taken_q | unit_done_i;

  always_comb begin
    wants = '0;
    if (left_q != '0) begin
      for (int unsigned c = 0; c < Contexts; c++) begin
        wants[c] = left_q[c] && !stop_i[c] && (mask_q[c] & unit_free) != '0;
      end
    end
  end

  round_robin #(
      .Requesters(Contexts)
  ) u_turn (
      .clk_i,
      .rst_i,
      .req_i  (wants),
      .taken_i(1'b1),
      .valid_o(give),
      .index_o(chosen)
  );

  assign fits = give ? mask_q[chosen] & unit_free : '0;
  assign give_o = fits & (~fits + 1'b1);  // the lowest
  assign give_context_o = chosen;
  assign left_o = left_q;

  always_comb begin
    running_o = '0;
    unit_abort_o = '0;
    if (taken_q != '0) begin
      for (int unsigned u = 0; u < UNITS; u++) begin
        if (taken_q[u]) running_o[unit_context_q[u]] = 1'b1;
        unit_abort_o[u] = taken_q[u] && stop_i[unit_context_q[u]];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (begin_i) begin
      left_q[begin_context_i]   <= 1'b1;
      kernel_q[begin_context_i] <= kernel_i;
      mask_q[begin_context_i]   <= mask_i;
      last_x_q[begin_context_i] <= last_x_i;
      last_y_q[begin_context_i] <= last_y_i;
      x_q[begin_context_i]      <= '0;
      y_q[begin_context_i]      <= '0;
    end
    if (give) begin : Give
      automatic logic row_ends = x_q[chosen] == last_x_q[chosen];
      group_q <= '{kernel: kernel_q[chosen], x: 16'(x_q[chosen]), y: 16'(y_q[chosen]), z: '0};
      x_q[chosen] <= row_ends ? '0 : x_q[chosen] + 1'b1;
      if (row_ends) begin
        y_q[chosen] <= y_q[chosen] + 1'b1;
        if (y_q[chosen] == last_y_q[chosen]) left_q[chosen] <= 1'b0;
      end
      for (int unsigned u = 0; u < UNITS; u++) if (give_o[u]) unit_context_q[u] <= chosen;
    end
    for (int unsigned c = 0; c < Contexts; c++) if (stop_i[c]) left_q[c] <= 1'b0;
    start_q <= give_o;
    taken_q <= (taken_q & ~unit_done_i) | give_o;
    if (rst_i) begin
      left_q  <= '0;
      start_q <= '0;
      taken_q <= '0;
    end
  end

  assign unit_start_o = start_q;
  assign unit_group_o = group_q;

  `CHECK(DoneExpected, (unit_done_i & ~taken_q) == '0)
endmodule
