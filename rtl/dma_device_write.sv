// Writes segments to device memory: one whole line a beat, with the bytes outside the segment masked.
//
//   segment queue ─► line address, be ─► write port (valid/ready)
//
// Promise: no byte outside the segment changes (DMA-COPY-002); done when the last write was accepted.
module dma_device_write
  import seams_pkg::*;
  import dma_pkg::*;
(
    input  logic       in_valid_i,
    output logic       in_ready_o,
    input  segment_t   in_segment_i,
    input  logic [2:0] in_beat_i,
    input  logic       in_last_i,
    input  line_t      in_data_i,

    output logic                   wr_valid_o,
    input  logic                   wr_ready_i,
    output logic [MemAddrBits-1:0] wr_addr_o,
    output logic [           63:0] wr_be_o,
    output line_t                  wr_data_o,

    output logic     done_o,
    output channel_t done_channel_o
);
  logic [5:0] past;  // lane after the last byte, modulo 64

  assign wr_valid_o = in_valid_i;
  assign in_ready_o = wr_ready_i;
  assign wr_addr_o = {in_segment_i.addr[MemAddrBits-1:6], 6'd0} + MemAddrBits'({in_beat_i, 6'd0});
  assign wr_data_o = in_data_i;
  assign past = in_segment_i.addr[5:0] + in_segment_i.len[5:0];

  always_comb begin
    wr_be_o = '1;
    if (in_valid_i && in_beat_i == '0) wr_be_o &= '1 << in_segment_i.addr[5:0];
    if (in_valid_i && in_last_i && past != '0) wr_be_o &= ~('1 << past);
  end

  assign done_o = in_valid_i && wr_ready_i && in_last_i;
  assign done_channel_o = in_segment_i.channel;
endmodule
