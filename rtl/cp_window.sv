// The commands of each queue that have started and not retired: up to WINDOW, in a ring of slots.
//
//        retired ──► [ head | . | . | . ] ◄── started        pending bit: the command has not reported yet
//
// A slot is the low 4 bits of the command's count. Commands report in any order; the head may retire once its pending
// bit is clear, so retirement is in order (CP-RETIRE-001). A WAIT is always the youngest started command of its queue.
`include "check.svh"

module cp_window
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input queues_t        load_i,
    input logic    [63:0] start_i[QUEUES],

    input logic   start_valid_i,  // a head starts
    input queue_t start_queue_i,
    input head_t  start_head_i,

    input logic    dma_done_valid_i,
    input owner_t  dma_done_i,
    input logic    launch_done_valid_i,
    input owner_t  launch_done_i,
    input queues_t wait_end_i,
    input queues_t retire_i,

    output mark_t          started_o      [QUEUES],
    output mark_t          retired_o      [QUEUES],
    output logic    [63:0] retired_count_o[QUEUES],  // since the queue was enabled
    output queues_t        empty_o,
    output queues_t        running_o,                // some command has not reported
    output queues_t        head_done_o,
    output queues_t        head_record_o,
    output queues_t        head_signal_o,
    output queues_t        head_signal_host_o
);
  typedef logic [WINDOW-1:0] slots_t;
  slots_t pending_q[QUEUES];
  slots_t record_q[QUEUES];
  slots_t signal_q[QUEUES];
  slots_t signal_host_q[QUEUES];
  slot_t start_slot;

  always_comb begin
    start_slot = started_o[start_queue_i][SlotBits-1:0];
    for (int unsigned q = 0; q < QUEUES; q++) begin
      slot_t head;
      head = retired_o[q][SlotBits-1:0];
      empty_o[q] = started_o[q] == retired_o[q];
      running_o[q] = pending_q[q] != '0;
      head_done_o[q] = !empty_o[q] && !pending_q[q][head];
      head_record_o[q] = record_q[q][head];
      head_signal_o[q] = signal_q[q][head];
      head_signal_host_o[q] = signal_host_q[q][head];
    end
  end

  always_ff @(posedge clk_i) begin
    if (dma_done_valid_i) pending_q[dma_done_i.queue][dma_done_i.slot] <= 1'b0;
    if (launch_done_valid_i) pending_q[launch_done_i.queue][launch_done_i.slot] <= 1'b0;
    if (start_valid_i) begin
      started_o[start_queue_i] <= started_o[start_queue_i] + 1'b1;
      pending_q[start_queue_i][start_slot] <= start_head_i.cls != ClassLight;
      record_q[start_queue_i][start_slot] <= start_head_i.has_record;
      signal_q[start_queue_i][start_slot] <= start_head_i.has_signal;
      signal_host_q[start_queue_i][start_slot] <= start_head_i.signal_host;
    end
    for (int unsigned q = 0; q < QUEUES; q++) begin
      if (wait_end_i[q]) pending_q[q][slot_t'(started_o[q][SlotBits-1:0]-1'b1)] <= 1'b0;
      if (retire_i[q]) begin
        retired_o[q] <= retired_o[q] + 1'b1;
        retired_count_o[q] <= retired_count_o[q] + 64'd1;
      end
      if (load_i[q]) begin
        started_o[q] <= start_i[q][MarkBits-1:0];
        retired_o[q] <= start_i[q][MarkBits-1:0];
        retired_count_o[q] <= '0;
      end
      if (rst_i) pending_q[q] <= '0;
    end
  end

  `CHECK(DmaDoneExpected, !dma_done_valid_i || pending_q[dma_done_i.queue][dma_done_i.slot])
  `CHECK(LaunchDoneExpected,
         !launch_done_valid_i || pending_q[launch_done_i.queue][launch_done_i.slot])
  `CHECK(RetiresHead, (retire_i & ~head_done_o) == '0)
  `CHECK(LoadsQuiet, (load_i & running_o) == '0)
endmodule
