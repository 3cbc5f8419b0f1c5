// What comes back from the ring: packets land, get moves over them in order, failed reads are remembered.
//
//   read beats ──► packet RAM, landed bits ──► get (one packet a cycle, the queues take turns)
//   read done  ──► outstanding count, failure at the first packet of the read that did not land
//
// Requests of one queue complete in any order; get moves over landed packets only in the order of their counts, and
// not more than BOUND_WRITEBACK_PACKETS ahead of what was written back (hold_i). A packet can be checked once get has
// moved past it, so started <= get. A failed read never stops the packets in front of it.
`include "check.svh"

module cp_landing
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input load_t load_i,

    // Requests, from cp_fetch.
    input logic         ask_valid_i,
    input queue_t       ask_queue_i,
    input mark_t        ask_mark_i,
    input logic   [3:0] ask_count_i,
    input marks_t       fetched_i,

    // From the endpoint's requester; no back-pressure.
    input logic       beat_valid_i,
    input read_beat_t beat_i,
    input logic       done_valid_i,
    input read_done_t done_i,

    output logic   write_valid_o,  // to the packet RAM
    output place_t write_place_o,

    input  queues_t        hold_i,           // get waits for its write-back
    output logic    [63:0] get_o   [QUEUES],
    output marks_t         got_o,            // its low bits
    output queues_t        moving_o,         // get has packets to move over
    output queues_t        busy_o,           // reads outstanding

    output queues_t      failed_o,
    output marks_t       failed_mark_o,
    output read_status_e failed_status_o[QUEUES],
    output logic    [63:0] failed_address_o[QUEUES]  // of the failed read's first byte
);
  typedef logic [PlaceBits-1:0] index_t;

  logic [Places-1:0] landed_q[QUEUES];
  logic [QUEUES-1:0][4:0] outstanding_q;
  queue_t moved_q;  // whose get moved last
  logic done_valid_q;  // one cycle behind, so that a last beat in the same cycle has landed
  queue_t done_queue_q;
  index_t done_index_q;  // of the read's first packet
  read_status_e done_status_q;
  logic [63:0] done_address_q;

  queue_t beat_queue;
  index_t beat_index;
  queues_t unmoved;  // packets asked for that get has not passed
  queues_t movable;
  queue_t mover;

  always_comb begin
    {beat_queue, beat_index} = beat_i.dst[$clog2(PACKET_BYTES)+:QueueBits+PlaceBits];
    write_valid_o = beat_valid_i && beat_i.client == ClientFetch;
    write_place_o = {beat_queue, beat_index};
    unmoved = differ(got_o, fetched_i);
    moving_o = '0;
    mover = '0;
    busy_o = '0;
    if (unmoved != '0) begin
      for (int unsigned q = 0; q < QUEUES; q++) begin
        moving_o[q] = unmoved[q] && landed_q[q][index_t'(got_o[q])];
      end
    end
    movable = moving_o & ~hold_i;
    if (movable != '0) mover = next_of(movable, moved_q);
    if (outstanding_q != '0) begin
      for (int unsigned q = 0; q < QUEUES; q++) busy_o[q] = outstanding_q[q] != '0;
    end
  end

  always_ff @(posedge clk_i) begin
    done_valid_q <= done_valid_i && done_i.client == ClientFetch;
    if (done_valid_i && done_i.client == ClientFetch) begin
      {done_index_q, done_queue_q} <= done_i.info;
      done_status_q <= done_i.status;
      done_address_q <= done_i.addr;
    end
    if (ask_valid_i) begin
      landed_q[ask_queue_i] <= landed_q[ask_queue_i]
          & ~(((Places'(1) << ask_count_i) - Places'(1)) << index_t'(ask_mark_i));
    end
    if (write_valid_o) landed_q[beat_queue][beat_index] <= 1'b1;

    if (ask_valid_i && !(done_valid_q && done_queue_q == ask_queue_i)) begin
      outstanding_q[ask_queue_i] <= outstanding_q[ask_queue_i] + 5'd1;
    end
    if (done_valid_q && !(ask_valid_i && done_queue_q == ask_queue_i)) begin
      outstanding_q[done_queue_q] <= outstanding_q[done_queue_q] - 5'd1;
    end

    if (movable != '0) begin
      moved_q <= mover;
      get_o[mover] <= get_o[mover] + 64'd1;
      got_o[mover] <= got_o[mover] + 1'b1;
    end
    if (load_i.valid) begin
      get_o[load_i.queue] <= load_i.count;
      got_o[load_i.queue] <= load_i.count[MarkBits-1:0];
    end
    if (rst_i) begin
      outstanding_q <= '0;
      moved_q <= '0;
      done_valid_q <= 1'b0;
    end
  end

  // Failures: the lowest count wins (it is the first that the queue comes to).
  always_ff @(posedge clk_i) begin
    if (done_valid_q && done_status_q != ReadOk) begin
      index_t missing;
      index_t ahead;
      missing = first_missing(done_index_q);
      ahead   = missing - index_t'(got_o[done_queue_q]);
      if (!failed_o[done_queue_q]
          || ahead < index_t'(failed_mark_o[done_queue_q] - got_o[done_queue_q])) begin
        failed_o[done_queue_q] <= 1'b1;
        failed_mark_o[done_queue_q] <= got_o[done_queue_q] + mark_t'(ahead);
        failed_status_o[done_queue_q] <= done_status_q;
        failed_address_o[done_queue_q] <= done_address_q;
      end
    end
    if (load_i.valid) failed_o[load_i.queue] <= 1'b0;
    if (rst_i) failed_o <= '0;
  end

  // The first packet from `index` on that did not land, or the first that was not asked for.
  function automatic index_t first_missing(index_t index);
    first_missing = index;
    for (int unsigned i = 0; i < 8; i++) begin
      if (landed_q[done_queue_q][first_missing]
          && first_missing != index_t'(fetched_i[done_queue_q])) begin
        first_missing = first_missing + 1'b1;
      end
    end
  endfunction

  `CHECK(WholePackets, !write_valid_o || (beat_i.be == '1 && beat_i.dst[5:0] == '0))
  `CHECK(AskedFor, !write_valid_o || busy_o[beat_queue])
  `CHECK(DoneAskedFor, !done_valid_q || busy_o[done_queue_q])
endmodule
