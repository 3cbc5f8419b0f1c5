// One access to the register bus or to configuration space, and the completion of every request that needs no memory.
//
//   start ──► register bus ──► answer ───┐
//         └─► configuration ─► answer ───┼──► ep_answer ──► completion
//   answer without access (UR, CA, flush)┘
//
// Promises: one access at a time, busy_o until its answer; the completion is made in the cycle of the answer, so it follows
// every posted write that was accepted before the value was sampled (ORD-READ-001). A refused write is counted, a refused
// read answered Completer Abort (DEV-REG-003, -004).
`include "check.svh"

module ep_register_access
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic [15:0] id_i,  // of this function

    // What the turn of a head starts; at most one in a cycle, none while busy.
    input  logic                   write_i,     // the posted head's register
    input  logic                   access_i,    // the non-posted head's register: read or AtomicOp
    input  logic                   config_i,    // the non-posted head's configuration register
    input  answer_e                answer_i,    // the non-posted head at once
    input  logic    [Bar0Bits-1:3] write_addr_i,
    input  logic    [         7:0] write_be_i,
    input  logic    [        63:0] write_data_i,
    input  nonposted_t             nonposted_i,
    input  logic    [         7:0] access_be_i,
    output logic                   busy_o,

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

    output logic        push_o,
    output completion_t completion_o,

    // Pulses.
    output logic dropped_o,
    output logic ur_sent_o,
    output logic ca_sent_o
);
  typedef enum logic [1:0] {
    Idle,
    Write,   // the register bus owes the answer to a posted request
    Access,  // to a non-posted one
    Config   // configuration space owes an answer
  } state_e;

  state_e             state_q;
  nonposted_t         nonposted_q;  // the request under way
  logic               reg_req_valid_q;
  reg_req_t           reg_req_q;
  logic               atomic;
  logic               refused;
  completion_status_e status;
  logic               with_data;
  logic        [63:0] data;

  assign atomic          = nonposted_i.kind == NonPostedAtomic;
  assign busy_o          = state_q != Idle;
  assign cfg_req_valid_o = config_i;
  assign cfg_req_write_o = nonposted_i.kind == NonPostedCfgWrite;
  assign reg_req_valid_o = reg_req_valid_q;
  assign reg_req_o       = reg_req_q;

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      Idle: begin
        if (write_i) state_q <= Write;
        else if (access_i) state_q <= Access;
        else if (config_i) state_q <= Config;
      end
      Write, Access: if (reg_rsp_valid_i) state_q <= Idle;
      default:       if (cfg_rsp_valid_i) state_q <= Idle;
    endcase
    reg_req_valid_q <= write_i || access_i;
    if (write_i) begin
      reg_req_q <= '{
          op: RegWrite,
          addr: {write_addr_i, 3'b0},
          be: write_be_i,
          wdata: write_data_i,
          wdata2: '0
      };
    end
    if (access_i) begin
      reg_req_q <= '{
          op: atomic ? nonposted_i.op : RegRead,
          addr: {nonposted_i.addr[Bar0Bits-1:3], 3'b0},
          be: atomic ? 8'hff : access_be_i,
          wdata: nonposted_i.data[63:0],
          wdata2: nonposted_i.data[127:64]
      };
    end
    if (access_i || config_i) nonposted_q <= nonposted_i;
    if (rst_i) begin
      state_q         <= Idle;
      reg_req_valid_q <= 1'b0;
    end
  end

  always_comb begin
    push_o    = 1'b0;
    status    = COMPLETION_STATUS_SC;
    with_data = 1'b0;
    data      = '0;
    unique case (state_q)
      Idle: begin
        push_o    = answer_i != AnswerNone;
        with_data = answer_i == AnswerZero;
        if (answer_i == AnswerUr) status = COMPLETION_STATUS_UR;
        if (answer_i == AnswerCa) status = COMPLETION_STATUS_CA;
      end
      Access: begin
        push_o    = reg_rsp_valid_i;
        with_data = !reg_rsp_i.err;
        data      = reg_rsp_i.rdata;
        if (reg_rsp_i.err) status = COMPLETION_STATUS_CA;
      end
      Config: begin
        push_o    = cfg_rsp_valid_i;
        with_data = nonposted_q.kind == NonPostedCfgRead;
        data      = {32'b0, cfg_rsp_data_i};
      end
      default: ;
    endcase
  end

  ep_answer u_answer (
      .valid_i     (push_o),
      .request_i   ((state_q == Idle) ? nonposted_i : nonposted_q),
      .completer_i (id_i),
      .status_i    (status),
      .with_data_i (with_data),
      .data_i      (data),
      .completion_o(completion_o)
  );

  assign refused   = reg_rsp_valid_i && reg_rsp_i.err;
  assign dropped_o = state_q == Write && refused;
  assign ur_sent_o = push_o && status == COMPLETION_STATUS_UR;
  assign ca_sent_o = push_o && status == COMPLETION_STATUS_CA;

  `CHECK(OneAnswer, reg_rsp_valid_i |-> state_q inside {Write, Access} && !reg_req_valid_q)
  `CHECK(StartIdle, write_i || access_i || config_i |-> state_q == Idle)
endmodule
