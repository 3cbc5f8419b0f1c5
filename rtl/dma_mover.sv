// Moves: cuts the channels' move jobs into segments and issues their beats, one beat a cycle, channels in turn.
//
//   job ─► [ per channel: src, dst, left ] ─► round robin ─► cut ─┬─► segment ─► queue to host, or to device memory
//                                              (room?)            └─► beats ─► dma_source ─► data, into the same queue
//          segments in flight ◄── host_done, device_done
//
// Promises. A segment never crosses a naturally aligned MPS boundary, and a job needs the fewest (EP-TLP-001, 003,
// 004). It is cut only when its queue has room for all of its beats, so a queue that is blocked (no credits) holds up
// neither the other queue nor the reads. Lane 0 of the first beat is the first byte's address rounded down to a DW
// towards the host, to a line towards device memory; the source is read at the matching byte, so that nothing is
// shifted later. A channel is busy until all of its segments are done. When stopped it cuts no new segment; those in
// flight go on to their end.
`include "check.svh"

module dma_mover
  import doorbell_pkg::*;
  import seams_pkg::*;
  import dma_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic [3:0] mps_i, // log2 bytes

    // Jobs: always accepted; the channel must not be busy.
    input  logic      job_valid_i,
    input  move_job_t job_i,
    input  channels_t stop_i,
    output channels_t busy_o,

    // Segments, to one of the two queues; room: it takes a largest segment.
    input  logic     host_room_i,
    input  logic     device_room_i,
    output logic     host_valid_o,
    output logic     device_valid_o,
    output segment_t segment_o,
    output logic [2:0] segment_beats_o,  // 64-byte beats, from 1

    // Beats of the segments, in the same order.
    output logic  beat_valid_o,
    input  logic  beat_ready_i,
    output beat_t beat_o,

    // Segments performed.
    input logic     host_done_i,
    input channel_t host_channel_i,
    input logic     device_done_i,
    input channel_t device_channel_i
);
  localparam int unsigned CountBits = 8;  // more segments than can be in flight

  // Jobs.
  channels_t active_q;  // has bytes to move
  channels_t pending_q;  // has segments in flight
  channels_t to_host_q;
  from_e from_q[CHANNELS];
  logic [MemAddrBits-1:0] src_q[CHANNELS];
  logic [63:0] dst_q[CHANNELS];
  logic [31:0] left_q[CHANNELS];
  logic [CountBits-1:0] issued_q[CHANNELS];
  logic [CountBits-1:0] done_q[CHANNELS];

  // Segment whose beats are being issued.
  logic beat_valid_q;
  logic [2:0] beats_left_q;
  beat_t beat_q;

  logic found;
  logic cut;  // a segment is cut in this cycle
  channel_t now;
  logic [31:0] room;
  logic [31:0] len;
  logic [5:0] skew;  // bytes from lane 0 to the first byte
  logic [2:0] beats;

  channel_t job_channel;
  assign job_channel = job_i.channel;

  assign cut = found && (!beat_valid_q || (beat_ready_i && beats_left_q == 3'd1));

  round_robin #(
      .Requesters(CHANNELS)
  ) u_choice (
      .clk_i(clk_i),
      .rst_i(rst_i),
      .req_i  (active_q & ~stop_i & (host_room_i ? '1 : ~to_host_q) & (device_room_i ? '1 : to_host_q)),
      .taken_i(cut),
      .valid_o(found),
      .index_o(now)
  );

  always_comb begin
    room = '0;
    len = '0;
    skew = '0;
    beats = '0;
    segment_o = '0;
    if (cut) begin
      room = (32'd1 << mps_i) - (dst_q[now][31:0] & ~('1 << mps_i));
      len = (left_q[now] < room) ? left_q[now] : room;
      skew = to_host_q[now] ? {4'd0, dst_q[now][1:0]} : dst_q[now][5:0];
      beats = 3'((len + 32'(skew) + 32'd63) >> 6);
      segment_o = '{channel: now, addr: dst_q[now], len: len[9:0]};
    end
  end

  assign segment_beats_o = beats;
  assign host_valid_o = cut && to_host_q[now];
  assign device_valid_o = cut && !to_host_q[now];

  always_ff @(posedge clk_i) begin
    if ((active_q & stop_i) != '0) active_q <= active_q & ~stop_i;

    if (host_done_i) begin
      done_q[host_channel_i] <= done_q[host_channel_i] + 1'b1;
      if (done_q[host_channel_i] + 1'b1 == issued_q[host_channel_i]) begin
        pending_q[host_channel_i] <= 1'b0;
      end
    end
    if (device_done_i) begin
      done_q[device_channel_i] <= done_q[device_channel_i] + 1'b1;
      if (done_q[device_channel_i] + 1'b1 == issued_q[device_channel_i]) begin
        pending_q[device_channel_i] <= 1'b0;
      end
    end

    if (beat_valid_q && beat_ready_i) begin
      beats_left_q <= beats_left_q - 1'b1;
      beat_q.src   <= beat_q.src + MemAddrBits'(64);
      if (beats_left_q == 3'd1) beat_valid_q <= 1'b0;
    end
    if (cut) begin
      beat_valid_q <= 1'b1;
      beats_left_q <= beats;
      beat_q.channel <= now;
      beat_q.from <= from_q[now];
      beat_q.to_host <= to_host_q[now];
      beat_q.src <= src_q[now] - MemAddrBits'(skew);
      src_q[now] <= src_q[now] + len[MemAddrBits-1:0];
      dst_q[now] <= dst_q[now] + 64'(len);
      left_q[now] <= left_q[now] - len;
      issued_q[now] <= issued_q[now] + 1'b1;
      pending_q[now] <= 1'b1;
      if (left_q[now] == len) active_q[now] <= 1'b0;
    end

    if (job_valid_i) begin
      active_q[job_i.channel] <= 1'b1;
      to_host_q[job_i.channel] <= job_i.to_host;
      from_q[job_i.channel] <= job_i.from;
      src_q[job_i.channel] <= job_i.src;
      dst_q[job_i.channel] <= job_i.dst;
      left_q[job_i.channel] <= job_i.len;
    end

    if (rst_i) begin
      active_q <= '0;
      pending_q <= '0;
      beat_valid_q <= 1'b0;
      for (int unsigned c = 0; c < CHANNELS; c++) begin
        issued_q[c] <= '0;
        done_q[c]   <= '0;
      end
    end
  end

  assign busy_o = active_q | pending_q;
  assign beat_valid_o = beat_valid_q;
  assign beat_o = beat_q;

  `CHECK(JobToFreeChannel, job_valid_i |-> !busy_o[job_channel])
  `CHECK(SegmentNotEmpty, cut |-> beats != '0 && beats <= 3'(SegmentBeats))
  `CHECK(BeatHeld, beat_valid_o && !beat_ready_i |=> beat_valid_o && $stable(beat_o.src))
endmodule
