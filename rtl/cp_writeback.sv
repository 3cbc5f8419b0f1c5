// When get is to be written back: at BOUND_WRITEBACK_PACKETS moved, soon after a move, and when the queue settles.
//
// A queue that has something to write back gets older with a tick every 64 cycles and is due at the second tick, well
// within BOUND_WRITEBACK_CYCLES; at 8 packets it is due at once and get waits (CP-WB-003). A queue that has nothing left
// to do, or is about to halt or drain, is due at once, and is not idle before (CP-WB-004).
module cp_writeback
  import doorbell_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,

    input logic [5:0] cycles_i,  // low bits of the cycle counter

    input queues_t on_i,       // WRITEBACK.enable
    input load_t   load_i,
    input marks_t  got_i,      // low bits of get
    input queues_t settled_i,  // nothing else will move get

    input queues_t written_i,      // pulse: the write of this mark is accepted
    input mark_t   written_mark_i,

    output queues_t dirty_o,
    output queues_t hold_o,  // get may not move further
    output queues_t due_o
);
  marks_t written_q;
  queues_t young_q;  // seen by one tick
  queues_t old_q;  // by two

  assign dirty_o = on_i & differ(got_i, written_q);
  assign due_o   = dirty_o & (hold_o | settled_i | old_q);

  always_comb begin
    hold_o = '0;
    if (dirty_o != '0) begin
      for (int unsigned q = 0; q < QUEUES; q++) begin
        hold_o[q] = dirty_o[q]
            && mark_t'(got_i[q] - written_q[q]) >= mark_t'(BOUND_WRITEBACK_PACKETS);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    young_q <= (young_q | ((cycles_i == '0) ? dirty_o : '0)) & dirty_o & ~written_i;
    old_q   <= (old_q | ((cycles_i == '0) ? young_q : '0)) & dirty_o & ~written_i;
    if (written_i != '0) begin
      for (int unsigned q = 0; q < QUEUES; q++) begin
        if (written_i[q]) written_q[q] <= written_mark_i;
      end
    end
    if (load_i.valid) written_q[load_i.queue] <= load_i.count[MarkBits-1:0];
  end
endmodule
