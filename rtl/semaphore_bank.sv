// The semaphores: 1,024 x (64-bit value, poison bit) and one waiter per queue. One operation at a time.
//
//   clients ──► [ request ] ──► read, compute, write ──► response
//                                        └──► compare with all waiters ──► wake
//
// accept, execute, accept, execute...: the compare of one operation runs while the next is accepted, so each write has met
// every waiter before the next operation reads anything (architecture: SEM). An arm that is satisfied at once wakes at
// once. Poison wakes unsatisfied waiters only; setting a value does not take poison away.
// After reset and with clear_i all values and poison are cleared, one a cycle; requests wait meanwhile (busy_o).
// Not modelled: more than one bank.
`include "check.svh"

module semaphore_bank
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic clear_i,  // pulse: clear everything
    output logic busy_o,   // clearing

    input  logic            req_valid_i,
    output logic            req_ready_o,
    input  sem_req_t        req_i,
    output logic            rsp_valid_o,
    output logic     [63:0] rsp_value_o,    // before the operation
    output logic            rsp_poisoned_o, // before the operation

    output queues_t wake_valid_o,     // pulse: the waiter of this queue is done
    output queues_t wake_poisoned_o,  // with it: it failed
    input  queues_t disarm_i
);
  typedef logic [SemBits-1:0] index_t;
  localparam index_t LastIndex = index_t'(SEMAPHORES - 1);

  logic [63:0] value[SEMAPHORES];
  logic poison[SEMAPHORES];

  logic clearing_q;
  index_t clear_index_q;

  logic exec_q;
  sem_req_t req_q;

  // Waiters.
  queues_t armed_q;
  index_t wait_index_q[QUEUES];
  wait_condition_e wait_condition_q[QUEUES];
  logic [63:0] wait_value_q[QUEUES];

  // The last change, on its way past the waiters.
  logic changed_q;
  logic poisoned_q;  // it was a poisoning
  index_t changed_index_q;
  logic [63:0] changed_value_q;

  assign req_ready_o = !clearing_q && !exec_q && !clear_i;
  assign busy_o = clearing_q;

  function automatic logic satisfied(wait_condition_e condition, logic [63:0] now,
                                     logic [63:0] wanted);
    logic [63:0] ahead;
    ahead = now - wanted;
    return (condition == WAIT_CONDITION_EQ) ? ahead == '0 : !ahead[63];
  endfunction

  // Clear, execute.
  always_ff @(posedge clk_i) begin
    exec_q <= req_valid_i && req_ready_o;
    if (req_valid_i && req_ready_o) req_q <= req_i;

    if (clearing_q) begin
      value[clear_index_q] <= '0;
      poison[clear_index_q] <= 1'b0;
      clear_index_q <= clear_index_q + 1'b1;
      if (clear_index_q == LastIndex) clearing_q <= 1'b0;
    end
    if (rst_i || clear_i) begin
      clearing_q <= 1'b1;
      clear_index_q <= '0;
    end

    rsp_valid_o <= exec_q;
    changed_q   <= 1'b0;
    if (exec_q) begin
      logic [63:0] old;
      logic [63:0] new_value;
      logic writes;
      old = value[req_q.index];
      new_value = req_q.value;
      writes = 1'b1;
      unique case (req_q.op)
        SemSet, SemSwap: ;
        SemAdd: new_value = old + req_q.value;
        SemCas: begin
          new_value = req_q.value2;
          writes = old == req_q.value;
        end
        default: writes = 1'b0;
      endcase
      rsp_value_o <= old;
      rsp_poisoned_o <= poison[req_q.index];
      if (writes) value[req_q.index] <= new_value;
      if (req_q.op == SemPoison) poison[req_q.index] <= req_q.value[0];
      changed_q <= writes || (req_q.op == SemPoison && req_q.value[0]);
      poisoned_q <= req_q.op == SemPoison;
      changed_index_q <= req_q.index;
      changed_value_q <= new_value;
    end
    if (rst_i) begin
      exec_q <= 1'b0;
      rsp_valid_o <= 1'b0;
      changed_q <= 1'b0;
    end
  end

  // Arm, compare, wake.
  always_ff @(posedge clk_i) begin
    wake_valid_o <= '0;
    wake_poisoned_o <= '0;
    if (changed_q) begin
      for (int unsigned q = 0; q < QUEUES; q++) begin
        if (armed_q[q] && wait_index_q[q] == changed_index_q && (poisoned_q || satisfied(
                wait_condition_q[q], changed_value_q, wait_value_q[q]
            ))) begin
          wake_valid_o[q] <= 1'b1;
          wake_poisoned_o[q] <= poisoned_q;
          armed_q[q] <= 1'b0;
        end
      end
    end
    if (exec_q && req_q.op == SemArm) begin
      queue_t q;
      q = req_q.value2[QueueBits-1:0];
      if (satisfied(req_q.condition, value[req_q.index], req_q.value)) begin
        wake_valid_o[q] <= 1'b1;
      end else if (poison[req_q.index]) begin
        wake_valid_o[q] <= 1'b1;
        wake_poisoned_o[q] <= 1'b1;
      end else begin
        armed_q[q] <= 1'b1;
        wait_index_q[q] <= req_q.index;
        wait_condition_q[q] <= req_q.condition;
        wait_value_q[q] <= req_q.value;
      end
    end
    for (int unsigned q = 0; q < QUEUES; q++) begin
      if (disarm_i[q] || rst_i || clear_i) armed_q[q] <= 1'b0;
    end
    if (rst_i) wake_valid_o <= '0;
  end

  `CHECK(OneWaiterPerQueue, !(exec_q && req_q.op == SemArm && armed_q[req_q.value2[QueueBits-1:0]]))
endmodule
