// BAR0: sends each register request to the block that owns its address and hands back the one response.
//
//   completer ──► decode ──┬─► device_regs      DEVICE
//                          ├─► ep_msix          VECTOR, MSIX_TABLE, MSIX_PBA
//                          ├─► units            UNIT[n]
//                          ├─► command_processor QUEUE, DOORBELL
//                          └─► semaphores       SEMAPHORE_SET, _ADD, _POISON
//
// One request is outstanding at a time, so order is kept. Every block decodes its own offsets and answers err for what
// it does not map; what no block owns is answered here with err (DEV-REG-003, 004). AtomicOps exist in the semaphores
// only. The request itself goes to all blocks (req_o); only the owner sees its valid pulse.
`include "check.svh"

module register_map
  import doorbell_pkg::*;
  import seams_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic     reg_req_valid_i,
    input  reg_req_t reg_req_i,
    output logic     reg_rsp_valid_o,
    output reg_rsp_t reg_rsp_o,

    output reg_req_t req_o,

    output logic                 device_valid_o,
    input  logic                 device_rsp_valid_i,
    input  reg_rsp_t             device_rsp_i,
    output logic                 msix_valid_o,
    input  logic                 msix_rsp_valid_i,
    input  reg_rsp_t             msix_rsp_i,
    output logic     unit_valid_o,
    input  logic     unit_rsp_valid_i,
    input  reg_rsp_t unit_rsp_i,
    output logic                 cp_valid_o,
    input  logic                 cp_rsp_valid_i,
    input  reg_rsp_t             cp_rsp_i,
    output logic                 semaphore_valid_o,
    input  logic                 semaphore_rsp_valid_i,
    input  reg_rsp_t             semaphore_rsp_i
);
  // DEVICE owns everything below the first VECTOR register.
  localparam int unsigned DeviceEnd = VECTOR_OFFSET;

  logic unmapped_q;

  function automatic logic in_range(logic [19:0] addr, int unsigned offset, int unsigned bytes);
    return 32'(addr) >= offset && 32'(addr) < offset + bytes;
  endfunction

  // One cycle to decode: the blocks see the request in the next.
  always_ff @(posedge clk_i) begin
    device_valid_o <= 1'b0;
    msix_valid_o <= 1'b0;
    unit_valid_o <= 1'b0;
    cp_valid_o <= 1'b0;
    semaphore_valid_o <= 1'b0;
    unmapped_q <= 1'b0;
    if (reg_req_valid_i) begin
      logic access;
      logic device;
      logic msix;
      logic in_unit;
      logic cp;
      logic semaphores;
      access = reg_req_i.op inside {RegRead, RegWrite};
      device = access && in_range(reg_req_i.addr, DEVICE_OFFSET, DeviceEnd);
      msix = access && (in_range(reg_req_i.addr, VECTOR_OFFSET, VECTOR_COUNT * VECTOR_STRIDE) ||
                        in_range(reg_req_i.addr, MSIX_TABLE_OFFSET, MSIX_TABLE_BYTES) ||
                        in_range(reg_req_i.addr, MSIX_PBA_OFFSET, MSIX_PBA_BYTES));
      in_unit = access && in_range(reg_req_i.addr, UNIT_OFFSET, UNIT_COUNT * UNIT_STRIDE);
      cp = access && (in_range(reg_req_i.addr, QUEUE_OFFSET, QUEUE_COUNT * QUEUE_STRIDE) ||
                      in_range(reg_req_i.addr, DOORBELL_OFFSET, DOORBELL_COUNT * DOORBELL_STRIDE));
      semaphores = in_range(reg_req_i.addr, SEMAPHORE_SET_OFFSET, SEMAPHORE_SET_BYTES) ||
          in_range(reg_req_i.addr, SEMAPHORE_ADD_OFFSET, SEMAPHORE_ADD_BYTES) ||
          in_range(reg_req_i.addr, SEMAPHORE_POISON_OFFSET, SEMAPHORE_POISON_BYTES);
      req_o <= reg_req_i;
      device_valid_o <= device;
      msix_valid_o <= msix;
      unit_valid_o <= in_unit;
      cp_valid_o <= cp;
      semaphore_valid_o <= semaphores;
      unmapped_q <= !(device || msix || in_unit || cp || semaphores);
    end
    if (rst_i) begin
      device_valid_o <= 1'b0;
      msix_valid_o <= 1'b0;
      unit_valid_o <= 1'b0;
      cp_valid_o <= 1'b0;
      semaphore_valid_o <= 1'b0;
      unmapped_q <= 1'b0;
    end
  end

  always_comb begin
    reg_rsp_valid_o = unmapped_q || device_rsp_valid_i || msix_rsp_valid_i || unit_rsp_valid_i
        || cp_rsp_valid_i || semaphore_rsp_valid_i;
    reg_rsp_o = '{err: 1'b1, rdata: '0};
    if (device_rsp_valid_i) reg_rsp_o = device_rsp_i;
    if (msix_rsp_valid_i) reg_rsp_o = msix_rsp_i;
    if (unit_rsp_valid_i) reg_rsp_o = unit_rsp_i;
    if (cp_rsp_valid_i) reg_rsp_o = cp_rsp_i;
    if (semaphore_rsp_valid_i) reg_rsp_o = semaphore_rsp_i;
  end

  // One outstanding request, one response.
  logic outstanding_q;
  always_ff @(posedge clk_i) begin
    if (reg_req_valid_i) outstanding_q <= 1'b1;
    else if (reg_rsp_valid_o) outstanding_q <= 1'b0;
    if (rst_i) outstanding_q <= 1'b0;
  end

  `CHECK(OneOutstanding, !(reg_req_valid_i && outstanding_q && !reg_rsp_valid_o))
  `CHECK(AnswersRequests, !reg_rsp_valid_o || outstanding_q)
endmodule
