// DMA engine: CHANNELS copies at once, from {host, device, pattern, inline} to {host, device}. Wiring only.
//
//   command ─► dma_contexts ─┬─ read jobs ─► dma_read ─► read requests ─► endpoint
//   done   ◄─────┘           │                            read beats ◄───────┘
//                            │                  device memory write 0 ◄─┤
//                            │                  u_stage (rings)       ◄─┘
//                            └─ move jobs ─► dma_mover ─┬─ segments ─► dma_segment_queue ─► posted writes
//                                              │        └─ segments ─► dma_segment_queue ─► dma_device_write ─► write 1
//                                              └─ beats ─► dma_source ─► data of both queues
//                                                            ▲ device memory read 0, u_stage
// Promises. Any byte alignment and length (DMA-COPY-001), CHANNELS commands in flight (DMA-CHAN-001). Reads are cut
// at MRRS boundaries and writes at MPS boundaries, naturally aligned; channels take turns per request and per TLP.
// Each path is limited only by itself: completions land whatever the writes wait for, and neither queue holds up the
// other. One posted write beat, one landing beat, one line of a local copy or fill a cycle (local copies and writes
// to the host share memory read port 0). A TLP has no gaps. Nothing is said about the order of bytes inside a
// command, or between commands.
// Not modelled: descriptor fetch, address translation, priorities.
module dma_engine
  import doorbell_pkg::*;
  import seams_pkg::*;
  import dma_pkg::*;
