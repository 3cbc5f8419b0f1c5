// REQUANTISE: one work-group is a tile of 16 rows by 64 columns of y = clamp(round((x + bias) * multiplier / 2^shift)).
//
//   bias: up to 4 lines, kept ────────────┐
//   x: 16 int32 a cycle, as lines land ──► + ─► × multiplier ─► round, shift ─► clamp ─► row of 64 bytes ──► memory
//
// Lines are used in the cycle in which they land, so nothing needs room reserved and reads go out one a cycle: a full
// tile takes 4 + 64 lines + about 15 cycles. Lines of columns beyond n are not read.
// Promises: done_o comes with or after the last write; after an abort nothing more is asked or written, and done_o
// comes when the reads under way have come back.
// Not modelled: pipeline stages of the arithmetic.
`include "check.svh"

module eu_requantise
  import doorbell_pkg::*;
  import seams_pkg::*;
  import eu_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // Work-group: group_i comes with start_i, args_i stays stable until done_o.
    input  logic   start_i,
    input  group_t group_i,
    input  line_t  args_i,
    input  logic   abort_i,
    output logic   done_o,  // pulse
    output logic   busy_o,

    // Reads.
    output logic      want_o,
    output mem_addr_t addr_o,
    input  logic      taken_i,
    input  logic      reads_idle_i,
    input  logic      rsp_valid_i,
    input  line_t     rsp_data_i,

    // Writes.
    output logic        wr_valid_o,
    output mem_addr_t   wr_addr_o,
    output logic [63:0] wr_be_o,
    output line_t       wr_data_o
);
  typedef enum logic [1:0] {
    RequantiseIdle,
    RequantiseRun,
    RequantiseStop,  // aborted: waits for the reads under way
    RequantiseDone
  } state_e;

  state_e                state_q;
  requantise_arguments_t args;
  logic                  unused_bits;

  // The tile.
  logic      [ 4:0] rows_q;
  logic      [ 1:0] last_quarter_q;
  logic      [63:0] be_q;

  // Requests.
  mem_addr_t        row_addr_q;  // bias, or the row of x that is read
  mem_addr_t        next_row_q;
  logic             unused_ask_bias;
  logic      [ 1:0] ask_quarter;
  logic             ask_row_end;
  logic             ask_done;

  // Answers.
  logic             land_bias;
  logic      [ 1:0] land_quarter;
  logic             land_row_end;
  logic             land_done;
  line_t            bias_lines      [4];
  line_t            y_q;        // row that is gathered
  mem_addr_t        y_addr_q;
  logic             wr_valid_q;
  mem_addr_t        wr_addr_q;

  assign args = requantise_arguments_t'(args_i);
  assign unused_bits = ^{args.reserved_47, group_i.kernel, group_i.z};

  assign want_o = state_q == RequantiseRun && !ask_done;
  assign addr_o = row_addr_q + mem_addr_t'({ask_quarter, 6'd0});

  eu_requantise_order u_ask (
      .clk_i,
      .rst_i,
      .start_i,
      .rows_i        (rows_q),
      .last_quarter_i(last_quarter_q),
      .step_i        (taken_i),
      .is_bias_o     (unused_ask_bias),
      .quarter_o     (ask_quarter),
      .row_end_o     (ask_row_end),
      .done_o        (ask_done)
  );

  eu_requantise_order u_land (
      .clk_i,
      .rst_i,
      .start_i,
      .rows_i        (rows_q),
      .last_quarter_i(last_quarter_q),
      .step_i        (rsp_valid_i),
      .is_bias_o     (land_bias),
      .quarter_o     (land_quarter),
      .row_end_o     (land_row_end),
      .done_o        (land_done)
  );

  // One element. 64 bits hold every sum: |product| < 2^62, rounding term <= 2^61.
  function automatic logic [7:0] requantise(
      input logic [31:0] x, input logic [31:0] bias, input logic [30:0] multiplier,
      input logic [5:0] shift, input logic signed [7:0] lo, input logic signed [7:0] hi);
    logic signed [63:0] value;
    value = 64'(signed'(x + bias)) * signed'({33'd0, multiplier});
    value = (value + (64'sd1 <<< (shift - 6'd1))) >>> shift;
    if (value < 64'(lo)) return lo;
    if (value > 64'(hi)) return hi;
    return value[7:0];
  endfunction

  function automatic logic [127:0] quarter_of(
      input line_t x, input line_t bias, input logic [30:0] multiplier, input logic [5:0] shift,
      input logic signed [7:0] lo, input logic signed [7:0] hi);
    for (int unsigned i = 0; i < 16; i++) begin
      quarter_of[8*i+:8] = requantise(x[32*i+:32], bias[32*i+:32], multiplier, shift, lo, hi);
    end
  endfunction

  always_ff @(posedge clk_i) begin
    if (start_i) begin : Begin
      automatic tile_t tile = tile_of(group_i.x, group_i.y, args.m[16:0], args.n[16:0]);
      rows_q <= tile.rows;
      last_quarter_q <= last_quarter_of(tile.columns);
      be_q <= first_bytes({2'd0, tile.columns});
      row_addr_q <= mem_addr_t'(args.bias) + mem_addr_t'({group_i.x, 8'd0});
      next_row_q <= tile_addr(
          mem_addr_t'(args.x), group_i.y, mem_addr_t'(args.ldx), {group_i.x, 8'd0}
      );
      y_addr_q <= tile_addr(
          mem_addr_t'(args.y), group_i.y, mem_addr_t'(args.ldy), 24'({group_i.x, 6'd0})
      );
    end else if (taken_i && ask_row_end) begin
      row_addr_q <= next_row_q;
      next_row_q <= next_row_q + mem_addr_t'(args.ldx);
    end

    wr_valid_q <= 1'b0;
    if (rsp_valid_i && land_bias) begin
      bias_lines[land_quarter] <= rsp_data_i;
    end else if (rsp_valid_i && state_q == RequantiseRun && !abort_i) begin
      y_q[{
        land_quarter, 7'd0
      }+:128] <= quarter_of(
          rsp_data_i,
          bias_lines[land_quarter],
          args.multiplier[30:0],
          args.shift[5:0],
          args.lo,
          args.hi
      );
      if (land_row_end) begin
        wr_valid_q <= !rst_i;
        wr_addr_q  <= y_addr_q;
        y_addr_q   <= y_addr_q + mem_addr_t'(args.ldy);
      end
    end

    unique case (state_q)
      RequantiseIdle: if (start_i) state_q <= RequantiseRun;
      RequantiseRun:  if (land_done) state_q <= RequantiseDone;
      RequantiseStop: if (reads_idle_i) state_q <= RequantiseDone;
      RequantiseDone: state_q <= RequantiseIdle;
    endcase
    if (abort_i && state_q == RequantiseRun) state_q <= RequantiseStop;
    if (rst_i) state_q <= RequantiseIdle;
  end

  assign wr_valid_o = wr_valid_q;
  assign wr_addr_o = wr_addr_q;
  assign wr_be_o = be_q;
  assign wr_data_o = y_q;
  assign busy_o = state_q != RequantiseIdle;
  assign done_o = state_q == RequantiseDone;

  `CHECK(NothingLeft, done_o |-> reads_idle_i)
endmodule
