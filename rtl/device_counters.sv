// The running counters of DEVICE and their frozen copies. A snapshot freezes all of them in one cycle.
//
// Increments come as numbers per cycle; an idle device adds nothing.
module device_counters
  import seams_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,

    input logic        snapshot_i,
    input logic [63:0] cycles_i,

    // Increments of this cycle.
    input logic [10:0] tx_bytes_i,
    input logic [10:0] rx_bytes_i,
    input logic       tx_tlp_i,
    input logic       rx_tlp_i,
    input logic [1:0] commands_i,
    input logic       interrupt_i,
    input logic       doorbell_i,

    output logic [63:0] frozen_o[8]  // in the order of the COUNTER_ registers
);
  logic [63:0] tx_bytes_q;
  logic [63:0] rx_bytes_q;
  logic [63:0] tx_tlps_q;
  logic [63:0] rx_tlps_q;
  logic [63:0] commands_q;
  logic [63:0] interrupts_q;
  logic [63:0] doorbells_q;

  always_ff @(posedge clk_i) begin
    if (tx_bytes_i != '0) tx_bytes_q <= tx_bytes_q + 64'(tx_bytes_i);
    if (rx_bytes_i != '0) rx_bytes_q <= rx_bytes_q + 64'(rx_bytes_i);
    if (tx_tlp_i) tx_tlps_q <= tx_tlps_q + 64'd1;
    if (rx_tlp_i) rx_tlps_q <= rx_tlps_q + 64'd1;
    if (commands_i != '0) commands_q <= commands_q + 64'(commands_i);
    if (interrupt_i) interrupts_q <= interrupts_q + 64'd1;
    if (doorbell_i) doorbells_q <= doorbells_q + 64'd1;
    if (snapshot_i) begin
      frozen_o[0] <= cycles_i;
      frozen_o[1] <= tx_bytes_q;
      frozen_o[2] <= rx_bytes_q;
      frozen_o[3] <= tx_tlps_q;
      frozen_o[4] <= rx_tlps_q;
      frozen_o[5] <= commands_q;
      frozen_o[6] <= interrupts_q;
      frozen_o[7] <= doorbells_q;
    end
    if (rst_i || clear_i) begin
      tx_bytes_q <= '0;
      rx_bytes_q <= '0;
      tx_tlps_q <= '0;
      rx_tlps_q <= '0;
      commands_q <= '0;
      interrupts_q <= '0;
      doorbells_q <= '0;
      for (int unsigned i = 0; i < 8; i++) frozen_o[i] <= '0;
    end
  end
endmodule
