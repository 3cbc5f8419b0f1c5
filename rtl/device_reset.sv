// Device reset: everything but configuration space and CYCLES goes back to its reset state.
//
//   request ──► reset_o up: queues stop ──► all idle ──► clear_o pulse ──► semaphores cleared ──► reset_o down
//
// Requests come from DEVICE.CONTROL and from the endpoint (FLR, leaving D3hot). Nothing is cleared while a read, a write
// or a command is in flight, so nothing from before the reset can land after it. A request during a reset is part of it.
module device_reset (
    input logic clk_i,
    input logic rst_i,

    input logic request_i,          // pulse
    input logic idle_i,             // no queue, engine, unit or link transfer is under way
    input logic semaphores_busy_i,  // clearing

    output logic reset_o,  // level: queues reset and stay DISABLED
    output logic clear_o   // pulse: registers, counters, MSI-X, semaphores to their reset values
);
  typedef enum logic [2:0] {
    Running,
    Stop,   // the queues learn of the reset
    Drain,  // until nothing is in flight
    Clear,
    Settle  // until the semaphores are clear
  } state_e;

  // Cycles for the queues to leave the idle state that they showed before the reset reached them.
  localparam int unsigned StopCycles = 4;

  state_e state_q;
  logic [2:0] count_q;

  assign reset_o = state_q != Running;
  assign clear_o = state_q == Clear;

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      Running:
      if (request_i) begin
        state_q <= Stop;
        count_q <= 3'(StopCycles);
      end
      Stop: begin
        count_q <= count_q - 3'd1;
        if (count_q == '0) state_q <= Drain;
      end
      Drain: if (idle_i) state_q <= Clear;
      Clear: begin
        state_q <= Settle;
        count_q <= 3'(StopCycles);
      end
      Settle:
      if (count_q != '0) count_q <= count_q - 3'd1;
      else if (!semaphores_busy_i) state_q <= Running;
      default: state_q <= Running;
    endcase
    if (rst_i) begin
      state_q <= Running;
      count_q <= '0;
    end
  end
endmodule
