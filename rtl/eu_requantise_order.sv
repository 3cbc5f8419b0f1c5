// The fixed order of the lines that REQUANTISE reads, as a walker: one step a line.
//
//   bias quarters 0..last | row 0 quarters 0..last | row 1 ... | row rows - 1
//
// A quarter is 16 columns. One walker steps with the requests, a second one with the answers, which come in order.
`include "check.svh"

module eu_requantise_order (
    input logic clk_i,
    input logic rst_i,

    input logic       start_i,
    input logic [4:0] rows_i,         // 1..16; stable from start to the last step
    input logic [1:0] last_quarter_i, // likewise
    input logic       step_i,

    output logic       is_bias_o,
    output logic [1:0] quarter_o,
    output logic       row_end_o, // last line of the bias or of a row
    output logic       done_o     // every line was stepped over
);
  logic [4:0] row_q;  // 0 is the bias, r + 1 is row r
  logic [1:0] quarter_q;
  logic       done_q;

  assign is_bias_o = row_q == '0;
  assign quarter_o = quarter_q;
  assign row_end_o = quarter_q == last_quarter_i;
  assign done_o = done_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      done_q <= 1'b1;
    end else if (start_i) begin
      row_q <= '0;
      quarter_q <= '0;
      done_q <= 1'b0;
    end else if (step_i) begin
      quarter_q <= row_end_o ? '0 : quarter_q + 1'b1;
      if (row_end_o) begin
        row_q  <= row_q + 1'b1;
        done_q <= row_q == rows_i;
      end
    end
  end

  `CHECK(StepsEnd, step_i |-> !done_q)
endmodule
