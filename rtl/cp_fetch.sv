// Ring reads: which queue asks next, for how many packets.
//
//   put, fetched ──► round-robin over queues ──► [ cut ] ──► [ read request ] ──► endpoint's requester
//
// One request asks for up to 8 consecutive packets, cut by put, by free places, by the ring's end and at a naturally
// aligned MRRS boundary. A queue asks when 4 places are free, so that a long run does not decay into single packets;
// several requests of a queue and of different queues are outstanding at once. Never a slot at or above put
// (CP-RING-001), never a slot twice (CP-RING-005). Lines that come back find their place through `dst`.
`include "check.svh"

module cp_fetch
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input load_t                     load_i,
    input queues_t                   run_i,                // may read its ring
    input logic    [      63:0]      put_i       [QUEUES],
    input logic    [      63:0]      ring_base_i [QUEUES],
    input logic    [QUEUES-1:0][4:0] ring_log2_i,
    input marks_t                    started_i,
    input logic    [       3:0]      mrrs_i,               // log2 bytes

    output logic      read_valid_o,
    input  logic      read_ready_i,
    output read_req_t read_req_o,

    // The request being made, for cp_landing: `count` packets of `queue` from `mark` on.
    output logic          ask_valid_o,
    output queue_t        ask_queue_o,
    output mark_t         ask_mark_o,
    output logic    [3:0] ask_count_o,
    output marks_t        fetched_o,
    output queues_t       behind_o,     // fetched is below put
    output queues_t       busy_o        // chosen, not yet a request
);
  localparam int unsigned FreeMin = 4;
  localparam int unsigned RunLog2 = 3;  // 8 packets a request
  localparam int unsigned PacketLog2 = $clog2(PACKET_BYTES);
  localparam int unsigned CountBits = 17;  // put - fetched is at most 2^16

  typedef logic [CountBits-1:0] count_t;

  count_t fetched_q[QUEUES];
  queues_t wanted;
  logic choose;
  logic chosen_valid_q;
  queue_t chosen_q;  // also the round-robin's last choice

  always_comb begin
    for (int unsigned q = 0; q < QUEUES; q++) behind_o[q] = put_i[q][CountBits-1:0] != fetched_q[q];
    wanted = behind_o & run_i;
    if (wanted != '0) begin
      for (int unsigned q = 0; q < QUEUES; q++) begin
        if (mark_t'(fetched_o[q] - started_i[q]) > mark_t'(Prefetch - FreeMin)) wanted[q] = 1'b0;
      end
    end
    choose = wanted != '0 && !chosen_valid_q && (!read_valid_o || read_ready_i);
  end

  assign busy_o = one_hot(chosen_valid_q, chosen_q);

  // Cut the run.
  always_comb begin
    automatic logic [RunLog2-1:0] run_log2 = '0;
    automatic logic [RunLog2:0] until_boundary = '0;
    automatic count_t until_put = '0;
    automatic mark_t free = '0;
    ask_valid_o = chosen_valid_q && run_i[chosen_q];
    ask_queue_o = chosen_q;
    ask_mark_o  = fetched_o[chosen_q];
    ask_count_o = '0;
    if (ask_valid_o) begin
      run_log2 = RunLog2'(RunLog2);
      if (mrrs_i < 4'(PacketLog2 + RunLog2)) run_log2 = RunLog2'(mrrs_i - 4'(PacketLog2));
      if (ring_log2_i[chosen_q] < 5'(run_log2)) run_log2 = RunLog2'(ring_log2_i[chosen_q]);
      until_boundary = (4'd1 << run_log2) - (4'(ask_mark_o) & ((4'd1 << run_log2) - 4'd1));
      until_put = put_i[chosen_q][CountBits-1:0] - fetched_q[chosen_q];
      free = mark_t'(Prefetch) - mark_t'(ask_mark_o - started_i[chosen_q]);
      ask_count_o = until_boundary;
      if (until_put < count_t'(ask_count_o)) ask_count_o = until_put[RunLog2:0];
      if (free < mark_t'(ask_count_o)) ask_count_o = free[RunLog2:0];
    end
  end

  always_ff @(posedge clk_i) begin
    chosen_valid_q <= choose;
    if (choose) chosen_q <= next_of(wanted, chosen_q);

    if (read_ready_i) read_valid_o <= 1'b0;
    if (ask_valid_o) begin
      read_valid_o <= 1'b1;
      read_req_o <= '{
          client: ClientFetch,
          queue: chosen_q,
          info: {ask_mark_o[PlaceBits-1:0], chosen_q},
          addr:
          ring_base_i[chosen_q]
          + 64'(
          {slot_of(fetched_q[chosen_q], ring_log2_i[chosen_q]), PacketLog2'(0)}
          ),
          len: 13'({ask_count_o, PacketLog2'(0)}),
          dst: 32'({chosen_q, ask_mark_o[PlaceBits-1:0], PacketLog2'(0)})
      };
      fetched_q[chosen_q] <= fetched_q[chosen_q] + count_t'(ask_count_o);
      fetched_o[chosen_q] <= ask_mark_o + mark_t'(ask_count_o);
    end
    if (load_i.valid) begin
      fetched_q[load_i.queue] <= load_i.count[CountBits-1:0];
      fetched_o[load_i.queue] <= load_i.count[MarkBits-1:0];
    end
    if (rst_i) begin
      chosen_valid_q <= 1'b0;
      chosen_q <= '0;
      read_valid_o <= 1'b0;
    end
  end

  // Slot of a count (CP-RING-002).
  function automatic logic [15:0] slot_of(count_t count, logic [4:0] log2);
    return 16'(count & ((count_t'(1) << log2) - count_t'(1)));
  endfunction

  `CHECK(AsksForSomething, !ask_valid_o || ask_count_o != '0)
endmodule
