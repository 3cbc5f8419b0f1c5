// Segments and their data on the way out: a segment is offered when all of its beats are here, so it never has gaps.
//
//   segment ─► [ segments ] ────────────────┐
//   data ────► [ beats ] ─► output register ─┴─► valid/ready, beat number, last, segment, data
//
// Promises: segments leave in order, whole. room_o says that a largest segment fits, counting room from the moment a
// segment is entered and not when its data comes, so data needs no ready.
// The data has its own storage with an output register, and not a `fifo`, so that an idle queue moves no wide value.
`include "check.svh"

module dma_segment_queue
  import seams_pkg::*;
  import dma_pkg::*;
#(
    parameter int unsigned Depth = 32  // beats, a power of two; covers the time from a segment to its data
) (
    input logic clk_i,
    input logic rst_i,

    output logic           room_o,
    input  logic           segment_valid_i,
    input  segment_t       segment_i,
    input  logic     [2:0] segment_beats_i,  // 64-byte beats, from 1
    input  logic           data_valid_i,
    input  line_t          data_i,

    output logic           out_valid_o,
    input  logic           out_ready_i,
    output segment_t       out_segment_o,
    output logic     [2:0] out_beat_o,     // from 0
    output logic           out_last_o,
    output line_t          out_data_o,

    output logic idle_o
);
  localparam int unsigned IndexBits = $clog2(Depth);
  typedef logic [IndexBits:0] count_t;

  count_t free_q;  // beats not yet promised to a segment
  logic [2:0] beat_q;  // of the segment offered

  // Data: `stored_q` beats in storage, and one in the output register when `loaded_q`.
  line_t storage[Depth];
  logic [IndexBits-1:0] write_q;
  logic [IndexBits-1:0] read_q;
  count_t stored_q;
  logic loaded_q;
  line_t out_data_q;
  logic load;

  logic sent;
  logic segment_known;
  logic segment_ready;
  logic [2:0] beats;  // of the segment offered
  count_t unused_count;

  fifo #(
      .Width($bits(segment_t) + 3),
      .Depth(Depth)
  ) u_segments (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .in_valid_i (segment_valid_i),
      .in_ready_o (segment_ready),
      .in_data_i  ({segment_beats_i, segment_i}),
      .out_valid_o(segment_known),
      .out_ready_i(sent && out_last_o),
      .out_data_o ({beats, out_segment_o}),
      .count_o    (unused_count)
  );

  assign room_o = free_q >= count_t'(SegmentBeats);
  assign out_beat_o = beat_q;
  assign out_last_o = beat_q + 3'd1 == beats;
  assign out_data_o = out_data_q;
  assign out_valid_o = segment_known && loaded_q &&
      (beat_q != '0 || stored_q + 1'b1 >= count_t'(beats));
  assign sent = out_valid_o && out_ready_i;
  assign load = stored_q != '0 && (!loaded_q || sent);
  assign idle_o = !segment_known;

  always_ff @(posedge clk_i) begin
    if (data_valid_i) begin
      storage[write_q] <= data_i;
      write_q <= write_q + 1'b1;
    end
    if (load) begin
      out_data_q <= storage[read_q];
      read_q <= read_q + 1'b1;
    end
    if (data_valid_i != load) stored_q <= load ? stored_q - 1'b1 : stored_q + 1'b1;
    if (load || sent) loaded_q <= load;
    if (sent) beat_q <= out_last_o ? '0 : beat_q + 1'b1;
    if (segment_valid_i || sent) begin
      free_q <= free_q - (segment_valid_i ? count_t'(segment_beats_i) : '0) + count_t'(sent);
    end
    if (rst_i) begin
      write_q  <= '0;
      read_q   <= '0;
      stored_q <= '0;
      loaded_q <= 1'b0;
      beat_q   <= '0;
      free_q   <= count_t'(Depth);
    end
  end

  `CHECK(SegmentFits, segment_valid_i |-> room_o && segment_ready)
  `CHECK(DataFits, data_valid_i |-> stored_q != count_t'(Depth))
  `CHECK(OutputHeld, out_valid_o && !out_ready_i |=> out_valid_o && $stable(out_beat_o))
endmodule
