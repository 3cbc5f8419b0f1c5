// Reads the operands of one GEMM_S8 work-group: keeps A in two buffers of 16 lines, hands B lines on to the array.
//
//   request walker ─► addresses ─► want/addr ──► memory ──► answer
//                                                             │ answer walker: which line is this?
//               array's B ring ◄── b_write/b_slot ◄───────────┼──► A buffers ──► a_word (4 k-values of one row)
//
// Promises: a B line is requested only when its place in the ring of RingLines lines is free (consumed_i), a line of A
// only when its buffer is (the order of eu_gemm_order says why). Lines land in order: B line l has landed when
// landed_o > l or landed_all_o, and then all of A that it meets has landed too. Bytes beyond k or n are read where a
// line is longer than the matrix; whoever uses the lines leaves them out. Rows beyond the tile are not read.
`include "check.svh"

module eu_gemm_feed
  import seams_pkg::*;
  import eu_pkg::*;
#(
    parameter  int unsigned RingLines = 32,
    localparam int unsigned RingBits  = $clog2(RingLines)
) (
    input logic clk_i,
    input logic rst_i,

    // Work-group: x and y come with start_i, rows_i and k_last_i from the next cycle on; the operands stay.
    input logic             start_i,
    input logic             stop_i,    // asks for nothing more
    input logic      [15:0] x_i,
    input logic      [15:0] y_i,
    input mem_addr_t        a_i,
    input mem_addr_t        lda_i,
    input mem_addr_t        b_i,
    input mem_addr_t        ldb_i,
    input logic      [ 4:0] rows_i,
    input logic      [15:0] k_last_i,

    // Reads: eu_read_port, and the answers of memory.
    output logic      want_o,
    output mem_addr_t addr_o,
    input  logic      taken_i,
    input  logic      rsp_valid_i,
    input  line_t     rsp_data_i,

    // B ring of the array; the line is the answer itself.
    output logic                b_write_o,
    output logic [RingBits-1:0] b_slot_o,
    input  logic [        15:0] consumed_i,   // B lines below this one are not needed any more
    output logic [        15:0] landed_o,     // B lines below this one have landed
    output logic                landed_all_o,

    // A buffers: four k-values of one row.
    input  logic [ 3:0] a_row_i,
    input  logic [ 4:0] a_quad_i,  // k / 4: buffer, then place in the line
    output logic [31:0] a_word_o
);
  logic        active_q;
  mem_addr_t   a_block_q;  // first row of the next block of A
  mem_addr_t   a_addr_q;
  mem_addr_t   b_addr_q;
  line_t       a_lines   [32];

  logic        ask_is_a;
  logic        ask_a_end;
  logic [15:0] ask_b_line;
  logic        ask_done;
  logic        room;
  logic [ 3:0] unused_ask_row;
  logic        unused_ask_buffer;

  logic        land_is_a;
  logic [ 3:0] land_row;
  logic        land_buffer;
  logic        unused_land_end;

  assign room = 16'(ask_b_line - consumed_i) < 16'(RingLines);
  assign want_o = active_q && !ask_done && (ask_is_a || room);
  assign addr_o = ask_is_a ? a_addr_q : b_addr_q;

  assign b_write_o = rsp_valid_i && !land_is_a;
  assign b_slot_o = landed_o[RingBits-1:0];
  assign a_word_o = a_lines[{a_quad_i[4], a_row_i}][{a_quad_i[3:0], 5'd0}+:32];

  eu_gemm_order u_ask (
      .clk_i,
      .rst_i,
      .start_i,
      .rows_i,
      .k_last_i,
      .step_i    (taken_i),
      .is_a_o    (ask_is_a),
      .a_row_o   (unused_ask_row),
      .a_buffer_o(unused_ask_buffer),
      .a_end_o   (ask_a_end),
      .b_line_o  (ask_b_line),
      .done_o    (ask_done)
  );

  eu_gemm_order u_land (
      .clk_i,
      .rst_i,
      .start_i,
      .rows_i,
      .k_last_i,
      .step_i    (rsp_valid_i),
      .is_a_o    (land_is_a),
      .a_row_o   (land_row),
      .a_buffer_o(land_buffer),
      .a_end_o   (unused_land_end),
      .b_line_o  (landed_o),
      .done_o    (landed_all_o)
  );

  always_ff @(posedge clk_i) begin
    if (start_i) begin : Begin
      automatic mem_addr_t first = tile_addr(a_i, y_i, lda_i, '0);
      a_block_q <= first + mem_addr_t'(64);
      a_addr_q  <= first;
      b_addr_q  <= b_i + mem_addr_t'({x_i, 6'd0});
    end else if (taken_i) begin
      if (!ask_is_a) begin
        b_addr_q <= b_addr_q + ldb_i;
      end else if (ask_a_end) begin
        a_addr_q  <= a_block_q;
        a_block_q <= a_block_q + mem_addr_t'(64);
      end else begin
        a_addr_q <= a_addr_q + lda_i;
      end
    end

    if (rsp_valid_i && land_is_a) a_lines[{land_buffer, land_row}] <= rsp_data_i;

    if (rst_i || stop_i) active_q <= 1'b0;
    else if (start_i) active_q <= 1'b1;
  end

  `CHECK(BufferFree, taken_i && ask_is_a |-> consumed_i[15:6] == ask_b_line[15:6])
endmodule
