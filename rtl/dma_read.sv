// Reads of host memory: cuts the channels' read jobs into requests, one request a cycle, channels in turn.
//
//   job ─► [ per channel: addr, dst, left ] ─► round robin ─► cut at MRRS ─► register ─► read request to the endpoint
//                                                                 landed ◄── read done
//
// Promises. A request never crosses a naturally aligned MRRS boundary, so never 4 KiB, and a job needs the fewest
// (EP-TLP-002 to 004); it never asks for a byte outside its job (DMA-READ-001).
// Addresses of a channel rise. A channel is busy until all of its requests are done. When stopped it makes no new
// request; one that waits for acceptance stays, because it was offered. As many are in flight as the endpoint accepts.
// Landing is not seen here: bytes go from the endpoint straight to memory.
`include "check.svh"

module dma_read
  import doorbell_pkg::*;
  import seams_pkg::*;
  import dma_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic [3:0] mrrs_i, // log2 bytes

    // Jobs: always accepted; the channel must not be busy.
    input  logic      job_valid_i,
    input  read_job_t job_i,
    input  channels_t stop_i,
    output channels_t busy_o,

    // Endpoint.
    output logic      req_valid_o,
    input  logic      req_ready_i,
    output read_req_t req_o,
    input  logic      done_valid_i,
    input  channel_t  done_channel_i
);
  localparam int unsigned CountBits = $clog2(TAGS) + 2;  // more than can be in flight

  // Jobs.
  channels_t active_q;  // has bytes to request
  channels_t pending_q;  // has requests in flight
  channels_t stage_q;
  logic [QueueBits-1:0] queue_q[CHANNELS];
  logic [63:0] addr_q[CHANNELS];
  logic [31:0] dst_q[CHANNELS];
  logic [31:0] left_q[CHANNELS];
  logic [CountBits-1:0] issued_q[CHANNELS];
  logic [CountBits-1:0] landed_q[CHANNELS];

  logic req_valid_q;
  read_req_t req_q;

  logic found;
  logic cut;  // a request is made in this cycle
  channel_t now;

  // Narrow copies for the checks.
  channel_t job_channel;
  logic [11:0] req_offset;
  logic [12:0] req_len;
  assign job_channel = job_i.channel;
  assign req_offset = req_q.addr[11:0] & ~(12'hFFF << mrrs_i);
  assign req_len = req_q.len;

  assign cut = found && (!req_valid_q || req_ready_i);

  round_robin #(
      .Requesters(CHANNELS)
  ) u_choice (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .req_i  (active_q & ~stop_i),
      .taken_i(cut),
      .valid_o(found),
      .index_o(now)
  );

  always_ff @(posedge clk_i) begin
    if (req_ready_i) req_valid_q <= 1'b0;
    if ((active_q & stop_i) != '0) active_q <= active_q & ~stop_i;

    if (done_valid_i) begin
      landed_q[done_channel_i] <= landed_q[done_channel_i] + 1'b1;
      if (landed_q[done_channel_i] + 1'b1 == issued_q[done_channel_i])
        pending_q[done_channel_i] <= 1'b0;
    end

    if (cut) begin : Cut
      automatic logic [31:0] size = 32'd1 << mrrs_i;
      automatic logic [31:0] room = size - (addr_q[now][31:0] & (size - 1'b1));
      automatic logic [31:0] len = (left_q[now] < room) ? left_q[now] : room;
      req_valid_q <= 1'b1;
      req_q.client <= ClientDma;
      req_q.queue <= queue_q[now];
      req_q.info <= 8'({stage_q[now], now});
      req_q.addr <= addr_q[now];
      req_q.len <= len[12:0];
      req_q.dst <= dst_q[now];
      addr_q[now] <= addr_q[now] + 64'(len);
      dst_q[now] <= dst_q[now] + len;
      left_q[now] <= left_q[now] - len;
      issued_q[now] <= issued_q[now] + 1'b1;
      pending_q[now] <= 1'b1;
      if (left_q[now] == len) active_q[now] <= 1'b0;
    end

    if (job_valid_i) begin
      active_q[job_i.channel] <= 1'b1;
      stage_q[job_i.channel] <= job_i.stage;
      queue_q[job_i.channel] <= job_i.queue;
      addr_q[job_i.channel] <= job_i.addr;
      dst_q[job_i.channel] <= job_i.dst;
      left_q[job_i.channel] <= job_i.len;
    end

    if (rst_i) begin
      active_q <= '0;
      pending_q <= '0;
      req_valid_q <= 1'b0;
      for (int unsigned c = 0; c < CHANNELS; c++) begin
        issued_q[c] <= '0;
        landed_q[c] <= '0;
      end
    end
  end

  assign req_valid_o = req_valid_q;
  assign req_o = req_q;
  assign busy_o = active_q | pending_q;

  `CHECK(JobToFreeChannel, job_valid_i |-> !busy_o[job_channel])
  `CHECK(DoneExpected, done_valid_i |-> pending_q[done_channel_i])
  `CHECK(RequestInBlock,
         req_valid_q |-> req_len != '0 && {1'b0, req_offset} + req_len <= (13'd1 << mrrs_i))
endmodule
