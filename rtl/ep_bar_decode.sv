// Where a memory request goes: registers, device memory or nowhere. Combinational; works only while valid_i.
//
// DEV-REG-001: BAR0 takes whole DWs and whole aligned qwords; whole_o says that the request is one.
module ep_bar_decode
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic                  memory_space_i,
    input logic [63:   Bar0Bits] bar0_i,
    input logic [63:MemAddrBits] bar2_i,

    input logic        valid_i,
    input logic [63:2] addr_i,
    input logic [10:0] dws_i,
    input logic [ 3:0] first_be_i,
    input logic [ 3:0] last_be_i,

    output logic       bar0_o,
    output logic       bar2_o,
    output logic       whole_o,
    output logic [7:0] lanes_o,     // byte enables of the qword, if whole
    output logic       semaphore_o  // in SEMAPHORE_SET
);
  localparam int unsigned WindowBits = $clog2(SEMAPHORE_SET_BYTES);
  localparam logic [Bar0Bits-1:WindowBits] Window =
      (Bar0Bits - WindowBits)'(SEMAPHORE_SET_OFFSET >> WindowBits);

  logic unused_addr;
  assign unused_addr = ^addr_i[WindowBits-1:3];

  always_comb begin
    bar0_o      = 1'b0;
    bar2_o      = 1'b0;
    whole_o     = 1'b0;
    lanes_o     = '0;
    semaphore_o = 1'b0;
    if (valid_i) begin
      bar0_o = memory_space_i && addr_i[63:Bar0Bits] == bar0_i;
      bar2_o = memory_space_i && addr_i[63:MemAddrBits] == bar2_i && !bar0_o;
      if (dws_i == 11'd1) begin
        whole_o = first_be_i == 4'hf;
        lanes_o = addr_i[2] ? 8'hf0 : 8'h0f;
      end else begin
        whole_o = first_be_i == 4'hf && last_be_i == 4'hf && dws_i == 11'd2 && !addr_i[2];
        lanes_o = 8'hff;
      end
      semaphore_o = bar0_o && addr_i[Bar0Bits-1:WindowBits] == Window;
    end
  end
endmodule
