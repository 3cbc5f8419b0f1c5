// Completions on their way to ep_tx: a header FIFO with room for register data, and a buffer of payload lines.
//
//   push ──► [ header, 8 bytes, line count, mark ] ──► ep_tx
//   line ──► [ payload lines ] ──────────────────────► ep_tx
//
// Promises: completions leave in the order of pushing. Each carries a mark: the posted writes that ep_tx had accepted
// when it was pushed; ep_tx sends those first (ORD-READ-001). A value is sampled before its completion is pushed.
// The lines of a completion are in the buffer when it is pushed. room_o says that a whole completion fits.
`include "check.svh"

module ep_completion_out
  import seams_pkg::*;
  import ep_pkg::*;
#(
    parameter int unsigned Depth = 8,  // completions; lines: twice as many, a power of two
    localparam int unsigned Lines = 2 * Depth,
    localparam int unsigned LineBits = $clog2(Lines)
) (
    input logic clk_i,
    input logic rst_i,

    input posted_mark_t accepted_i,  // posted writes accepted by ep_tx so far

    input  logic        line_valid_i,
    input  line_t       line_i,
    input  logic        push_i,
    input  completion_t completion_i,
    output logic        room_o,

    output logic         out_valid_o,
    output completion_t  out_o,
    output posted_mark_t out_mark_o,
    input  logic         out_take_i,
    output line_t        out_line_o,
    input  logic         out_line_take_i
);
  line_t               lines       [Lines];
  logic [LineBits-1:0] write_q;
  logic [LineBits-1:0] read_q;
  logic [  LineBits:0] held_q;  // lines in the buffer
  logic                fifo_room;
  logic [$clog2(Depth+1)-1:0] unused_count;

  assign room_o     = fifo_room && held_q <= (LineBits + 1)'(Lines - MaxLines);
  assign out_line_o = lines[read_q];

  fifo #(
      .Width($bits(completion_t) + $bits(posted_mark_t)),
      .Depth(Depth)
  ) u_completions (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .in_valid_i (push_i),
      .in_ready_o (fifo_room),
      .in_data_i  ({completion_i, accepted_i}),
      .out_valid_o(out_valid_o),
      .out_ready_i(out_take_i),
      .out_data_o ({out_o, out_mark_o}),
      .count_o    (unused_count)
  );

  always_ff @(posedge clk_i) begin
    if (line_valid_i) begin
      lines[write_q] <= line_i;
      write_q        <= write_q + 1'b1;
    end
    if (out_line_take_i) read_q <= read_q + 1'b1;
    if (line_valid_i != out_line_take_i) begin
      held_q <= line_valid_i ? held_q + 1'b1 : held_q - 1'b1;
    end
    if (rst_i) begin
      write_q <= '0;
      read_q  <= '0;
      held_q  <= '0;
    end
  end

  `CHECK(PushFits, push_i |-> fifo_room)
  `CHECK(LineFits, line_valid_i |-> held_q != (LineBits + 1)'(Lines))
  `CHECK(LineThere, out_line_take_i |-> held_q != '0)
endmodule
