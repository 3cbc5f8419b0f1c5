// How long the reset of a queue waits for its reads. Then the endpoint abandons them, as a device reset does.
//
//   resetting ──► seen at the end of a period ──► still there at the end of the next ──► abandon, until the reset is over
//
// A host that answers does so within one period, and no tag has to rest. What is unanswered after two is given up, in time
// for BOUND_RESET (ERR-RESET-001). Periods stand still while no request may leave: with bus master off reads wait and are
// not lost (EP-BM-002). A device reset has a limit of its own.
module queue_patience
  import doorbell_pkg::*;
  import seams_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic [QUEUES-1:0] resetting_i,
    input logic              paused_i,       // level: fatal, or bus master off
    input logic              device_reset_i, // level

    output logic [QUEUES-1:0] abandon_o  // level: reads of these queues are given up
);
  localparam int unsigned Period = BOUND_RESET_CYCLES / 4;
  localparam int unsigned CountBits = $clog2(Period);

  logic [CountBits-1:0] count_q;
  logic [   QUEUES-1:0] seen_q;
  logic [   QUEUES-1:0] abandon_q;

  always_ff @(posedge clk_i) begin
    seen_q    <= seen_q & resetting_i;
    abandon_q <= abandon_q & resetting_i;
    if (resetting_i == '0) count_q <= '0;
    else if (!paused_i) begin
      count_q <= count_q + 1'b1;
      if (count_q == CountBits'(Period - 1)) begin
        count_q   <= '0;
        seen_q    <= resetting_i;
        abandon_q <= seen_q & resetting_i;
      end
    end
    if (rst_i || device_reset_i) begin
      count_q   <= '0;
      seen_q    <= '0;
      abandon_q <= '0;
    end
  end

  assign abandon_o = abandon_q;
endmodule
