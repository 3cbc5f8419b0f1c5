// The command processor's one client port at the semaphores: WAITs that arm and SIGNALs that act take turns.
//
//   cp_wait (arm) ────┐
//                     ├──► one request at a time ──► semaphores
//   cp_retire (signal)┘
module cp_semaphore_port
  import seams_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic     arm_valid_i,
    output logic     arm_ready_o,
    input  sem_req_t arm_i,
    output logic     armed_o,

    input  logic     signal_valid_i,
    output logic     signal_ready_o,
    input  sem_req_t signal_i,
    output logic     signalled_o,

    output logic     req_valid_o,
    input  logic     req_ready_i,
    output sem_req_t req_o,
    input  logic     rsp_valid_i
);
  logic busy_q;
  logic is_arm_q;  // also who went last

  assign arm_ready_o = !busy_q && !(signal_valid_i && is_arm_q);
  assign signal_ready_o = !busy_q && !(arm_valid_i && !is_arm_q);
  assign armed_o = busy_q && rsp_valid_i && is_arm_q;
  assign signalled_o = busy_q && rsp_valid_i && !is_arm_q;

  always_ff @(posedge clk_i) begin
    if (req_ready_i) req_valid_o <= 1'b0;
    if (rsp_valid_i) busy_q <= 1'b0;
    if (arm_valid_i && arm_ready_o) begin
      busy_q <= 1'b1;
      is_arm_q <= 1'b1;
      req_valid_o <= 1'b1;
      req_o <= arm_i;
    end else if (signal_valid_i && signal_ready_o) begin
      busy_q <= 1'b1;
      is_arm_q <= 1'b0;
      req_valid_o <= 1'b1;
      req_o <= signal_i;
    end
    if (rst_i) begin
      busy_q <= 1'b0;
      is_arm_q <= 1'b0;
      req_valid_o <= 1'b0;
    end
  end
endmodule
