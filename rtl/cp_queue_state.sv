// The state of each queue, its reset, and the abort of what it has running.
//
//   DISABLED ──enable──► RUNNING ──drain──► DRAINING ──drained──► DISABLED
//       ▲                   └──── error ────► HALTED ◄──── error ────┘
//       └──────────── reset, from any state, once nothing of the queue is in flight
//
// Reset and halt share one way to stop: what has started and does not end by itself is aborted as a whole queue, never
// before the command ports hold nothing of it, so that no accepted command escapes the abort. A reset ends only when
// every command has reported, every ring read is done and every write is accepted; then `load` re-bases put and get.
// With bus master off nothing ends, and so a reset waits (architecture: requests stall, nothing lost).
module cp_queue_state
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic    reset_i,       // level: device reset under way
    input logic    stop_i,        // level: fatal; nothing fetches or starts
    input queues_t enable_i,
    input queues_t drain_i,
    input queues_t ctrl_reset_i,
    input queues_t halted_i,      // pulse: error record and vector are out
    input queues_t failed_i,      // a failure is decided
    input queues_t stopping_i,    // all before the failure has retired

    // What is under way.
    input queues_t        fetching_i,          // ring reads
    input queues_t        moving_i,            // get has landed packets to move over
    input queues_t        checking_i,          // a packet is being checked
    input queues_t        handing_i,           // a started command is not yet with whoever performs it
    input queues_t        running_i,           // commands that have not reported
    input queues_t        empty_i,             // nothing started and unretired
    input queues_t        visiting_i,          // upstream engine, writes not accepted
    input queues_t        dirty_i,             // get not written back
    input queues_t        refused_i,           // a refused doorbell waits for its turn to fail
    input mark_t          started_i  [QUEUES],
    input logic    [63:0] put_i      [QUEUES],
    input logic    [63:0] get_i      [QUEUES],

    output queue_state_e state_o[QUEUES],
    output queues_t resetting_o,
    output queues_t idle_o,
    output queues_t live_o,     // RUNNING or DRAINING, not resetting: retires, takes failures
    output queues_t run_o,      // may read its ring, check and start packets
    output queues_t settled_o,  // nothing else will move get soon
    output queues_t halt_o,     // everything before the failure is done and nothing else is under way
    output queues_t load_o,     // pulse: put and get take START, everything else empties

    output logic    abort_valid_o,
    output abort_t  abort_o,
    output queues_t abort_queue_o  // the same pulse, one bit per queue
);
  queues_t resetting_q;
  queues_t aborted_q;  // since the last load
  logic cleared_q;     // START is at its reset value now: take it
  queues_t want_abort;
  queues_t abort_grant;
  queues_t flush;    // reset ends
  queues_t enabled;
  queues_t drained;

  queues_t front;      // packets on their way to a head
  queues_t caught_up;  // every published packet has retired

  always_comb begin
    front = fetching_i | moving_i | checking_i;
    for (int unsigned q = 0; q < QUEUES; q++) begin
      live_o[q] = (state_o[q] == QUEUE_STATE_RUNNING || state_o[q] == QUEUE_STATE_DRAINING) && !resetting_q[q];
      run_o[q] = state_o[q] == QUEUE_STATE_RUNNING && !resetting_q[q] && !failed_i[q] && !stop_i;
      caught_up[q] = empty_i[q] && started_i[q] == get_i[q][MarkBits-1:0] && put_i[q][16:0] == get_i[q][16:0];
      settled_o[q] = !front[q] && (caught_up[q] || (stopping_i[q] && !running_i[q])
          || (empty_i[q] && state_o[q] == QUEUE_STATE_DRAINING));
      enabled[q] = enable_i[q] && state_o[q] == QUEUE_STATE_DISABLED && !resetting_q[q] && !reset_i;
    end
  end

  // Apart from the rest: dirty_i depends on settled_o.
  always_comb begin
    for (int unsigned q = 0; q < QUEUES; q++) begin
      idle_o[q] = state_o[q] == QUEUE_STATE_DISABLED || state_o[q] == QUEUE_STATE_HALTED
          || (caught_up[q] && !front[q] && !visiting_i[q] && !dirty_i[q] && !failed_i[q] && !refused_i[q]);
    end
    idle_o &= ~resetting_q;
  end

  // Whole-queue conditions, each for all queues at once.
  assign halt_o = live_o & stopping_i & ~running_i & ~handing_i & ~front & ~dirty_i;
  assign drained = empty_i & ~failed_i & ~front & ~visiting_i & ~dirty_i;
  assign flush = resetting_q & ~running_i & ~handing_i & ~fetching_i & ~checking_i & ~visiting_i;
  assign want_abort = (resetting_q | (live_o & stopping_i)) & running_i & ~handing_i & ~aborted_q;
  assign abort_grant = want_abort & (~want_abort + queues_t'(1));  // lowest queue

  always_comb begin
    abort_o = '{whole: 1'b1, owner: '0};
    if (abort_grant != '0) abort_o.owner.queue = next_of(abort_grant, '1);
  end

  assign load_o = flush | enabled | {QUEUES{cleared_q}};
  assign resetting_o = resetting_q;
  assign abort_queue_o = abort_grant;
  assign abort_valid_o = abort_grant != '0;

  always_ff @(posedge clk_i) begin
    cleared_q <= rst_i;
    for (int unsigned q = 0; q < QUEUES; q++) begin
      if (load_o[q]) aborted_q[q] <= 1'b0;
      else if (abort_grant[q]) aborted_q[q] <= 1'b1;

      if (flush[q]) begin
        resetting_q[q] <= 1'b0;
        state_o[q] <= QUEUE_STATE_DISABLED;
      end else begin
        if (ctrl_reset_i[q] || (reset_i && state_o[q] != QUEUE_STATE_DISABLED))
          resetting_q[q] <= 1'b1;
        if (!resetting_q[q]) begin
          unique case (state_o[q])
            QUEUE_STATE_DISABLED: if (enabled[q]) state_o[q] <= QUEUE_STATE_RUNNING;
            QUEUE_STATE_RUNNING:
            if (halted_i[q]) state_o[q] <= QUEUE_STATE_HALTED;
            else if (drain_i[q]) state_o[q] <= QUEUE_STATE_DRAINING;
            QUEUE_STATE_DRAINING:
            if (halted_i[q]) state_o[q] <= QUEUE_STATE_HALTED;
            else if (drained[q]) state_o[q] <= QUEUE_STATE_DISABLED;
            QUEUE_STATE_HALTED: ;
            default: ;
          endcase
        end
      end
    end
    if (rst_i) begin
      resetting_q <= '0;
      aborted_q   <= '0;
      for (int unsigned q = 0; q < QUEUES; q++) state_o[q] <= QUEUE_STATE_DISABLED;
    end
  end
endmodule
