// The device and its clock, with the compiled host (testbench/host/) at the other end of the link.
//
//      clk 250 MHz ──┬──────────────────────────┐
//                    ▼                          ▼
//   host ◄── tx ◄── doorbell_device    one DPI call per clock; a second one when a beat
//        ──► rx ──►                    moves, so that an idle clock costs next to nothing
//
// Everything towards the device is registered here. Python sees what public.vlt lists; it waits for `event_count`,
// which shows the host's own count of events one clock later.
//
// Any device with these ports goes here: macro DOORBELL_DEVICE names its module. Nothing else of the device's sources is
// used, so that a foreign device needs none of ours.
`ifndef DOORBELL_DEVICE
`define DOORBELL_DEVICE doorbell_device
`endif
module doorbell_tb;
  timeunit 1ns; timeprecision 1ns;

  typedef logic [127:0] header_t;  // DW0 in bits 31:0
  typedef logic [511:0] line_t;  // byte 0 in bits 7:0
  // ph[7:0] pd[11:0] nph[7:0] npd[11:0] cplh[7:0] cpld[11:0], ph in the highest bits
  typedef logic [59:0] credits_t;

  import "DPI-C" function int unsigned dbh_clock(input int unsigned happened);
  import "DPI-C" function void dbh_receive_beat(
    input int unsigned sop_last,
    input bit [127:0] header,
    input bit [511:0] data
  );
  import "DPI-C" function int unsigned dbh_send_beat(
    output bit [127:0] header,
    output bit [511:0] data
  );
  import "DPI-C" function void dbh_device_credits(input longint unsigned limits);
  import "DPI-C" function longint unsigned dbh_credits();
  import "DPI-C" function int unsigned dbh_event_count();

  logic clk = 1'b0;
  always #2 clk = ~clk;

  logic rst = 1'b1;
  logic [31:0] event_count = '0;

  logic tx_valid, tx_sop, tx_last;
  logic tx_ready = 1'b0;
  header_t tx_hdr;
  line_t tx_data;
  credits_t tx_credits = '0;

  logic rx_valid = 1'b0;
  logic rx_ready;
  logic rx_sop = 1'b0;
  logic rx_last = 1'b0;
  header_t rx_hdr = '0;
  line_t rx_data = '0;
  credits_t rx_credits;
  credits_t rx_credits_seen = '0;

  `DOORBELL_DEVICE u_device (
      .clk_i       (clk),
      .rst_i       (rst),
      .tx_valid_o  (tx_valid),
      .tx_ready_i  (tx_ready),
      .tx_sop_o    (tx_sop),
      .tx_last_o   (tx_last),
      .tx_hdr_o    (tx_hdr),
      .tx_data_o   (tx_data),
      .tx_credits_i(tx_credits),
      .rx_valid_i  (rx_valid),
      .rx_ready_o  (rx_ready),
      .rx_sop_i    (rx_sop),
      .rx_last_i   (rx_last),
      .rx_hdr_i    (rx_hdr),
      .rx_data_i   (rx_data),
      .rx_credits_o(rx_credits)
  );

  // What happened at this edge, and what follows: bits of ClockIn and ClockOut in testbench/host/host.h.
  logic [31:0] happened, next;
  bit [127:0] header;
  bit [511:0] data;
  bit [1:0] sop_last;
  always @(posedge clk) begin
    happened = '0;
    if (!rst) begin
      if (tx_valid && tx_ready) begin
        dbh_receive_beat({30'b0, tx_sop, tx_last}, tx_hdr, tx_data);
        happened[3] = 1'b1;
      end
      if (rx_credits != rx_credits_seen) begin
        dbh_device_credits({4'b0, rx_credits});
        rx_credits_seen <= rx_credits;
      end
      happened[0] = rx_valid && rx_ready;
      happened[1] = tx_valid && !tx_ready;
      happened[2] = rx_valid && !rx_ready;
    end else begin
      rx_credits_seen <= '0;
    end
    next = dbh_clock(happened);
    rx_valid <= next[0];
    tx_ready <= next[1];
    rst <= next[2];
    if (next[3]) begin
      sop_last = 2'(dbh_send_beat(header, data));
      {rx_sop, rx_last} <= sop_last;
      rx_hdr <= header;
      rx_data <= data;
    end
    if (next[4]) tx_credits <= 60'(dbh_credits());
    if (next[5]) event_count <= dbh_event_count();
    if (next[6]) $finish;
  end
endmodule
