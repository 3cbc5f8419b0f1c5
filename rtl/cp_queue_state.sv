// The state of each queue, its reset, and the abort of what it has running.
//
//   DISABLED ──enable──► RUNNING ──drain──► DRAINING ──drained──► DISABLED
//       ▲                   └──── error ────► HALTED ◄──── error ────┘
//       └──────────── reset, from any state, once nothing of the queue is in flight
//
// Reset and halt share one way to stop: what has started and does not end by itself is aborted, a whole queue at a time,
// never before the command ports hold nothing of it, so that no accepted command escapes the abort. A reset ends only when
// every command has reported, every ring read is done and every write is accepted; then `load` re-bases put and get.
// With bus master off nothing ends, and so a queue reset waits (EP-BM-001: requests stall, nothing is lost).
// One queue loads at a time; after rst_i all of them do, in 8 cycles.
module cp_queue_state
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic           reset_i,          // level: device reset under way
    input logic           stop_i,           // level: fatal; nothing fetches or starts
    input queues_t        enable_i,
    input queues_t        drain_i,
    input queues_t        ctrl_reset_i,
    input queues_t        halt_done_i,      // pulse: error record and vector are out
    input queues_t        failed_i,         // a failure is decided
    input queues_t        stopping_i,       // all before the failure has retired
    input logic    [63:0] start_i [QUEUES],

    // What is under way.
    input queues_t fetching_i,   // ring reads
    input queues_t moving_i,     // get has landed packets to move over
    input queues_t checking_i,   // a packet is being checked
    input queues_t handing_i,    // a started command is not yet with whoever performs it
    input queues_t open_i,       // commands that have not reported
    input queues_t empty_i,      // nothing started and unretired
    input queues_t visiting_i,   // upstream engine, writes not accepted
    input queues_t dirty_i,      // get not written back
    input queues_t refused_i,    // a refused doorbell waits for its turn to fail
    input queues_t caught_up_i,  // put == get == started

    // State, one bit a queue; none of them: DISABLED.
    output queues_t running_o,
    output queues_t draining_o,
    output queues_t halted_o,
    output queues_t resetting_o,
    output queues_t idle_o,

    output queues_t live_o,     // RUNNING or DRAINING, not resetting: retires, takes failures
    output queues_t run_o,      // may read its ring, check and start packets
    output queues_t settled_o,  // nothing else will move get soon
    output queues_t halt_o,     // everything before the failure is done and nothing else is under way
    output load_t   load_o,

    output logic    abort_valid_o,
    output queue_t  abort_queue_o,
    output queues_t aborted_o  // the same pulse, one bit per queue
);
  queues_t cleared_q;  // still to load after rst_i
  queues_t aborted_q;  // since the last load
  queues_t front;      // packets on their way to a head
  queues_t retired_all;
  queues_t want_abort;
  queues_t flush;      // a reset is over
  queues_t enable;
  queues_t load;
  queues_t drained;

  // Every line is for all queues at once.
  assign front = fetching_i | moving_i | checking_i;
  assign retired_all = empty_i & caught_up_i;
  assign live_o = (running_o | draining_o) & ~resetting_o;
  assign run_o = stop_i ? '0 : (running_o & ~resetting_o & ~failed_i);
  assign settled_o = ~front & (retired_all | (stopping_i & ~open_i) | (empty_i & draining_o));
  assign halt_o = live_o & stopping_i & ~open_i & ~handing_i & ~front & ~dirty_i;
  assign drained = empty_i & ~failed_i & ~front & ~visiting_i & ~dirty_i;
  assign idle_o = ~resetting_o
      & (~(running_o | draining_o) | (retired_all & ~front & ~visiting_i & ~dirty_i & ~failed_i & ~refused_i));
  assign want_abort = (resetting_o | (live_o & stopping_i)) & open_i & ~handing_i & ~aborted_q;
  assign aborted_o = want_abort & (~want_abort + queues_t'(1));  // lowest queue
  assign abort_valid_o = want_abort != '0;
  assign abort_queue_o = abort_valid_o ? next_of(want_abort, '1) : '0;
  assign flush = resetting_o & ~open_i & ~handing_i & ~fetching_i & ~checking_i & ~visiting_i;
  assign enable = reset_i ? '0 : (enable_i & ~(running_o | draining_o | halted_o | resetting_o | cleared_q));

  // An enable comes for one queue and lasts one cycle, so it goes first; the others wait.
  always_comb begin
    queues_t want;
    want   = (enable != '0) ? enable : (cleared_q | flush);
    load   = want & (~want + queues_t'(1));
    load_o = '0;
    if (want != '0) begin
      load_o.valid = 1'b1;
      load_o.queue = next_of(want, '1);
      load_o.cleared = cleared_q[load_o.queue];
      load_o.was_reset = enable == '0;
      load_o.count = load_o.cleared ? QUEUE_START_RESET : start_i[load_o.queue];
    end
  end

  always_ff @(posedge clk_i) begin
    cleared_q <= cleared_q & ~load;
    aborted_q <= (aborted_q | aborted_o) & ~load;
    resetting_o <= (resetting_o & ~load) | ctrl_reset_i
        | (reset_i ? (running_o | draining_o | halted_o) & ~load : '0);
    running_o <= enable | (running_o & ~load & (resetting_o | ~(halt_done_i | drain_i)));
    draining_o <= ~load & ((running_o & ~resetting_o & drain_i & ~halt_done_i)
        | (draining_o & (resetting_o | ~(halt_done_i | drained))));
    halted_o <= ~load & (halted_o | (live_o & halt_done_i));
    if (rst_i) begin
      cleared_q <= '1;
      aborted_q <= '0;
      resetting_o <= '0;
      running_o <= '0;
      draining_o <= '0;
      halted_o <= '0;
    end
  end
endmodule
