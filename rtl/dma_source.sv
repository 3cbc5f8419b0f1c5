// Where moved bytes come from: turns each beat into 64 bytes, one a cycle, in order, MemLatency + 1 cycles later.
//
//             ┌─► device memory read port ───────────────┐
//   beat ─────┼─► ring memory read port ─────────────────┼─► register ─► queue to host, or to device memory
//             └─► [ delay ] ─► pattern or inline, turned ┘
//
// Promises: data in the order of the beats, without back-pressure: room was reserved before. Lane 0 holds the byte at
// beat.src, which may lie before the first byte asked for; such lanes carry no meaning. DMA-FILL-001, DMA-WRITE-001.
module dma_source
  import doorbell_pkg::*;
  import seams_pkg::*;
  import dma_pkg::*;
#(
    parameter int unsigned MemLatency = 6
) (
    input logic clk_i,
    input logic rst_i,

    // Pattern or inline data of a new command.
    input logic         load_valid_i,
    input channel_t     load_channel_i,
    input logic [191:0] load_data_i,

    input  logic  beat_valid_i,
    output logic  beat_ready_o,
    input  beat_t beat_i,

    // Device memory.
    output logic                   rd_valid_o,
    input  logic                   rd_ready_i,
    output logic [MemAddrBits-1:0] rd_addr_o,
    input  line_t                  rd_rsp_data_i,

    // Ring memory, of the same latency, always ready.
    output logic                             stage_valid_o,
    output logic [ChannelBits+StageBits-1:0] stage_addr_o,
    input  line_t                            stage_rsp_data_i,

    output logic  host_valid_o,
    output logic  device_valid_o,
    output line_t data_o,

    output logic idle_o
);
  localparam int unsigned Last = MemLatency - 1;

  logic [191:0] inline_q[CHANNELS];

  logic [MemLatency-1:0] valid_q;  // bit 0 is the youngest beat
  beat_t beat_q[MemLatency];
  logic host_valid_q;
  logic device_valid_q;
  line_t data_q;

  assign beat_ready_o = beat_i.from != FromDevice || rd_ready_i;
  assign rd_valid_o = beat_valid_i && beat_i.from == FromDevice;
  assign rd_addr_o = beat_i.src;
  assign stage_valid_o = beat_valid_i && beat_i.from == FromStage;
  assign stage_addr_o = {beat_i.channel, beat_i.src[StageBits-1:0]};

  always_ff @(posedge clk_i) begin
    if (load_valid_i) inline_q[load_channel_i] <= load_data_i;

    if (beat_valid_i || valid_q != '0) begin
      valid_q   <= {valid_q[MemLatency-2:0], beat_valid_i && beat_ready_o};
      beat_q[0] <= beat_i;
      for (int unsigned s = 1; s < MemLatency; s++) beat_q[s] <= beat_q[s-1];
    end

    host_valid_q   <= valid_q[Last] && beat_q[Last].to_host;
    device_valid_q <= valid_q[Last] && !beat_q[Last].to_host;
    if (valid_q[Last]) begin : Choose
      automatic logic [191:0] bytes = inline_q[beat_q[Last].channel];
      automatic logic [5:0] first = beat_q[Last].src[5:0];
      unique case (beat_q[Last].from)
        FromDevice:  data_q <= rd_rsp_data_i;
        FromStage:   data_q <= stage_rsp_data_i;
        FromPattern: data_q <= {8{64'({2{bytes[63:0]}} >> {first[2:0], 3'b000})}};
        FromInline:  data_q <= 512'({2{320'd0, bytes}} >> {first, 3'b000});
      endcase
    end

    if (rst_i) begin
      valid_q <= '0;
      host_valid_q <= 1'b0;
      device_valid_q <= 1'b0;
    end
  end

  assign host_valid_o = host_valid_q;
  assign device_valid_o = device_valid_q;
  assign data_o = data_q;
  assign idle_o = !beat_valid_i && valid_q == '0 && !host_valid_q && !device_valid_q;
endmodule
