// Watchdog: a command other than WAIT that takes too long fails.
//
// One queue is looked at per cycle: its oldest unretired command, by the time of its start. So a command is judged once
// everything before it has retired, at most 8 cycles late. The failure stops the queue, which aborts what it has running
// (cp_queue_state). A command that has reported and only waits for the link is not judged.
module cp_watchdog
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic [63:0] cycles_i,

    input logic   start_valid_i,
    input queue_t start_queue_i,
    input slot_t  start_slot_i,

    input queues_t        live_i,
    input queues_t        empty_i,
    input queues_t        head_done_i,
    input queues_t        head_wait_i,
    input marks_t         retired_i,
    input logic    [63:0] limit_i     [QUEUES],

    output failure_t failure_o
);
  logic [63:0] start_time[QUEUES*WINDOW];
  queue_t q;
  logic late_q;
  queue_t late_queue_q;

  always_comb begin
    q = cycles_i[QueueBits-1:0];
    // Not if it has reported since: its retirement may be under way.
    failure_o = '{
        valid: late_q && !head_done_i[late_queue_q],
        queue: late_queue_q,
        mark: retired_i[late_queue_q],
        code: ERROR_WATCHDOG,
        address: '0
    };
  end

  always_ff @(posedge clk_i) begin
    if (start_valid_i) start_time[{start_queue_i, start_slot_i}] <= cycles_i;
    late_q <= 1'b0;
    if (live_i[q] && !empty_i[q] && !head_done_i[q] && !head_wait_i[q] && limit_i[q] != '0) begin
      late_q <= cycles_i - start_time[{q, retired_i[q][SlotBits-1:0]}] > limit_i[q];
      late_queue_q <= q;
    end
    if (rst_i) late_q <= 1'b0;
  end
endmodule
