// Error records: composed when a queue is about to halt, written to host memory from here, mirrored in QUEUE.ERROR.
//
// The packet of the failing position is in the packet RAM until the queue is loaded again, so opcode and tag are read
// from there. A refused doorbell or a failed ring read has no packet: opcode and tag are 0. The mirror reads as zero unless the queue is HALTED.
module cp_error
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic     req_valid_i,
    input  reg_req_t req_i,
    output logic     rsp_valid_o,
    output reg_rsp_t rsp_o,

    input load_t   load_i,
    input queues_t halted_i,

    input  logic                           compose_i,
    input  queue_t                         queue_i,
    input  packet_t                        packet_i,
    input  logic          [      63:0]     cycles_i,
    input  marks_t                         mark_i,
    input  error_e                         code_i       [QUEUES],
    input  logic          [      63:0]     address_i    [QUEUES],
    input  logic          [      63:0]     get_i        [QUEUES],
    input  logic          [      31:0]     refused_put_i[QUEUES],
    output error_record_t                  record_o                // composed last
);
  localparam int unsigned PageBits = $clog2(QUEUE_STRIDE);

  error_record_t record_q[QUEUES];
  logic [63:0] generation_q[QUEUES];
  queue_t composed_q;
  logic here;
  logic [31:0] offset;
  queue_t q;

  assign record_o = record_q[composed_q];

  always_comb begin
    q = req_i.addr[PageBits+:QueueBits];
    offset = 32'(req_i.addr[PageBits-1:0]);
    here = req_valid_i && 32'(req_i.addr) - 32'(q) * QUEUE_STRIDE - offset == QUEUE_OFFSET
        && offset >= QUEUE_ERROR && offset < QUEUE_ERROR + QUEUE_ERROR_COUNT * QUEUE_ERROR_STRIDE;
  end

  always_ff @(posedge clk_i) begin
    rsp_valid_o <= here;
    if (here) begin
      rsp_o <= '{err: 1'b0, rdata: '0};
      if (halted_i[q]) rsp_o.rdata <= record_q[q][{req_i.addr[5:3], 6'b0}+:64];
    end
  end

  always_ff @(posedge clk_i) begin
    if (compose_i) begin
      logic [63:0] index;
      logic of_doorbell;
      logic of_fetch;
      index = get_i[queue_i] - 64'(mark_t'(get_i[queue_i][MarkBits-1:0] - mark_i[queue_i]));
      of_doorbell = code_i[queue_i] inside {ERROR_DOORBELL_BACKWARDS, ERROR_DOORBELL_OVERFLOW};
      of_fetch = !of_doorbell && code_i[queue_i] < ERROR_BAD_OPCODE;
      composed_q <= queue_i;
      generation_q[queue_i] <= generation_q[queue_i] + 64'd1;
      record_q[queue_i] <= '{
          code: code_i[queue_i],
          opcode: (of_doorbell || of_fetch) ? '0 : packet_i.opcode,
          queue: 8'(queue_i),
          tag: (of_doorbell || of_fetch) ? '0 : packet_i.tag,
          index: index,
          inner_index: '1,
          detail: of_doorbell ? refused_put_i[queue_i] : '0,
          address: address_i[queue_i],
          timestamp: cycles_i,
          reserved_40: '0,
          generation: generation_q[queue_i] + 64'd1
      };
    end
    if (load_i.valid && load_i.cleared) generation_q[load_i.queue] <= '0;
  end
endmodule
