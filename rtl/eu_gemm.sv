// GEMM_S8: one work-group is a tile of 16 rows by 64 columns of C[m, n] = A[m, k] × B[k, n], int8 to int32.
//
//   eu_gemm_feed ──A words──► MAC steps ──► eu_mac_array ──► write-out: per row ceil(columns / 16) lines ──► memory
//        └────────B lines──────────────────────┘
//
// A step takes 4 k of one row; a quad of 4 k takes max(rows, 4) cycles, since B comes one line a cycle. Reading the
// next 64 k of A overlaps computing. Cycles of a full tile: 4 k + 64 to write + about 30 to fill and end.
// Promises: done_o comes with or after the last write; after an abort nothing more is asked, and done_o comes when the
// reads under way have come back. Nothing beyond the tile's rows and columns is written.
// Not modelled: write-out behind the next tile's computing.
`include "check.svh"

module eu_gemm
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
    output logic   mac_o,   // the array works in this cycle

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
  localparam int unsigned RingLines = 32;
  localparam int unsigned RingBits = $clog2(RingLines);

  typedef enum logic [2:0] {
    GemmIdle,
    GemmMac,  // steps as operands land: for each quad of k, each row
    GemmSettle,  // the last step is in the array
    GemmWrite,  // one line of C a cycle: read from the array, written in the next cycle
    GemmStop,  // aborted: waits for the reads under way
    GemmDone
  } state_e;

  state_e              state_q;
  gemm_s8_arguments_t  args;
  logic                unused_bits;

  // The tile, and the place in it.
  logic [         4:0] rows_q;
  logic [         6:0] columns_q;
  logic [        15:0] k_last_q;
  logic [        15:0] k_q;         // first of the quad
  logic [         3:0] row_q;
  logic [         1:0] quarter_q;   // 16 columns
  mem_addr_t           c_row_q;     // first byte of the row that is written next

  // Operands.
  logic [        15:0] landed;
  logic                landed_all;
  logic                b_write;
  logic [RingBits-1:0] b_slot;
  logic [        31:0] a_word;

  // Array step and write, one cycle after they were chosen.
  logic                mac_q;
  logic                mac_first_q;
  logic [         3:0] mac_row_q;
  logic [RingBits-3:0] mac_quad_q;
  logic [        31:0] mac_a_q;
  logic                wr_valid_q;
  mem_addr_t           wr_addr_q;
  logic [        63:0] wr_be_q;

  assign args = gemm_s8_arguments_t'(args_i);
  assign unused_bits = ^{args.reserved_48, group_i.kernel, group_i.z};

  // The first 1 to 4 bytes of a word: what a quad has that ends with k & 3 = last.
  function automatic logic [31:0] first_k(input logic [1:0] last);
    return 32'hffff_ffff >> {2'd3 - last, 3'd0};
  endfunction

  always_ff @(posedge clk_i) begin
    mac_q <= 1'b0;
    wr_valid_q <= 1'b0;
    unique case (state_q)
      GemmIdle: begin
        if (start_i) begin : Begin
          automatic tile_t tile = tile_of(group_i.x, group_i.y, args.m[16:0], args.n[16:0]);
          rows_q <= tile.rows;
          columns_q <= tile.columns;
          k_last_q <= 16'(args.k - 32'd1);
          c_row_q <= tile_addr(
              mem_addr_t'(args.c), group_i.y, mem_addr_t'(args.ldc), {group_i.x, 8'd0}
          );
          k_q <= '0;
          row_q <= '0;
          quarter_q <= '0;
          state_q <= GemmMac;
        end
      end
      GemmMac: begin
        if (landed_all || landed > (k_q | 16'd3)) begin : Step
          automatic logic last_row = {1'b0, row_q} == rows_q - 5'd1;
          automatic logic last_quad = k_q[15:2] == k_last_q[15:2];
          mac_q       <= 1'b1;
          mac_first_q <= k_q == '0;
          mac_row_q   <= row_q;
          mac_quad_q  <= k_q[RingBits-1:2];
          mac_a_q     <= last_quad ? a_word & first_k(k_last_q[1:0]) : a_word;
          row_q       <= last_row ? '0 : row_q + 1'b1;
          if (last_row) k_q <= (k_q | 16'd3) + 16'd1;
          if (last_row && last_quad) state_q <= GemmSettle;
        end
      end
      GemmSettle: state_q <= GemmWrite;
      GemmWrite: begin : Write
        automatic logic last_quarter = quarter_q == last_quarter_of(columns_q);
        wr_valid_q <= 1'b1;
        wr_addr_q  <= c_row_q + mem_addr_t'({quarter_q, 6'd0});
        wr_be_q    <= first_bytes({columns_q - {1'b0, quarter_q, 4'd0}, 2'd0});
        quarter_q  <= last_quarter ? '0 : quarter_q + 1'b1;
        if (last_quarter) begin
          row_q   <= row_q + 1'b1;
          c_row_q <= c_row_q + mem_addr_t'(args.ldc);
          if ({1'b0, row_q} == rows_q - 5'd1) state_q <= GemmDone;
        end
      end
      GemmStop: if (reads_idle_i) state_q <= GemmDone;
      default: state_q <= GemmIdle;
    endcase
    if (abort_i && state_q inside {GemmMac, GemmSettle, GemmWrite}) begin
      mac_q <= 1'b0;
      wr_valid_q <= 1'b0;
      state_q <= GemmStop;
    end
    if (rst_i) begin
      mac_q <= 1'b0;
      wr_valid_q <= 1'b0;
      state_q <= GemmIdle;
    end
  end

  assign wr_valid_o = wr_valid_q;
  assign wr_addr_o = wr_addr_q;
  assign wr_be_o = wr_be_q;
  assign mac_o = mac_q;
  assign busy_o = state_q != GemmIdle;
  assign done_o = state_q == GemmDone;

  eu_gemm_feed #(
      .RingLines(RingLines)
  ) u_feed (
      .clk_i,
      .rst_i,
      .start_i,
      .stop_i      (abort_i && busy_o),
      .x_i         (group_i.x),
      .y_i         (group_i.y),
      .a_i         (mem_addr_t'(args.a)),
      .lda_i       (mem_addr_t'(args.lda)),
      .b_i         (mem_addr_t'(args.b)),
      .ldb_i       (mem_addr_t'(args.ldb)),
      .rows_i      (rows_q),
      .k_last_i    (k_last_q),
      .want_o,
      .addr_o,
      .taken_i,
      .rsp_valid_i,
      .rsp_data_i,
      .b_write_o   (b_write),
      .b_slot_o    (b_slot),
      .consumed_i  (k_q),
      .landed_o    (landed),
      .landed_all_o(landed_all),
      .a_row_i     (row_q),
      .a_quad_i    (k_q[6:2]),
      .a_word_o    (a_word)
  );

  eu_mac_array #(
      .RingLines(RingLines)
  ) u_array (
      .clk_i,
      .b_write_i     (b_write),
      .b_slot_i      (b_slot),
      .b_line_i      (rsp_data_i),
      .mac_i         (mac_q),
      .mac_first_i   (mac_first_q),
      .mac_row_i     (mac_row_q),
      .mac_quad_i    (mac_quad_q),
      .mac_a_i       (mac_a_q),
      .read_i        (state_q == GemmWrite),
      .read_row_i    (row_q),
      .read_quarter_i(quarter_q),
      .read_line_o   (wr_data_o)
  );

  `CHECK(NothingLeft, done_o |-> reads_idle_i)
endmodule
