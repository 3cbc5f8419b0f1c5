// Device reset: everything but configuration space and CYCLES goes back to its reset state.
//
//   request ──► reset_o up: queues stop ──► all idle ──► clear_o pulse ──► semaphores cleared ──► reset_o down
//                                           (or stuck)   flush_o ─────────────────────────────────┘
//
// Requests come from DEVICE.CONTROL and from the endpoint (FLR, leaving D3hot). Work in flight ends first, so that nothing
// from before the reset lands after it. Where it cannot end (fatal: no request leaves; a host that takes nothing) the clear
// comes all the same, in time for BOUND_RESET (ERR-RESET-004): clear_o resets every client of the endpoint in the cycle in
// which the endpoint drops what has not left. The clients of device memory stay in reset (flush_o) until whatever they had
// asked it for has been answered to nobody. A request during a reset is part of it.
module device_reset
  import doorbell_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic request_i,          // pulse
    input logic idle_i,             // no queue, engine, unit or link transfer is under way
    input logic fatal_i,            // no request leaves: waiting is vain
    input logic semaphores_busy_i,  // clearing

    output logic reset_o,  // level: queues reset and stay DISABLED
    output logic clear_o,  // pulse: everything but configuration space and CYCLES to its reset value
    output logic flush_o   // level, from clear_o on: clients of device memory are in reset
);
  typedef enum logic [2:0] {
    Running,
    Stop,  // the queues learn of the reset
    Drain,  // until nothing is in flight
    Clear,
    Settle  // until the semaphores are clear and device memory has answered
  } state_e;

  // Cycles for the queues to leave the idle state that they showed before the reset reached them.
  localparam int unsigned StopCycles = 4;

  // Cycles to wait for idle. What is left of the bound is enough to clear the semaphores.
  localparam int unsigned DrainCycles = BOUND_RESET_CYCLES / 2;
  // Cycles in which device memory answers all that it has accepted.
  localparam int unsigned SettleCycles = 16;

  localparam int unsigned CountBits = $clog2(DrainCycles + 1);

  state_e state_q;
  logic [CountBits-1:0] count_q;

  assign reset_o = state_q != Running;
  assign clear_o = state_q == Clear;
  assign flush_o = state_q inside {Clear, Settle};

  always_ff @(posedge clk_i) begin
    if (count_q != '0) count_q <= count_q - 1'b1;
    unique case (state_q)
      Running:
      if (request_i) begin
        state_q <= Stop;
        count_q <= CountBits'(StopCycles);
      end
      Stop:
      if (count_q == '0) begin
        state_q <= Drain;
        count_q <= CountBits'(DrainCycles);
      end
      Drain:   if (idle_i || fatal_i || count_q == '0) state_q <= Clear;
      Clear: begin
        state_q <= Settle;
        count_q <= CountBits'(SettleCycles);
      end
      Settle:  if (count_q == '0 && !semaphores_busy_i) state_q <= Running;
      default: state_q <= Running;
    endcase
    if (rst_i) begin
      state_q <= Running;
      count_q <= '0;
    end
  end
endmodule
