// Doorbell pages: staging, the three checks, put.
//
//   write ──► stage low half / commit ──► check against put and get ──► put moves | refused | dropped
//
// 0: new value latched; 1: differences taken, put moves; the response leaves with the result, so whatever the host does
// after the doorbell finds put moved. It leaves whatever is reset meanwhile. Checks in order: duplicate, backwards, overflow (CP-DB-001 to 003). A refused
// doorbell freezes put and stands as a failing packet at index put until the queue is reset (CP-DB-004).
// DISABLED: dropped and reported (CP-DB-005). HALTED, DRAINING or resetting: dropped silently (CP-DB-006).
`include "check.svh"

module cp_doorbell
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

    input load_t                     load_i,
    input queues_t                   running_i,
    input queues_t                   draining_i,
    input queues_t                   halted_i,
    input queues_t                   resetting_i,
    input logic    [      63:0]      get_i       [QUEUES],
    input logic    [QUEUES-1:0][4:0] ring_log2_i,

    output logic    [63:0] put_o          [QUEUES],
    output queues_t        refused_o,
    output queues_t        refused_full_o,           // overflow, not backwards
    output logic    [31:0] refused_put_o  [QUEUES],  // low half of the refused value

    output logic    moved_o,   // pulse: a doorbell moved put
    output queues_t dropped_o  // pulse: dropped while DISABLED
);
  localparam int unsigned PageBits = $clog2(DOORBELL_STRIDE);

  logic [31:0] staged_q[QUEUES];
  logic here;
  logic [31:0] offset;
  logic mapped;
  logic rings;
  queue_t q;

  logic commit_valid_q;
  queue_t commit_queue_q;
  logic [63:0] commit_put_q;

  always_comb begin
    q = req_i.addr[PageBits+:QueueBits];
    offset = 32'(req_i.addr[PageBits-1:0]);
    here = req_valid_i && 32'(req_i.addr) - 32'(q) * DOORBELL_STRIDE - offset == DOORBELL_OFFSET;
    mapped = offset == DOORBELL_DOORBELL;
    rings = here && mapped && req_i.op == RegWrite && req_i.be[4];
  end

  // Stage and commit (CP-DB-007, 008); reads return put (CP-DB-009).
  always_ff @(posedge clk_i) begin
    commit_valid_q <= rings;
    rsp_valid_o <= (here && !rings) || commit_valid_q;
    if (load_i.valid && load_i.was_reset) staged_q[load_i.queue] <= '0;
    if (here) begin
      rsp_o <= '{err: !mapped, rdata: put_o[q]};
      if (mapped && req_i.op == RegWrite && req_i.be[0]) staged_q[q] <= req_i.wdata[31:0];
    end
    if (rings) begin
      commit_queue_q <= q;
      commit_put_q   <= {req_i.wdata[63:32], req_i.be[0] ? req_i.wdata[31:0] : staged_q[q]};
    end
  end

  // Check.
  always_ff @(posedge clk_i) begin
    moved_o   <= 1'b0;
    dropped_o <= '0;
    if (commit_valid_q) begin
      logic [63:0] ahead;
      logic [63:0] held;
      ahead = commit_put_q - put_o[commit_queue_q];
      held  = commit_put_q - get_i[commit_queue_q];
      if (running_i[commit_queue_q]) begin
        if (!resetting_i[commit_queue_q] && !refused_o[commit_queue_q] && ahead != '0) begin
          if (ahead[63] || held > (64'd1 << ring_log2_i[commit_queue_q])) begin
            refused_o[commit_queue_q] <= 1'b1;
            refused_full_o[commit_queue_q] <= !ahead[63];
            refused_put_o[commit_queue_q] <= commit_put_q[31:0];
          end else begin
            moved_o <= 1'b1;
            put_o[commit_queue_q] <= commit_put_q;
          end
        end
      end else if (!draining_i[commit_queue_q] && !halted_i[commit_queue_q]) begin
        dropped_o[commit_queue_q] <= 1'b1;
      end
    end
    if (load_i.valid) begin
      put_o[load_i.queue] <= load_i.count;
      refused_o[load_i.queue] <= 1'b0;
    end
    if (rst_i) begin
      moved_o   <= 1'b0;
      dropped_o <= '0;
      refused_o <= '0;
    end
  end

  `CHECK(PutNotBehindGet, !moved_o || put_o[commit_queue_q] - get_i[commit_queue_q] <= 64'd65536)
endmodule
