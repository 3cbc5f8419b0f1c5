// Semaphores: wiring of the register window, the command processor's port and the bank they share.
//
//   register bus ──► semaphore_window ─┐
//                                      ├─ take turns ──► semaphore_bank ──► wake
//   command processor ─────────────────┘
//
// Operations act one after the other in the order in which they are accepted; a response goes to who asked.
module semaphores
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic clear_i,  // pulse: all values and poison to zero
    output logic busy_o,   // clearing, also after rst_i

    // Register bus: SEMAPHORE_SET, SEMAPHORE_ADD, SEMAPHORE_POISON.
    input  logic     reg_req_valid_i,
    input  reg_req_t reg_req_i,
    output logic     reg_rsp_valid_o,
    output reg_rsp_t reg_rsp_o,

    // Command processor.
    input  logic     sem_req_valid_i,
    output logic     sem_req_ready_o,
    input  sem_req_t sem_req_i,
    output logic     sem_rsp_valid_o,

    output queues_t wake_valid_o,
    output queues_t wake_poisoned_o,
    input  queues_t disarm_i
);
  logic window_valid, window_ready, window_rsp;
  sem_req_t window_req;
  logic bank_valid, bank_ready, bank_rsp;
  sem_req_t bank_req;
  logic [63:0] bank_value;
  logic bank_poisoned;
  logic pick_window;
  logic last_window_q;  // whose request was accepted last: its response is the next

  assign pick_window = window_valid && !(sem_req_valid_i && last_window_q);
  assign bank_valid = window_valid || sem_req_valid_i;
  assign bank_req = pick_window ? window_req : sem_req_i;
  assign window_ready = bank_ready && pick_window;
  assign sem_req_ready_o = bank_ready && !pick_window;
  assign window_rsp = bank_rsp && last_window_q;
  assign sem_rsp_valid_o = bank_rsp && !last_window_q;

  always_ff @(posedge clk_i) begin
    if (bank_valid && bank_ready) last_window_q <= pick_window;
    if (rst_i) last_window_q <= 1'b0;
  end

  semaphore_window u_window (
      .clk_i,
      .rst_i,
      .reg_req_valid_i,
      .reg_req_i,
      .reg_rsp_valid_o,
      .reg_rsp_o,
      .req_valid_o(window_valid),
      .req_ready_i(window_ready),
      .req_o(window_req),
      .rsp_valid_i(window_rsp),
      .rsp_value_i(bank_value),
      .rsp_poisoned_i(bank_poisoned)
  );

  semaphore_bank u_bank (
      .clk_i,
      .rst_i,
      .clear_i,
      .busy_o,
      .req_valid_i(bank_valid),
      .req_ready_o(bank_ready),
      .req_i(bank_req),
      .rsp_valid_o(bank_rsp),
      .rsp_value_o(bank_value),
      .rsp_poisoned_o(bank_poisoned),
      .wake_valid_o,
      .wake_poisoned_o,
      .disarm_i
  );
endmodule
