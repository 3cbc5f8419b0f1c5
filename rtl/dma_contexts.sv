// Channels of the DMA engine: one command each, split into jobs for the reader and the mover, one step a cycle.
//
//   cmd ─► [ free channel ] ─► step: read job ─► dma_read  ─┐ busy, errors
//                               ▲    move job ─► dma_mover ─┤
//                               └───────────────────────────┘ ... nothing left, nothing in flight ─► done
//
//   host to device          one read job
//   device, pattern, inline one move job
//   host to host            read jobs and move jobs in turn, through the channel's ring: byte x of the destination lies
//                           at x modulo StageBytes. A read job ends where a largest read ends, a move job where a
//                           payload ends, so that both sides need the fewest requests.
//
// Promises. A channel takes a step only when the job before is over, with all it had in flight. Exactly one done a
// command, at most one a cycle, when every byte is performed (ORD-RETIRE-001: a host write is accepted by the endpoint, a device
// write is in memory, a read has landed). After the first failed read, or an abort, nothing new is issued and done
// follows when nothing is in flight; of an abort it says nothing. Length 0 issues nothing (DMA-COPY-004).
`include "check.svh"

module dma_contexts
  import doorbell_pkg::*;
  import seams_pkg::*;
  import dma_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // Command processor.
    input  logic     cmd_valid_i,
    output logic     cmd_ready_o,
    input  dma_cmd_t cmd_i,
    input  logic     abort_valid_i,
    input  logic [QueueBits-1:0] abort_queue_i,
    output logic     done_valid_o,
    output done_t    done_o,

    input logic [3:0] mps_i,  // log2 bytes
    input logic [3:0] mrrs_i, // log2 bytes

    // Pattern or inline data of a command that is accepted, for the source.
    output logic         load_valid_o,
    output channel_t     load_channel_o,
    output logic [191:0] load_data_o,

    // Reader and mover: jobs are always accepted; busy from the next cycle until all of the job is over.
    output channels_t stop_o,
    output logic      read_job_valid_o,
    output read_job_t read_job_o,
    input  channels_t read_busy_i,
    output logic      move_job_valid_o,
    output move_job_t move_job_o,
    input  channels_t move_busy_i,

    // A read of this channel is over.
    input logic         read_done_valid_i,
    input channel_t     read_done_channel_i,
    input read_status_e read_done_status_i,
    input logic [63:0]  read_done_addr_i,

    output logic idle_o
);
  // What a channel holds.
  channels_t busy_q;
  channels_t reading_q;  // its last job is a read job
  channels_t moving_q;  // its last job is a move job
  channels_t stop_q;  // issues nothing new
  channels_t failed_q;  // a read failed before any abort
  channels_t to_host_q;
  owner_t owner_q[CHANNELS];
  source_e source_q[CHANNELS];
  logic [63:0] src_q[CHANNELS];  // next byte to hand to a job
  logic [63:0] dst_q[CHANNELS];  // next byte to hand to a move job
  logic [31:0] read_left_q[CHANNELS];
  logic [31:0] move_left_q[CHANNELS];
  error_e code_q[CHANNELS];
  logic [63:0] bad_addr_q[CHANNELS];

  logic done_valid_q;
  done_t done_q;

  // Accepting a command.
  logic accept;
  channel_t free;  // the lowest free channel
  logic abort_new;  // the command being accepted is aborted at once
  channels_t abort_match;

  assign cmd_ready_o = !(&busy_q);
  assign accept = cmd_valid_i && cmd_ready_o;
  assign load_valid_o = accept;
  assign load_channel_o = free;
  assign load_data_o = cmd_i.inline_data;

  always_comb begin
    free = '0;
    abort_match = '0;
    abort_new = 1'b0;
    if (cmd_valid_i) begin
      for (int unsigned c = 0; c < CHANNELS; c++) begin
        if (!busy_q[CHANNELS-1-c]) free = channel_t'(CHANNELS - 1 - c);
      end
    end
    if (abort_valid_i) begin
      abort_new = cmd_i.owner.queue == abort_queue_i;
      for (int unsigned c = 0; c < CHANNELS; c++) begin
        abort_match[c] = busy_q[c] && owner_q[c].queue == abort_queue_i;
      end
    end
  end

  // One step of one channel.
  logic step;
  logic report;
  channel_t now;
  logic [31:0] staged;  // bytes read and not yet moved; all bytes of a move without host reads
  logic [31:0] amount;  // bytes of the new job
  logic [31:0] room;

  round_robin #(
      .Requesters(CHANNELS)
  ) u_choice (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .req_i  (busy_q & ~(reading_q & read_busy_i) & ~(moving_q & move_busy_i)),
      .taken_i(1'b1),
      .valid_o(step),
      .index_o(now)
  );

  always_comb begin
    read_job_valid_o = 1'b0;
    move_job_valid_o = 1'b0;
    read_job_o = '0;
    move_job_o = '0;
    report = 1'b0;
    staged = '0;
    amount = '0;
    room = '0;
    if (step) begin
      staged = move_left_q[now] - read_left_q[now];
      if (stop_q[now]) begin
        report = 1'b1;
      end else if (read_left_q[now] != '0 && !reading_q[now]) begin
        read_job_valid_o = 1'b1;
        amount = read_left_q[now];
        read_job_o.dst = dst_q[now][31:0];
        if (to_host_q[now]) begin
          read_job_o.dst += staged;
          room = StageBytes - staged;
          room -= (src_q[now][31:0] + room) & ~('1 << mrrs_i);
          if (room < amount) amount = room;
        end
        read_job_o.channel = now;
        read_job_o.queue = owner_q[now].queue;
        read_job_o.stage = to_host_q[now];
        read_job_o.addr = src_q[now];
        read_job_o.len = amount;
      end else if (move_left_q[now] != '0 && !moving_q[now]) begin
        move_job_valid_o = 1'b1;
        amount = staged;
        if (read_left_q[now] != '0) amount -= (dst_q[now][31:0] + staged) & ~('1 << mps_i);
        move_job_o.channel = now;
        move_job_o.to_host = to_host_q[now];
        move_job_o.dst = dst_q[now];
        move_job_o.len = amount;
        unique case (source_q[now])
          SourceHost: begin
            move_job_o.from = FromStage;
            move_job_o.src  = MemAddrBits'(dst_q[now][StageBits-1:0]);
          end
          SourceDevice: begin
            move_job_o.from = FromDevice;
            move_job_o.src  = src_q[now][MemAddrBits-1:0];
          end
          SourcePattern: move_job_o.from = FromPattern;
          SourceInline:  move_job_o.from = FromInline;
        endcase
      end else begin
        report = 1'b1;
      end
    end
  end

  function automatic error_e error_of(input read_status_e status);
    unique case (status)
      ReadUr:        return ERROR_DMA_UR;
      ReadCa:        return ERROR_DMA_CA;
      ReadTimeout:   return ERROR_DMA_TIMEOUT;
      ReadPoisoned:  return ERROR_DMA_POISONED;
      ReadMalformed: return ERROR_DMA_MALFORMED;
      default:       return ERROR_NONE;
    endcase
  endfunction

  always_ff @(posedge clk_i) begin
    if (abort_match != '0) stop_q <= stop_q | abort_match;

    // DMA-ERR-001 to 005: the first failure counts, and none after an abort.
    if (read_done_valid_i && read_done_status_i != ReadOk && !stop_q[read_done_channel_i]) begin
      stop_q[read_done_channel_i] <= 1'b1;
      failed_q[read_done_channel_i] <= 1'b1;
      code_q[read_done_channel_i] <= error_of(read_done_status_i);
      bad_addr_q[read_done_channel_i] <= read_done_addr_i;
    end
    if (step) begin
      if (read_job_valid_o) begin
        src_q[now] <= src_q[now] + 64'(amount);
        read_left_q[now] <= read_left_q[now] - amount;
      end
      if (move_job_valid_o) begin
        dst_q[now] <= dst_q[now] + 64'(amount);
        move_left_q[now] <= move_left_q[now] - amount;
      end
      reading_q[now] <= read_job_valid_o;
      moving_q[now]  <= move_job_valid_o;
    end

    done_valid_q <= report;
    if (report) begin
      busy_q[now]  <= 1'b0;
      done_q.owner <= owner_q[now];
      done_q.code  <= failed_q[now] ? code_q[now] : ERROR_NONE;
      done_q.addr  <= failed_q[now] ? bad_addr_q[now] : '0;
    end

    if (accept) begin
      busy_q[free] <= 1'b1;
      reading_q[free] <= 1'b0;
      moving_q[free] <= 1'b0;
      stop_q[free] <= abort_new;
      failed_q[free] <= 1'b0;
      to_host_q[free] <= cmd_i.dst_space == SPACE_HOST;
      owner_q[free] <= cmd_i.owner;
      source_q[free] <= cmd_i.source;
      src_q[free] <= cmd_i.src_addr;
      dst_q[free] <= cmd_i.dst_addr;
      read_left_q[free] <= (cmd_i.source == SourceHost) ? cmd_i.length : '0;
      move_left_q[free] <=
          (cmd_i.source == SourceHost && cmd_i.dst_space == SPACE_DEVICE) ? '0 : cmd_i.length;
    end

    if (rst_i) begin
      busy_q <= '0;
      done_valid_q <= 1'b0;
    end
  end

  assign stop_o = stop_q;
  assign done_valid_o = done_valid_q;
  assign done_o = done_q;
  assign idle_o = busy_q == '0 && !done_valid_q;

  `CHECK(JobNotEmpty, read_job_valid_o || move_job_valid_o |-> amount != '0)
  `CHECK(JobFits, read_job_valid_o && to_host_q[now] |-> staged + amount <= StageBytes)
  `CHECK(PayloadKnown, mps_i >= 4'd6 && mps_i <= 4'($clog2(MPS_BYTES_MAX)))
  `CHECK(ReadSizeKnown, mrrs_i >= 4'd6 && mrrs_i <= 4'($clog2(MRRS_BYTES_MAX)))
endmodule
