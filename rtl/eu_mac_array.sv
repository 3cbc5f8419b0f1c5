// 256 multiply-accumulates a cycle: 64 columns, each the dot product of 4 k-values, into one of 16 rows.
//
//   B ring (RingLines lines of 64 columns) ──4 lines──► ×  ──► Σ4 ──► + ──► accumulators 16 rows × 64 columns × int32
//   4 k-values of one row of A ───────────────────────► ×             ▲───────────┘                      │ 16 columns
//                                                                                                        ▼
//                                                                             read_line_o, one cycle later
//
// A tile of r rows takes r cycles for 4 k and needs one line of B for each k. Products are exact; sums wrap at 32 bits.
// Not modelled: pipeline stages of multipliers and adder tree; banks of the ring.
//
// The accumulators are written by blocking assignment: 64 of them change in a cycle, and so an idle array costs the
// simulator one test. All their accesses stand in one process, the read-out first.
module eu_mac_array
  import seams_pkg::*;
#(
    parameter  int unsigned RingLines = 32,
    localparam int unsigned RingBits  = $clog2(RingLines)
) (
    input logic clk_i,

    // One line of B arrives.
    input logic                b_write_i,
    input logic [RingBits-1:0] b_slot_i,
    input line_t               b_line_i,

    // One step: row += A (4 k-values) × B (4 lines).
    input logic                mac_i,
    input logic                mac_first_i,  // row = instead of row +=
    input logic [         3:0] mac_row_i,
    input logic [RingBits-3:0] mac_quad_i,   // slots 4q to 4q + 3
    input logic [        31:0] mac_a_i,      // int8 in bits 7:0 belongs to slot 4q

    // Read-out of 16 columns of a row; ready in the next cycle.
    input  logic       read_i,
    input  logic [3:0] read_row_i,
    input  logic [1:0] read_quarter_i,
    output line_t      read_line_o
);
  localparam int unsigned Columns = 64;

  logic [31:0] sums[16][Columns];
  line_t b_lines[RingLines];

  always_ff @(posedge clk_i) begin
    if (read_i) begin
      for (int unsigned c = 0; c < 16; c++) begin
        read_line_o[32*c+:32] <= sums[read_row_i][{read_quarter_i, 4'(c)}];
      end
    end
    if (mac_i) begin : Step
      automatic int a0 = int'(signed'(mac_a_i[7:0]));
      automatic int a1 = int'(signed'(mac_a_i[15:8]));
      automatic int a2 = int'(signed'(mac_a_i[23:16]));
      automatic int a3 = int'(signed'(mac_a_i[31:24]));
      if (mac_first_i) for (int unsigned c = 0; c < Columns; c++) sums[mac_row_i][c] = '0;
      for (int unsigned c = 0; c < Columns; c++) begin
        sums[mac_row_i][c] +=
            a0 * int'(signed'(b_lines[{mac_quad_i, 2'd0}][8*c+:8])) +
            a1 * int'(signed'(b_lines[{mac_quad_i, 2'd1}][8*c+:8])) +
            a2 * int'(signed'(b_lines[{mac_quad_i, 2'd2}][8*c+:8])) +
            a3 * int'(signed'(b_lines[{mac_quad_i, 2'd3}][8*c+:8]));
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (b_write_i) b_lines[b_slot_i] <= b_line_i;
  end
endmodule
