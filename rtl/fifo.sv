// First-word fall-through FIFO: a registered storage array, one write and one read a cycle.
//
//   in ──► [ storage, Depth entries ] ──► out        count_o: entries held now
//
// Order: first in, first out. An entry accepted in one cycle is visible at the output in the next, never in the same.
// in_ready_o does not depend on out_ready_i: a full FIFO takes nothing in the cycle in which it gives.
// Not modelled: memory macros, clock crossing. The storage is not reset; out_data_o means nothing without out_valid_o.
`include "check.svh"

module fifo #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 2,
    localparam int unsigned CountBits = $clog2(Depth + 1)
) (
    input logic clk_i,
    input logic rst_i,

    input  logic             in_valid_i,
    output logic             in_ready_o,
    input  logic [Width-1:0] in_data_i,

    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o,

    output logic [CountBits-1:0] count_o
);
  localparam int unsigned PointerBits = (Depth > 1) ? $clog2(Depth) : 1;
  localparam logic [PointerBits-1:0] LastSlot = PointerBits'(Depth - 1);

  logic [Width-1:0] storage[Depth];
  logic [PointerBits-1:0] write_q;
  logic [PointerBits-1:0] read_q;
  logic [CountBits-1:0] count_q;

  logic push;
  logic pop;

  assign in_ready_o = count_q != CountBits'(Depth);
  assign out_valid_o = count_q != '0;
  assign out_data_o = storage[read_q];
  assign count_o = count_q;
  assign push = in_valid_i && in_ready_o;
  assign pop = out_valid_o && out_ready_i;

  always_ff @(posedge clk_i) begin
    if (push) begin
      storage[write_q] <= in_data_i;
      write_q <= (write_q == LastSlot) ? '0 : write_q + 1'b1;
    end
    if (pop) begin
      read_q <= (read_q == LastSlot) ? '0 : read_q + 1'b1;
    end
    if (push != pop) begin
      count_q <= push ? count_q + 1'b1 : count_q - 1'b1;
    end
    if (rst_i) begin
      write_q <= '0;
      read_q  <= '0;
      count_q <= '0;
    end
  end

  `CHECK(CountInRange, count_q <= CountBits'(Depth))
endmodule
