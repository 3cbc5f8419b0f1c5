// Fetches argument blocks: 64 bytes from HOST through the endpoint's requester, or from DEVICE memory.
//
//   context, space, addr ─► register ─┬─ HOST ───► read_req  (info and dst name the context)  ─► beats, read_done
//                                     └─ DEVICE ─► mem_valid/ready/addr ─► mem_rsp
//
// Promises: one `fetched` report for each accepted request: HOST ones in any order, DEVICE ones one at a time; both may
// come in one cycle, so they have a port each. With or after its report the block stands in launch_store.
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

    // Requests of the contexts.
    input  logic                   valid_i,
    output logic                   ready_o,
    input  logic [ContextBits-1:0] context_i,
    input  space_e                 space_i,
    input  logic [           63:0] addr_i,

    // Reports.
    output logic                   host_fetched_o,
    output logic [ContextBits-1:0] host_context_o,
    output error_e                 host_code_o,
    output logic                   device_fetched_o,
    output logic [ContextBits-1:0] device_context_o,

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
  logic                   pending_q;  // offered to the requester or to memory
  logic                   device_q;   // a DEVICE read is on its way
  logic [ContextBits-1:0] context_q;
  space_e                 space_q;
  logic [           63:0] addr_q;
  logic                   unused_addr;

  function automatic error_e code_of(input read_status_e status);
    unique case (status)
      ReadOk:        return ERROR_NONE;
      ReadUr:        return ERROR_DMA_UR;
      ReadCa:        return ERROR_DMA_CA;
      ReadTimeout:   return ERROR_DMA_TIMEOUT;
      ReadPoisoned:  return ERROR_DMA_POISONED;
      default:       return ERROR_DMA_MALFORMED;
    endcase
  endfunction

  assign unused_addr = ^read_done_i.addr;  // the context knows it

  assign ready_o = !pending_q && !device_q;

  always_ff @(posedge clk_i) begin
    if (valid_i && ready_o) begin
      context_q <= context_i;
      space_q   <= space_i;
      addr_q    <= addr_i;
    end
    if (rst_i) begin
      pending_q <= 1'b0;
      device_q  <= 1'b0;
    end else begin
      if (valid_i && ready_o) pending_q <= 1'b1;
      else if (space_q == SPACE_HOST ? read_req_ready_i : mem_ready_i) pending_q <= 1'b0;
      if (mem_valid_o && mem_ready_i) device_q <= 1'b1;
      else if (mem_rsp_valid_i) device_q <= 1'b0;
    end
  end

  // HOST.
  assign read_req_valid_o = pending_q && space_q == SPACE_HOST;
  assign read_req_o = '{
          client: ClientArgs,
          info: 8'(context_q),
          addr: addr_q,
          len: 13'(ARGUMENT_BYTES),
          dst: 32'(context_q) * ARGUMENT_BYTES
      };
  assign host_fetched_o = read_done_valid_i && read_done_i.client == ClientArgs;
  assign host_context_o = read_done_i.info[ContextBits-1:0];
  assign host_code_o = code_of(read_done_i.status);

  // DEVICE.
  assign mem_valid_o = pending_q && space_q == SPACE_DEVICE;
  assign mem_addr_o = addr_q[MemAddrBits-1:0];
  assign device_fetched_o = mem_rsp_valid_i;
  assign device_context_o = context_q;

  `CHECK(AnswerExpected, mem_rsp_valid_i |-> device_q)
  `CHECK(KnownContext, host_fetched_o |-> 32'(read_done_i.info) < Contexts)
endmodule
