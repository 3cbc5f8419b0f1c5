// The semaphores' three windows in BAR0 as a client of the bank.
//
//   SEMAPHORE_SET     read: value     write: set     AtomicOps: add, swap, compare-and-swap, old value back
//   SEMAPHORE_ADD     read: value     write: add
//   SEMAPHORE_POISON  read: bit 0     write: bit 0
//
// 8-byte accesses only; anything else is answered with err and changes nothing.
module semaphore_window
  import doorbell_pkg::*;
  import seams_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic     reg_req_valid_i,
    input  reg_req_t reg_req_i,
    output logic     reg_rsp_valid_o,
    output reg_rsp_t reg_rsp_o,

    output logic            req_valid_o,
    input  logic            req_ready_i,
    output sem_req_t        req_o,
    input  logic            rsp_valid_i,
    input  logic     [63:0] rsp_value_i,
    input  logic            rsp_poisoned_i
);
  typedef enum logic [1:0] {
    WindowNone,
    WindowSet,
    WindowAdd,
    WindowPoison
  } window_e;

  window_e window;
  logic legal;
  sem_op_e op;

  always_comb begin
    window = WindowNone;
    op = SemRead;
    legal = 1'b0;
    if (reg_req_valid_i) begin
      if (reg_req_i.addr - 20'(SEMAPHORE_SET_OFFSET) < 20'(SEMAPHORE_SET_BYTES)) window = WindowSet;
      if (reg_req_i.addr - 20'(SEMAPHORE_ADD_OFFSET) < 20'(SEMAPHORE_ADD_BYTES)) window = WindowAdd;
      if (reg_req_i.addr - 20'(SEMAPHORE_POISON_OFFSET) < 20'(SEMAPHORE_POISON_BYTES))
        window = WindowPoison;
      legal = window != WindowNone && reg_req_i.be == '1;
      unique case (reg_req_i.op)
        RegRead: op = (window == WindowPoison) ? SemReadPoison : SemRead;
        RegWrite:
        unique case (window)
          WindowAdd: op = SemAdd;
          WindowPoison: op = SemPoison;
          default: op = SemSet;
        endcase
        RegFetchAdd: op = SemAdd;
        RegSwap: op = SemSwap;
        RegCas: op = SemCas;
        default: legal = 1'b0;
      endcase
      if (!(reg_req_i.op inside {RegRead, RegWrite}) && window != WindowSet) legal = 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    reg_rsp_valid_o <= 1'b0;
    if (req_ready_i) req_valid_o <= 1'b0;
    if (reg_req_valid_i) begin
      if (legal) begin
        req_valid_o <= 1'b1;
        req_o <= '{
            op: op,
            index: reg_req_i.addr[3+:SemBits],
            condition: WAIT_CONDITION_GE,
            value: reg_req_i.wdata,
            value2: reg_req_i.wdata2
        };
      end else begin
        reg_rsp_valid_o <= 1'b1;
        reg_rsp_o <= '{err: 1'b1, rdata: '0};
      end
    end
    if (rsp_valid_i) begin
      reg_rsp_valid_o <= 1'b1;
      reg_rsp_o <= '{
          err: 1'b0,
          rdata: (req_o.op == SemReadPoison) ? 64'(rsp_poisoned_i) : rsp_value_i
      };
    end
    if (rst_i) begin
      reg_rsp_valid_o <= 1'b0;
      req_valid_o <= 1'b0;
    end
  end
endmodule
