// Fetches argument blocks: 64 bytes from HOST through the endpoint's requester, or from DEVICE memory.
//
//   offer: context, queue, space, addr ─┬─ HOST ───► read_req (info and dst name the context) ─► beats, read_done ─┬─► fetched
//                                       └─ DEVICE ─► mem_valid/ready/addr ─► mem_rsp ──────────────────────────────┘
//
// Promises: one report for each offer that was taken: HOST ones in any order, DEVICE ones one at a time, both kinds
// perhaps in one cycle. In the cycle after its report the block stands in launch_store.
// Keeps EU-ARG-001.
`include "check.svh"

module launch_fetch
  import doorbell_pkg::*;
  import seams_pkg::*;
#(
    parameter int unsigned Contexts = 4,
    localparam int unsigned ContextBits = $clog2(Contexts)
) (
    input logic clk_i,
    input logic rst_i,

    // Offer of launch_table; stays until it is taken.
    input  logic                   valid_i,
    output logic                   taken_o,
    input  logic [ContextBits-1:0] context_i,
    input  logic [  QueueBits-1:0] queue_i,
    input  space_e                 space_i,
    input  logic [           63:0] addr_i,

    // Reports.
    output logic   [Contexts-1:0] fetched_o,  // one bit for each block that has come
    output logic   [Contexts-1:0] failed_o,   // of these, the one that failed
    output error_e                code_o,     // why it failed
    output logic   [ContextBits-1:0] device_context_o,  // of the DEVICE read on its way

    // Requester of the endpoint.
    output logic       read_req_valid_o,
    input  logic       read_req_ready_i,
    output read_req_t  read_req_o,
    input  logic       read_done_valid_i,
    input  read_done_t read_done_i,

    // Device memory.
    output logic                   mem_valid_o,
    input  logic                   mem_ready_i,
    output logic [MemAddrBits-1:0] mem_addr_o,
    input  logic                   mem_rsp_valid_i
);
  logic                   device_q;  // a DEVICE read is on its way
  logic [ContextBits-1:0] device_context_q;
  logic                   unused_addr;

  function automatic error_e code_of(input read_status_e status);
    unique case (status)
      ReadOk:       return ERROR_NONE;
      ReadUr:       return ERROR_DMA_UR;
      ReadCa:       return ERROR_DMA_CA;
      ReadTimeout:  return ERROR_DMA_TIMEOUT;
      ReadPoisoned: return ERROR_DMA_POISONED;
      default:      return ERROR_DMA_MALFORMED;
    endcase
  endfunction

  assign unused_addr = ^read_done_i.addr;  // launch_table knows it
  assign taken_o = (read_req_valid_o && read_req_ready_i) || (mem_valid_o && mem_ready_i);

  // HOST.
  assign read_req_valid_o = valid_i && space_i == SPACE_HOST;
  assign read_req_o = '{
          client: ClientArgs,
          queue: queue_i,
          info: 8'(context_i),
          addr: addr_i,
          len: 13'(ARGUMENT_BYTES),
          dst: 32'(context_i) * ARGUMENT_BYTES
      };

  // DEVICE.
  assign mem_valid_o = valid_i && space_i == SPACE_DEVICE && !device_q;
  assign mem_addr_o = addr_i[MemAddrBits-1:0];
  assign device_context_o = device_context_q;

  always_ff @(posedge clk_i) begin
    if (mem_valid_o && mem_ready_i) device_context_q <= context_i;
    device_q <= !rst_i && ((device_q && !mem_rsp_valid_i) || (mem_valid_o && mem_ready_i));
  end

  always_comb begin
    fetched_o = '0;
    failed_o  = '0;
    code_o    = ERROR_NONE;
    if (mem_rsp_valid_i) fetched_o[device_context_q] = 1'b1;
    if (read_done_valid_i && read_done_i.client == ClientArgs) begin
      fetched_o[read_done_i.info[ContextBits-1:0]] = 1'b1;
      failed_o[read_done_i.info[ContextBits-1:0]] = read_done_i.status != ReadOk;
      code_o = code_of(read_done_i.status);
    end
  end

  `CHECK(AnswerExpected, mem_rsp_valid_i |-> device_q)
endmodule