#(
    parameter int unsigned MemLatency = 6  // of device memory
) (
    input logic clk_i,
    input logic rst_i,

    input  logic [3:0] mps_i,   // log2 bytes, not above MPS_BYTES_MAX
    input  logic [3:0] mrrs_i,  // log2 bytes, not above MRRS_BYTES_MAX
    output logic       idle_o,  // no command, and nothing in any register on the way

    // Command processor.
    input  logic     cmd_valid_i,
    output logic     cmd_ready_o,
    input  dma_cmd_t cmd_i,
    input  logic     abort_valid_i,
    input  logic [QueueBits-1:0] abort_queue_i,
    output logic     done_valid_o,
    output done_t    done_o,

    // Endpoint, reads. Beats and dones of other clients may pass by.
    output logic       read_req_valid_o,
    input  logic       read_req_ready_i,
    output read_req_t  read_req_o,
    input  logic       read_beat_valid_i,
    input  read_beat_t read_beat_i,
    input  line_t      read_beat_data_i,
    input  logic       read_done_valid_i,
    input  read_done_t read_done_i,

    // Endpoint, posted writes.
    output logic        write_valid_o,
    input  logic        write_ready_i,
    output logic        write_sop_o,
    output logic        write_last_o,
    output logic [63:0] write_addr_o,
    output logic [ 9:0] write_len_o,
    output line_t       write_data_o,

    // Device memory, read port 0.
    output logic                   rd_valid_o,
    input  logic                   rd_ready_i,
    output logic [MemAddrBits-1:0] rd_addr_o,
    input  line_t                  rd_rsp_data_i,

    // Device memory, write port 0: landing completions.
    output logic                   land_valid_o,
    output logic [MemAddrBits-1:0] land_addr_o,
    output logic [           63:0] land_be_o,
    output line_t                  land_data_o,

    // Device memory, shared write port 1: local copies, fills, inline data.
    output logic                   wr_valid_o,
    input  logic                   wr_ready_i,
    output logic [MemAddrBits-1:0] wr_addr_o,
    output logic [           63:0] wr_be_o,
    output line_t                  wr_data_o
);
  // Contexts.
  logic         load_valid;
  channel_t     load_channel;
  logic [191:0] load_data;
  channels_t stop;
  logic      read_job_valid;
  read_job_t read_job;
  channels_t read_busy;
  logic      read_done_valid;
  channel_t  read_done_channel;
  logic      move_job_valid;
  move_job_t move_job;
  channels_t move_busy;
  logic      contexts_idle;

  assign read_done_valid   = read_done_valid_i && read_done_i.client == ClientDma;
  assign read_done_channel = read_done_i.info[ChannelBits-1:0];

  dma_contexts u_contexts (
      .clk_i              (clk_i),
      .rst_i              (rst_i),
      .cmd_valid_i        (cmd_valid_i),
      .cmd_ready_o        (cmd_ready_o),
      .cmd_i              (cmd_i),
      .abort_valid_i      (abort_valid_i),
      .abort_queue_i      (abort_queue_i),
      .done_valid_o       (done_valid_o),
      .done_o             (done_o),
      .mps_i              (mps_i),
      .mrrs_i             (mrrs_i),
      .load_valid_o       (load_valid),
      .load_channel_o     (load_channel),
      .load_data_o        (load_data),
      .stop_o             (stop),
      .read_job_valid_o   (read_job_valid),
      .read_job_o         (read_job),
      .read_busy_i        (read_busy),
      .move_job_valid_o   (move_job_valid),
      .move_job_o         (move_job),
      .move_busy_i        (move_busy),
      .read_done_valid_i  (read_done_valid),
      .read_done_channel_i(read_done_channel),
      .read_done_status_i (read_done_i.status),
      .read_done_addr_i   (read_done_i.addr),
      .idle_o             (contexts_idle)
  );

  // Reads, and where they land.
  channel_t land_channel;
  logic     land_stage;
  logic     land_beat;

  dma_read u_read (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .mrrs_i        (mrrs_i),
      .job_valid_i   (read_job_valid),
      .job_i         (read_job),
      .stop_i        (stop),
      .busy_o        (read_busy),
      .req_valid_o   (read_req_valid_o),
      .req_ready_i   (read_req_ready_i),
      .req_o         (read_req_o),
      .done_valid_i  (read_done_valid),
      .done_channel_i(read_done_channel)
  );

  assign land_channel = read_beat_i.info[ChannelBits-1:0];
  assign land_stage = read_beat_i.info[InfoStageBit];
  assign land_beat = read_beat_valid_i && read_beat_i.client == ClientDma;
  assign land_valid_o = land_beat && !land_stage;
  assign land_addr_o = read_beat_i.dst[MemAddrBits-1:0];
  assign land_be_o = read_beat_i.be;
  assign land_data_o = read_beat_data_i;

  // Moves.
  logic     host_room;
  logic     host_segment_valid;
  logic     host_data_valid;
  logic     host_done;
  segment_t host_segment;
  logic     device_room;
  logic     device_segment_valid;
  logic     device_data_valid;
  logic     device_done;
  channel_t device_channel;
  segment_t segment;
  logic [2:0] segment_beats;
  logic     beat_valid;
  logic     beat_ready;
  beat_t    beat;
  line_t    data;
  logic     source_idle;
  logic     host_queue_idle;
  logic     device_queue_idle;

  dma_mover u_mover (
      .clk_i           (clk_i),
      .rst_i           (rst_i),
      .mps_i           (mps_i),
      .job_valid_i     (move_job_valid),
      .job_i           (move_job),
      .stop_i          (stop),
      .busy_o          (move_busy),
      .host_room_i     (host_room),
      .device_room_i   (device_room),
      .host_valid_o    (host_segment_valid),
      .device_valid_o  (device_segment_valid),
      .segment_o       (segment),
      .segment_beats_o (segment_beats),
      .beat_valid_o    (beat_valid),
      .beat_ready_i    (beat_ready),
      .beat_o          (beat),
      .host_done_i     (host_done),
      .host_channel_i  (host_segment.channel),
      .device_done_i   (device_done),
      .device_channel_i(device_channel)
  );

  // Rings of host to host copies.
  logic stage_rd_valid[1];
  logic [ChannelBits+StageBits-1:0] stage_rd_addr[1];
  logic unused_stage_rsp_valid[1];
  line_t stage_rsp_data[1];

  byte_memory #(
      .Bytes      (CHANNELS * StageBytes),
      .WindowBytes(StageBytes),
      .MemLatency (MemLatency)
  ) u_stage (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .rd_valid_i    (stage_rd_valid),
      .rd_addr_i     (stage_rd_addr),
      .rd_rsp_valid_o(unused_stage_rsp_valid),
      .rd_rsp_data_o (stage_rsp_data),
      .wr_valid_i    ('{land_beat && land_stage}),
      .wr_addr_i     ('{{land_channel, read_beat_i.dst[StageBits-1:0]}}),
      .wr_be_i       ('{read_beat_i.be}),
      .wr_data_i     ('{read_beat_data_i})
  );

  dma_source #(
      .MemLatency(MemLatency)
  ) u_source (
      .clk_i           (clk_i),
      .rst_i           (rst_i),
      .load_valid_i    (load_valid),
      .load_channel_i  (load_channel),
      .load_data_i     (load_data),
      .beat_valid_i    (beat_valid),
      .beat_ready_o    (beat_ready),
      .beat_i          (beat),
      .rd_valid_o      (rd_valid_o),
      .rd_ready_i      (rd_ready_i),
      .rd_addr_o       (rd_addr_o),
      .rd_rsp_data_i   (rd_rsp_data_i),
      .stage_valid_o   (stage_rd_valid[0]),
      .stage_addr_o    (stage_rd_addr[0]),
      .stage_rsp_data_i(stage_rsp_data[0]),
      .host_valid_o    (host_data_valid),
      .device_valid_o  (device_data_valid),
      .data_o          (data),
      .idle_o          (source_idle)
  );

  // To the host.
  logic [2:0] host_beat;

  dma_segment_queue u_host_queue (
      .clk_i          (clk_i),
      .rst_i          (rst_i),
      .room_o         (host_room),
      .segment_valid_i(host_segment_valid),
      .segment_i      (segment),
      .segment_beats_i(segment_beats),
      .data_valid_i   (host_data_valid),
      .data_i         (data),
      .out_valid_o    (write_valid_o),
      .out_ready_i    (write_ready_i),
      .out_segment_o  (host_segment),
      .out_beat_o     (host_beat),
      .out_last_o     (write_last_o),
      .out_data_o     (write_data_o),
      .idle_o         (host_queue_idle)
  );

  assign write_sop_o = host_beat == '0;
  assign write_addr_o = host_segment.addr;
  assign write_len_o = host_segment.len;
  assign host_done = write_valid_o && write_ready_i && write_last_o;

  // To device memory.
  logic device_valid;
  logic device_ready;
  logic device_last;
  logic [2:0] device_beat;
  segment_t device_segment;
  line_t device_data;

  dma_segment_queue u_device_queue (
      .clk_i          (clk_i),
      .rst_i          (rst_i),
      .room_o         (device_room),
      .segment_valid_i(device_segment_valid),
      .segment_i      (segment),
      .segment_beats_i(segment_beats),
      .data_valid_i   (device_data_valid),
      .data_i         (data),
      .out_valid_o    (device_valid),
      .out_ready_i    (device_ready),
      .out_segment_o  (device_segment),
      .out_beat_o     (device_beat),
      .out_last_o     (device_last),
      .out_data_o     (device_data),
      .idle_o         (device_queue_idle)
  );

  dma_device_write u_device_write (
      .in_valid_i    (device_valid),
      .in_ready_o    (device_ready),
      .in_segment_i  (device_segment),
      .in_beat_i     (device_beat),
      .in_last_i     (device_last),
      .in_data_i     (device_data),
      .wr_valid_o    (wr_valid_o),
      .wr_ready_i    (wr_ready_i),
      .wr_addr_o     (wr_addr_o),
      .wr_be_o       (wr_be_o),
      .wr_data_o     (wr_data_o),
      .done_o        (device_done),
      .done_channel_o(device_channel)
  );

  assign idle_o = contexts_idle && source_idle && host_queue_idle && device_queue_idle &&
      !read_req_valid_o;
endmodule
