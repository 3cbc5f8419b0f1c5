// Open WAITs: one per queue. Nothing shared is held while a queue waits, and nothing polls.
//
//   start ──► Load ──► Arm ──► Arming ──► Armed ──► (satisfied) Idle
//                      (semaphores answer)  └─────► Poisoned, Expired ──► Failed, until the queue is loaded again
//
// A failed WAIT still holds the queue, so that nothing starts behind it while its failure is on its way.
// The deadline counts from the start of the WAIT; 0 takes WAIT_LIMIT, and that one 0 is none. One queue's deadline is
// looked at per cycle, so it strikes at most 8 cycles late. A wake that comes first wins over a deadline.
module cp_wait
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic [63:0] cycles_i,

    input load_t               load_i,
    input logic                start_valid_i,        // a WAIT starts
    input queue_t              start_queue_i,
    input logic                operands_valid_i,     // its operands, in the next cycle
    input queue_t              operands_queue_i,
    input wait_packet_t        operands_i,
    input logic         [63:0] limit_i      [QUEUES],
    input marks_t              started_i,
    input queues_t             cancel_i,             // the queue is being stopped

    // Semaphores.
    output logic     arm_valid_o,
    input  logic     arm_ready_i,
    output sem_req_t arm_o,
    input  logic     armed_i,          // the arm accepted last is done; a wake comes with it or later
    input  queues_t  wake_i,
    input  queues_t  wake_poisoned_i,
    output queues_t  disarm_o,

    output queues_t  waiting_o,  // no later command may start
    output queues_t  open_o,     // neither succeeded nor failed
    output queues_t  arming_o,   // not yet armed: cannot be cancelled
    output failure_t failure_o
);
  typedef enum logic [2:0] {
    Idle,
    Load,
    Arm,
    Arming,
    Armed,
    Poisoned,
    Expired,
    Failed
  } state_e;

  state_e [QUEUES-1:0] state_q;
  queues_t timed_q;  // has a deadline
  logic [SemBits-1:0] index_q[QUEUES];
  wait_condition_e condition_q[QUEUES];
  logic [63:0] value_q[QUEUES];
  logic [63:0] deadline_q[QUEUES];

  logic any;  // some queue waits
  queues_t want_arm;
  queues_t failing;
  queues_t wakeable;
  queue_t arm_queue;
  queue_t failing_queue;
  queue_t look;  // whose deadline is looked at

  assign any  = state_q != '0;
  assign look = cycles_i[QueueBits-1:0];

  always_comb begin
    waiting_o = '0;
    open_o = '0;
    arming_o = '0;
    want_arm = '0;
    wakeable = '0;
    failing = '0;
    if (any) begin
      for (int unsigned q = 0; q < QUEUES; q++) begin
        waiting_o[q] = state_q[q] != Idle;
        open_o[q] = state_q[q] != Idle && state_q[q] != Failed;
        arming_o[q] = state_q[q] inside {Load, Arm, Arming};
        want_arm[q] = state_q[q] == Arm;
        wakeable[q] = state_q[q] inside {Arming, Armed};
        failing[q] = state_q[q] inside {Poisoned, Expired};
      end
    end
    arm_valid_o = want_arm != '0;
    arm_queue = '0;
    arm_o = '0;
    if (arm_valid_o) begin
      arm_queue = next_of(want_arm, '1);
      arm_o = '{
          op: SemArm,
          index: index_q[arm_queue],
          condition: condition_q[arm_queue],
          value: value_q[arm_queue],
          value2: 64'(arm_queue)
      };
    end
    failing_queue = '0;
    if (failing != '0) failing_queue = next_of(failing, '1);
  end

  always_ff @(posedge clk_i) begin
    disarm_o <= '0;
    failure_o.valid <= 1'b0;

    if (start_valid_i) state_q[start_queue_i] <= Load;
    if (operands_valid_i) begin
      logic [63:0] cycles;
      logic [64:0] deadline;
      cycles   = (operands_i.deadline != '0) ? operands_i.deadline : limit_i[operands_queue_i];
      deadline = {1'b0, cycles_i} + {1'b0, cycles};
      state_q[operands_queue_i] <= Arm;
      index_q[operands_queue_i] <= operands_i.semaphore[SemBits-1:0];
      condition_q[operands_queue_i] <= wait_condition_e'(operands_i.condition);
      value_q[operands_queue_i] <= operands_i.value;
      deadline_q[operands_queue_i] <= deadline[63:0];
      timed_q[operands_queue_i] <= cycles != '0 && !deadline[64];  // past the end of time: never
    end

    if (any) begin
      if (arm_valid_o && arm_ready_i) state_q[arm_queue] <= Arming;
      if (state_q[look] == Armed && timed_q[look] && cycles_i >= deadline_q[look]) begin
        state_q[look]  <= Expired;
        disarm_o[look] <= 1'b1;
      end
      if (failing != '0) begin
        state_q[failing_queue] <= Failed;
        failure_o <= '{
            valid: 1'b1,
            queue: failing_queue,
            mark: started_i[failing_queue] - 1'b1,
            code: (state_q[failing_queue] == Poisoned) ? ERROR_WAIT_POISONED : ERROR_WAIT_TIMEOUT,
            address: '0
        };
      end
      for (int unsigned q = 0; q < QUEUES; q++) begin
        if (armed_i && state_q[q] == Arming) state_q[q] <= Armed;
        if (wake_i[q] && wakeable[q]) state_q[q] <= wake_poisoned_i[q] ? Poisoned : Idle;
        if (cancel_i[q] && waiting_o[q]) begin
          state_q[q]  <= Failed;
          disarm_o[q] <= 1'b1;
        end
      end
    end
    if (load_i.valid) state_q[load_i.queue] <= Idle;
    if (rst_i) begin
      state_q <= '0;
      disarm_o <= '0;
      failure_o.valid <= 1'b0;
    end
  end
endmodule
