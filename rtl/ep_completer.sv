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
  typedef enum logic [1:0] {
    Idle,
    Register,  // the register bus owes an answer
    Config,    // so does configuration space
    Write      // further lines of a memory write
  } state_e;
  typedef enum logic [1:0] {
    AnswerNone,
    AnswerUr,
    AnswerCa,
    AnswerZero   // one DW that means nothing
  } answer_e;

  typedef logic [Bar0Bits-1:0] register_addr_t;

  state_e         state_q;
  logic           answer_q;       // the register access under way is non-posted
  nonposted_t     nonposted_q;    // the request under way
  inbound_count_t posted_done_q;  // posted requests carried out
  logic           write_last;
  logic           write_pending;
  logic           reader_busy;

  // ---- where the heads go --------------------------------------------------------------------------------------------

  logic posted_bar0;
  logic posted_memory;
  logic posted_register;
  logic nonposted_bar0;
  logic nonposted_bar2;
  logic nonposted_register;
  logic nonposted_semaphore;

  // All bytes of one DW or of one aligned qword.
  function automatic logic whole(logic addr2, logic [10:0] dws, logic [3:0] first_be,
                                 logic [3:0] last_be);
    whole = first_be == 4'hf && (dws == 11'd1 || (dws == 11'd2 && !addr2 && last_be == 4'hf));
  endfunction

  // Byte enables of the qword that holds it.
  function automatic logic [7:0] lanes(logic addr2, logic single);
    lanes = !single ? 8'hff : addr2 ? 8'hf0 : 8'h0f;
  endfunction

  always_comb begin
    posted_bar0         = 1'b0;
    posted_memory       = 1'b0;
    posted_register     = 1'b0;
    nonposted_bar0      = 1'b0;
    nonposted_bar2      = 1'b0;
    nonposted_register  = 1'b0;
    nonposted_semaphore = 1'b0;
    if (posted_valid_i && posted_i.kind == PostedWrite) begin
      posted_bar0 = memory_space_i && posted_i.addr[63:Bar0Bits] == bar0_i;
      posted_memory = memory_space_i && posted_i.addr[63:MemAddrBits] == bar2_i && !posted_bar0;
      posted_register = posted_bar0 &&
          whole(posted_i.addr[2], 11'(posted_i.dws), posted_i.first_be, posted_i.last_be);
    end
    if (nonposted_valid_i) begin
      nonposted_bar0 = memory_space_i && nonposted_i.addr[63:Bar0Bits] == bar0_i;
      nonposted_bar2      = memory_space_i && nonposted_i.addr[63:MemAddrBits] == bar2_i
                          && !nonposted_bar0;
      nonposted_register = nonposted_bar0 &&
          whole(nonposted_i.addr[2], nonposted_i.dws, nonposted_i.first_be, nonposted_i.last_be);
      nonposted_semaphore = nonposted_bar0
          && register_addr_t'(nonposted_i.addr) >= register_addr_t'(SEMAPHORE_SET_OFFSET)
          && register_addr_t'(nonposted_i.addr)
             < register_addr_t'(SEMAPHORE_SET_OFFSET + SEMAPHORE_SET_BYTES);
    end
  end

  // ---- choice ----------------------------------------------------------------------------------------------------------

  inbound_count_t posted_before;   // posted requests that the non-posted head still waits for
  logic           quiet;           // every earlier request is performed
  logic           take_nonposted;
  logic           take_posted;
  logic           start_register;
  logic           start_config;
  logic           start_reader;
  answer_e        answer;          // what a non-posted request gets without further work

  // A request that posted ones have passed has its order behind posted_done_q: the difference is then huge.
  assign posted_before = nonposted_i.order - posted_done_q;
  assign quiet = state_q == Idle && !write_pending;
  assign take_nonposted = nonposted_valid_i && quiet && !reader_busy && completion_room_i
                        && (posted_before == '0 || posted_before > 32'(PostedHeaders));
  // Memory writes may follow each other without waiting.
  assign take_posted    = posted_valid_i && !take_nonposted
                        && (quiet || (state_q == Idle && posted_memory));

  always_comb begin
    start_register = take_posted && posted_register;
    start_config   = 1'b0;
    start_reader   = 1'b0;
    answer         = AnswerNone;
    if (take_nonposted) begin
      unique case (nonposted_i.kind)
        NonPostedCfgRead, NonPostedCfgWrite: start_config = 1'b1;
        NonPostedRead: begin
          if (nonposted_bar2) start_reader = 1'b1;
          else if (!nonposted_bar0) answer = AnswerUr;  // EP-BAR-003
          else if (nonposted_i.dws == 11'd1 && nonposted_i.first_be == '0) answer = AnswerZero;
          else if (nonposted_register) start_register = 1'b1;
          else answer = AnswerCa;
        end
        NonPostedAtomic: begin  // EP-ATOMIC-001, -002
          if (nonposted_semaphore) start_register = 1'b1;
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
  assign cfg_req_valid_o  = start_config;
  assign cfg_req_write_o  = nonposted_i.kind == NonPostedCfgWrite;
  assign idle_o           = quiet && !reader_busy && !posted_valid_i && !nonposted_valid_i;

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      Idle: begin
        if (start_register) state_q <= Register;
        else if (start_config) state_q <= Config;
        else if (take_posted && posted_memory && !write_last) state_q <= Write;
      end
      Register: if (reg_rsp_valid_i) state_q <= Idle;
      Config:   if (cfg_rsp_valid_i) state_q <= Idle;
      Write:    if (write_last) state_q <= Idle;
      default:  state_q <= Idle;
    endcase
    if (start_register) answer_q <= take_nonposted;
    if (take_nonposted) nonposted_q <= nonposted_i;
    if (posted_take_o) posted_done_q <= posted_done_q + 1'b1;
    if (rst_i) begin
      state_q       <= Idle;
      posted_done_q <= '0;
    end
  end

  // ---- register bus --------------------------------------------------------------------------------------------------

  logic     reg_req_valid_q;
  reg_req_t reg_req_q;
  logic     atomic;
  assign atomic = nonposted_i.kind == NonPostedAtomic;

  always_ff @(posedge clk_i) begin
    reg_req_valid_q <= start_register && !rst_i;
    if (start_register && take_posted) begin
      reg_req_q.op     <= RegWrite;
      reg_req_q.addr   <= {posted_i.addr[Bar0Bits-1:3], 3'b0};
      reg_req_q.be     <= lanes(posted_i.addr[2], posted_i.dws == 7'd1);
      reg_req_q.wdata  <= (posted_i.dws == 7'd1) ? {2{posted_line_i[31:0]}} : posted_line_i[63:0];
      reg_req_q.wdata2 <= '0;
    end else if (start_register) begin
      reg_req_q.op     <= atomic ? nonposted_i.op : RegRead;
      reg_req_q.addr   <= {nonposted_i.addr[Bar0Bits-1:3], 3'b0};
      reg_req_q.be     <= lanes(nonposted_i.addr[2], nonposted_i.dws == 11'd1);
      reg_req_q.wdata  <= nonposted_i.data[63:0];
      reg_req_q.wdata2 <= nonposted_i.data[127:64];
    end
  end

  assign reg_req_valid_o = reg_req_valid_q;
  assign reg_req_o       = reg_req_q;

  // ---- completions -----------------------------------------------------------------------------------------------------

  logic               reader_push;
  completion_t        reader_completion;
  logic               register_done;
  logic               config_done;
  logic               answers;
  completion_t        answer_completion;
  completion_status_e status;
  logic               with_data;
  logic        [63:0] data;

  assign register_done = state_q == Register && reg_rsp_valid_i && answer_q;
  assign config_done   = state_q == Config && cfg_rsp_valid_i;
  assign answers       = register_done || config_done || answer != AnswerNone;

  always_comb begin
    status    = COMPLETION_STATUS_SC;
    with_data = 1'b0;
    data      = '0;
    if (register_done) begin
      status    = reg_rsp_i.err ? COMPLETION_STATUS_CA : COMPLETION_STATUS_SC;
      with_data = !reg_rsp_i.err;
      data      = reg_rsp_i.rdata;
    end else if (config_done) begin
      with_data = nonposted_q.kind == NonPostedCfgRead;
      data      = {32'b0, cfg_rsp_data_i};
    end else if (answer != AnswerNone) begin
      status    = (answer == AnswerCa) ? COMPLETION_STATUS_CA
                : (answer == AnswerUr) ? COMPLETION_STATUS_UR : COMPLETION_STATUS_SC;
      with_data = answer == AnswerZero;
    end
  end

  ep_answer u_answer (
      .valid_i     (answers),
      .request_i   ((answer != AnswerNone) ? nonposted_i : nonposted_q),
      .completer_i (id_i),
      .status_i    (status),
      .with_data_i (with_data),
      .data_i      (data),
      .completion_o(answer_completion)
  );

  assign completion_push_o = reader_push || answers;
  assign completion_o = answers ? answer_completion : reader_completion;

  assign ur_sent_o = answer == AnswerUr;
  assign ca_sent_o = answer == AnswerCa || (register_done && reg_rsp_i.err);
  assign dropped_write_o = (take_posted && !posted_memory && !posted_register
                            && posted_i.kind != PostedIgnored)
                        || (state_q == Register && reg_rsp_valid_i && reg_rsp_i.err && !answer_q);

  // ---- device memory ---------------------------------------------------------------------------------------------------

  ep_mem_writer u_writer (
      .clk_i     (clk_i),
      .rst_i     (rst_i),
      .active_i  ((take_posted && posted_memory) || state_q == Write),
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

  ep_mem_reader u_reader (
      .clk_i(clk_i),
      .rst_i(rst_i),
      .mps_log2_i(mps_log2_i),
      .id_i(id_i),
      .start_i(start_reader),
      .start_id_i(
      '{
          requester: nonposted_i.requester,
          tag: nonposted_i.tag,
          tc: nonposted_i.tc,
          attr: nonposted_i.attr
      }
      ),
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

  `CHECK(OneAnswer, reg_rsp_valid_i |-> state_q == Register && !reg_req_valid_q)
  `CHECK(OneCompletion, !(reader_push && answers))
endmodule
