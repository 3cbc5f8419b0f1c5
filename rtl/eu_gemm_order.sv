// The fixed order in which GEMM_S8 reads its operands, as a walker: one step a read.
//
//   A block 0 | B lines 0..47 | A block 1 | B lines 48..111 | A block 2 | B lines 112.. | ... up to B line k - 1
//
// A block: `rows` lines of 64 k-values, for two buffers in turn. B line l: row l of B. A block follows B line 47 of the
// block before it: by then the B ring (32 lines) has given up all lines of the block that used the same buffer, and 16
// more B lines come after it, which keeps the array busy. Because the order is fixed and memory answers in order, one
// walker steps with the requests and a second one with the answers, and the second knows what each answer is.
`include "check.svh"

module eu_gemm_order (
    input logic clk_i,
    input logic rst_i,

    input logic        start_i,
    input logic [ 4:0] rows_i,   // 1..16; stable from start to the last step
    input logic [15:0] k_last_i, // k - 1; likewise
    input logic        step_i,

    output logic        is_a_o,      // this read is a line of A, else one of B
    output logic [ 3:0] a_row_o,
    output logic        a_buffer_o,
    output logic        a_end_o,     // last row of its block
    output logic [15:0] b_line_o,    // this or the next line of B
    output logic        done_o       // every read was stepped over
);
  localparam logic [5:0] BlockFollows = 6'd47;  // B line of a block after which the next block of A comes

  logic        is_a_q;
  logic [ 3:0] a_row_q;
  logic        a_buffer_q;
  logic [15:0] b_line_q;
  logic        done_q;

  assign is_a_o = is_a_q;
  assign a_row_o = a_row_q;
  assign a_buffer_o = a_buffer_q;
  assign a_end_o = {1'b0, a_row_q} == rows_i - 5'd1;
  assign b_line_o = b_line_q;
  assign done_o = done_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      done_q <= 1'b1;
    end else if (start_i) begin
      is_a_q <= 1'b1;
      a_row_q <= '0;
      a_buffer_q <= 1'b0;
      b_line_q <= '0;
      done_q <= 1'b0;
    end else if (step_i && is_a_q) begin
      a_row_q <= a_end_o ? '0 : a_row_q + 1'b1;
      if (a_end_o) begin
        is_a_q <= 1'b0;
        a_buffer_q <= !a_buffer_q;
      end
    end else if (step_i) begin
      done_q   <= b_line_q == k_last_i;
      b_line_q <= b_line_q + 1'b1;
      is_a_q   <= b_line_q[5:0] == BlockFollows && (b_line_q | 16'd63) < k_last_i;
    end
  end

  `CHECK(StepsEnd, step_i |-> !done_q)
endmodule
