// Carries out inbound requests, one at a time and in order, and answers the non-posted ones.
//
//   posted head ─────┐               ┌─► register bus (BAR0) ──► answer ──┐
//                    ├─► BAR decode ─┼─► configuration space ─► answer ───┼─► completion
//   non-posted head ─┘               ├─► ep_mem_writer (BAR2)             │
//                                    └─► ep_mem_reader (BAR2) ────────────┘
//
// Promises (ORD-IN-001, ORD-READ-002): a request begins only when the one before has its register answer or all its lines
// accepted by memory. A non-posted request waits for every posted one that arrived before it. It begins only when its
// completion has room; while it waits for that, posted requests pass it, so inbound writes never wait for a transmission.
// A BAR2 read in progress does not hold up posted requests either.
// DEV-REG-001, -003, -004: BAR0 takes whole aligned DWs or qwords. EP-CPL-003: a read of no bytes touches nothing.
`include "check.svh"

module ep_completer
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // Configuration.
    input logic [15:0] id_i,
    input logic        memory_space_i,
    input logic [63:Bar0Bits] bar0_i,
    input logic [63:MemAddrBits] bar2_i,
    input logic [ 3:0] mps_log2_i,      // bytes

    // Requests from ep_rx.
    input  logic                     posted_valid_i,
    input  posted_t                  posted_i,
    output logic [LineCountBits-2:0] posted_index_o,
    input  line_t                    posted_line_i,
    output logic                     posted_take_o,
    input  logic                     nonposted_valid_i,
    input  nonposted_t               nonposted_i,
    output logic                     nonposted_take_o,

    // Configuration space; address, enables and data are those of nonposted_i.
    output logic        cfg_req_valid_o,
    output logic        cfg_req_write_o,
    input  logic        cfg_rsp_valid_i,
    input  logic [31:0] cfg_rsp_data_i,

    // Register bus.
    output logic     reg_req_valid_o,
    output reg_req_t reg_req_o,
    input  logic     reg_rsp_valid_i,
    input  reg_rsp_t reg_rsp_i,

    // Device memory. Read lines go straight to ep_completion_out.
    output logic                   mem_wr_valid_o,
    input  logic                   mem_wr_ready_i,
    output logic [MemAddrBits-1:0] mem_wr_addr_o,
    output logic [           63:0] mem_wr_be_o,
    output line_t                  mem_wr_data_o,
    output logic                   mem_rd_valid_o,
    input  logic                   mem_rd_ready_i,
    output logic [MemAddrBits-1:0] mem_rd_addr_o,
    input  logic                   mem_rd_rsp_valid_i,

    // ep_completion_out.
    input  logic        completion_room_i,
    output logic        completion_push_o,
    output completion_t completion_o,

    // Pulses.
    output logic dropped_write_o,
    output logic ur_sent_o,
    output logic ca_sent_o,

    output logic idle_o
);
  inbound_count_t posted_done_q;  // posted requests carried out
  logic           writing_q;      // further lines of a memory write are to come
  logic           write_last;
  logic           write_pending;
  logic           access_busy;
  logic           reader_busy;

  // ---- where the heads go --------------------------------------------------------------------------------------------

  logic       posted_write;
  logic       posted_bar0;
  logic       posted_whole;
  logic [7:0] posted_lanes;
  logic       unused_posted_semaphore;
  logic       posted_memory;
  logic       nonposted_bar0;
  logic       nonposted_bar2;
  logic       nonposted_whole;
  logic [7:0] nonposted_lanes;
  logic       nonposted_semaphore;

  ep_bar_decode u_posted_decode (
      .memory_space_i(memory_space_i),
      .bar0_i        (bar0_i),
      .bar2_i        (bar2_i),
      .valid_i       (posted_write),
      .addr_i        (posted_i.addr[63:2]),
      .dws_i         (11'(posted_i.dws)),
      .first_be_i    (posted_i.first_be),
      .last_be_i     (posted_i.last_be),
      .bar0_o        (posted_bar0),
      .bar2_o        (posted_memory),
      .whole_o       (posted_whole),
      .lanes_o       (posted_lanes),
      .semaphore_o   (unused_posted_semaphore)
  );

  ep_bar_decode u_nonposted_decode (
      .memory_space_i(memory_space_i),
      .bar0_i        (bar0_i),
      .bar2_i        (bar2_i),
      .valid_i       (nonposted_valid_i),
      .addr_i        (nonposted_i.addr[63:2]),
      .dws_i         (nonposted_i.dws),
      .first_be_i    (nonposted_i.first_be),
      .last_be_i     (nonposted_i.last_be),
      .bar0_o        (nonposted_bar0),
      .bar2_o        (nonposted_bar2),
      .whole_o       (nonposted_whole),
      .lanes_o       (nonposted_lanes),
      .semaphore_o   (nonposted_semaphore)
  );

  assign posted_write = posted_valid_i && posted_i.kind == PostedWrite;

  // ---- choice ----------------------------------------------------------------------------------------------------------

  inbound_count_t posted_before;   // posted requests that the non-posted head still waits for
  logic           quiet;           // every earlier request is performed
  logic           take_nonposted;
  logic           take_posted;
  logic           start_write;
  logic           start_access;
  logic           start_config;
  logic           start_reader;
  answer_e        answer;          // what a non-posted request gets without further work

  // A request that posted ones have passed has its order behind posted_done_q: the difference is then huge.
  assign posted_before = nonposted_i.order - posted_done_q;
  assign quiet = !access_busy && !writing_q && !write_pending;
  assign take_nonposted = nonposted_valid_i && quiet && !reader_busy && completion_room_i
                        && (posted_before == '0 || posted_before > 32'(PostedHeaders));
  // Memory writes may follow each other without waiting.
  assign take_posted    = posted_valid_i && !take_nonposted
                        && (quiet || (posted_memory && !access_busy && !writing_q));

  assign start_write = take_posted && posted_bar0 && posted_whole;

  always_comb begin
    start_access = 1'b0;
    start_config = 1'b0;
    start_reader = 1'b0;
    answer       = AnswerNone;
    if (take_nonposted) begin
      unique case (nonposted_i.kind)
        NonPostedCfgRead, NonPostedCfgWrite: start_config = 1'b1;
        NonPostedRead: begin
          if (nonposted_bar2) start_reader = 1'b1;
          else if (!nonposted_bar0) answer = AnswerUr;  // EP-BAR-003
          else if (nonposted_i.dws == 11'd1 && nonposted_i.first_be == '0) answer = AnswerZero;
          else if (nonposted_whole) start_access = 1'b1;
          else answer = AnswerCa;
        end
        NonPostedAtomic: begin  // EP-ATOMIC-001, -002
          if (nonposted_semaphore) start_access = 1'b1;
          else answer = AnswerUr;
        end
        NonPostedUnsupported: answer = AnswerUr;
        default: answer = AnswerNone;
      endcase
    end
  end

  // A memory write leaves its queue with its last line, any other posted request when its turn comes.
  assign posted_take_o    = posted_memory ? write_last : take_posted;
  assign nonposted_take_o = take_nonposted;
  assign idle_o           = quiet && !reader_busy && !posted_valid_i && !nonposted_valid_i;

  always_ff @(posedge clk_i) begin
    if (write_last) writing_q <= 1'b0;
    else if (take_posted && posted_memory) writing_q <= 1'b1;
    if (posted_take_o) posted_done_q <= posted_done_q + 1'b1;
    if (rst_i) begin
      writing_q     <= 1'b0;
      posted_done_q <= '0;
    end
  end

  // ---- registers, configuration space, errors ----------------------------------------------------------------------------

  logic        access_push;
  completion_t access_completion;
  logic        access_dropped;
  logic        reader_push;
  completion_t reader_completion;

  ep_register_access u_access (
      .clk_i          (clk_i),
      .rst_i          (rst_i),
      .id_i           (id_i),
      .write_i        (start_write),
      .access_i       (start_access),
      .config_i       (start_config),
      .answer_i       (answer),
      .write_addr_i   (posted_i.addr[Bar0Bits-1:3]),
      .write_be_i     (posted_lanes),
      .write_data_i   ((posted_i.dws == 7'd1) ? {2{posted_line_i[31:0]}} : posted_line_i[63:0]),
      .nonposted_i    (nonposted_i),
      .access_be_i    (nonposted_lanes),
      .busy_o         (access_busy),
      .cfg_req_valid_o(cfg_req_valid_o),
      .cfg_req_write_o(cfg_req_write_o),
      .cfg_rsp_valid_i(cfg_rsp_valid_i),
      .cfg_rsp_data_i (cfg_rsp_data_i),
      .reg_req_valid_o(reg_req_valid_o),
      .reg_req_o      (reg_req_o),
      .reg_rsp_valid_i(reg_rsp_valid_i),
      .reg_rsp_i      (reg_rsp_i),
      .push_o         (access_push),
      .completion_o   (access_completion),
      .dropped_o      (access_dropped),
      .ur_sent_o      (ur_sent_o),
      .ca_sent_o      (ca_sent_o)
  );

  assign completion_push_o = access_push || reader_push;
  assign completion_o = access_push ? access_completion : reader_completion;
  assign dropped_write_o   = access_dropped || (take_posted && !start_write && !posted_memory
                                                && posted_i.kind != PostedIgnored);

  // ---- device memory ---------------------------------------------------------------------------------------------------

  ep_mem_writer u_writer (
      .clk_i     (clk_i),
      .rst_i     (rst_i),
      .active_i  ((take_posted && posted_memory) || writing_q),
      .addr_i    (posted_i.addr[MemAddrBits-1:0]),
      .lines_i   (posted_i.lines),
      .dws_i     (posted_i.dws),
      .first_be_i(posted_i.first_be),
      .last_be_i (posted_i.last_be),
      .index_o   (posted_index_o),
      .line_i    (posted_line_i),
      .last_o    (write_last),
      .pending_o (write_pending),
      .wr_valid_o(mem_wr_valid_o),
      .wr_ready_i(mem_wr_ready_i),
      .wr_addr_o (mem_wr_addr_o),
      .wr_be_o   (mem_wr_be_o),
      .wr_data_o (mem_wr_data_o)
  );

  completion_id_t nonposted_id;
  assign nonposted_id = {nonposted_i.requester, nonposted_i.tag, nonposted_i.tc, nonposted_i.attr};

  ep_mem_reader u_reader (
      .clk_i(clk_i),
      .rst_i(rst_i),
      .mps_log2_i(mps_log2_i),
      .id_i(id_i),
      .start_i(start_reader),
      .start_id_i(nonposted_id),
      .start_addr_i(nonposted_i.addr[MemAddrBits-1:0]),
      .start_dws_i(nonposted_i.dws),
      .start_first_be_i(nonposted_i.first_be),
      .start_last_be_i(nonposted_i.last_be),
      .busy_o(reader_busy),
      .rd_valid_o(mem_rd_valid_o),
      .rd_ready_i(mem_rd_ready_i),
      .rd_addr_o(mem_rd_addr_o),
      .rd_rsp_valid_i(mem_rd_rsp_valid_i),
      .room_i(completion_room_i),
      .push_o(reader_push),
      .completion_o(reader_completion)
  );

  `CHECK(OneCompletion, !(reader_push && access_push))
endmodule
