// The commands of each queue that have started and not retired: up to WINDOW, in a ring of slots.
//
//        retired ──► [ head | . | . | . ] ◄── started        pending bit: the command has not reported yet
//
// A slot is the low 4 bits of the command's count. Commands report in any order; the head may retire once its pending
// bit is clear, so retirement is in order (CP-RETIRE-001). A WAIT is always the youngest started command of its queue and
// has no pending bit: it is open until cp_wait says otherwise.
`include "check.svh"

module cp_window
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input load_t load_i,

    input logic   start_valid_i,  // a head starts
    input queue_t start_queue_i,
    input head_t  start_head_i,

    input logic    dma_done_valid_i,
    input owner_t  dma_done_i,
    input logic    launch_done_valid_i,
    input owner_t  launch_done_i,
    input queues_t waiting_i,            // the youngest is a WAIT that has not succeeded
    input queues_t wait_open_i,          // or failed
    input queues_t retire_i,

    output marks_t  started_o,
    output marks_t  retired_o,
    output queues_t empty_o,
    output queues_t open_o,             // some command has not reported
    output queues_t head_wait_o,        // the head is a WAIT that has not succeeded
    output queues_t head_done_o,
    output queues_t head_record_o,
    output queues_t head_signal_o,
    output queues_t head_signal_host_o
);
  typedef logic [WINDOW-1:0] slots_t;
  slots_t pending_q[QUEUES];
  slots_t record_q[QUEUES];
  slots_t signal_q[QUEUES];
  slots_t signal_host_q[QUEUES];
  slot_t start_slot;

  assign empty_o = ~differ(started_o, retired_o);

  always_comb begin
    start_slot = started_o[start_queue_i][SlotBits-1:0];
    open_o = '0;
    head_wait_o = '0;
    head_done_o = '0;
    head_record_o = '0;
    head_signal_o = '0;
    head_signal_host_o = '0;
    if (empty_o != '1) begin
      for (int unsigned q = 0; q < QUEUES; q++) begin
        automatic slot_t head = retired_o[q][SlotBits-1:0];
        open_o[q] = pending_q[q] != '0 || wait_open_i[q];
        head_wait_o[q] = waiting_i[q] && mark_t'(started_o[q] - retired_o[q]) == mark_t'(1);
        head_done_o[q] = !empty_o[q] && !pending_q[q][head] && !head_wait_o[q];
        head_record_o[q] = record_q[q][head];
        head_signal_o[q] = signal_q[q][head];
        head_signal_host_o[q] = signal_host_q[q][head];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i.valid) begin
      started_o[load_i.queue] <= load_i.count[MarkBits-1:0];
      retired_o[load_i.queue] <= load_i.count[MarkBits-1:0];
      pending_q[load_i.queue] <= '0;
    end
    if (dma_done_valid_i) pending_q[dma_done_i.queue][dma_done_i.slot] <= 1'b0;
    if (launch_done_valid_i) pending_q[launch_done_i.queue][launch_done_i.slot] <= 1'b0;
    if (start_valid_i) begin
      started_o[start_queue_i] <= started_o[start_queue_i] + 1'b1;
      pending_q[start_queue_i][start_slot] <= start_head_i.cls inside {ClassDma, ClassLaunch};
      record_q[start_queue_i][start_slot] <= start_head_i.has_record;
      signal_q[start_queue_i][start_slot] <= start_head_i.has_signal;
      signal_host_q[start_queue_i][start_slot] <= start_head_i.signal_host;
    end
    if (retire_i != '0) begin
      for (int unsigned q = 0; q < QUEUES; q++) begin
        if (retire_i[q]) retired_o[q] <= retired_o[q] + 1'b1;
      end
    end
  end

  `CHECK(DmaDoneExpected, !dma_done_valid_i || pending_q[dma_done_i.queue][dma_done_i.slot])
  `CHECK(LaunchDoneExpected,
         !launch_done_valid_i || pending_q[launch_done_i.queue][launch_done_i.slot])
  `CHECK(RetiresHead, (retire_i & ~head_done_o) == '0)
  `CHECK(LoadsQuiet, !load_i.valid || load_i.cleared || !open_o[load_i.queue])
endmodule
