// When get is to be written back: at BOUND_WRITEBACK_PACKETS moved, soon after a move, and when the queue settles.
//
// A queue that has something to write back gets older with a tick every 64 cycles and is due at the second tick, well
// within BOUND_WRITEBACK_CYCLES; at 8 packets it is due at once and get waits (CP-WB-003). A queue that has nothing left to
// do, or is about to halt or drain, is due at once, and is not idle before (CP-WB-004).
module cp_writeback
  import doorbell_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic [5:0] cycles_i,  // low bits of the cycle counter

    input queues_t        on_i,               // WRITEBACK.enable
    input queues_t        load_i,
    input logic    [63:0] start_i   [QUEUES],
    input logic    [63:0] get_i     [QUEUES],
    input queues_t        settled_i,          // nothing else will move get

    input queues_t written_i,                 // pulse: the write of this mark is accepted
    input mark_t   written_mark_i,

    output queues_t dirty_o,
    output queues_t hold_o,  // get may not move further
    output queues_t due_o
);
  mark_t written_q[QUEUES];
  logic [1:0] age_q[QUEUES];

  always_comb begin
    for (int unsigned q = 0; q < QUEUES; q++) begin
      mark_t moved;
      moved = get_i[q][MarkBits-1:0] - written_q[q];
      dirty_o[q] = on_i[q] && moved != '0;
      hold_o[q] = on_i[q] && moved >= mark_t'(BOUND_WRITEBACK_PACKETS);
      due_o[q] = dirty_o[q] && (hold_o[q] || settled_i[q] || age_q[q] == 2'd2);
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned q = 0; q < QUEUES; q++) begin
      if (written_i[q] || !dirty_o[q]) age_q[q] <= '0;
      else if (cycles_i == '0 && age_q[q] != 2'd2) age_q[q] <= age_q[q] + 2'd1;

      if (written_i[q]) written_q[q] <= written_mark_i;
      if (load_i[q]) written_q[q] <= start_i[q][MarkBits-1:0];
    end
  end
endmodule
