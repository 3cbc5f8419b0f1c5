// Weighted round-robin over the queues: a queue keeps its turn for up to WEIGHT grants while it requests.
//
// A queue that requests without pause sees at most one turn of every other queue before its own, hence at most the sum
// of their weights (CP-ARB-001, 002). Weight 0 acts as 1 (CP-ARB-001). The state moves only with advance_i.
module cp_wrr
  import doorbell_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  queues_t                   request_i,
    input  logic    [QUEUES-1:0][7:0] weight_i,
    output queue_t                    grant_o,    // of no meaning without a request
    input  logic                      advance_i   // the grant is taken
);
  queue_t turn_q;
  logic [7:0] left_q;  // grants left of this turn
  logic stays;

  always_comb begin
    stays   = request_i[turn_q] && left_q != '0;
    grant_o = turn_q;
    if (request_i != '0 && !stays) grant_o = next_of(request_i, turn_q);
  end

  always_ff @(posedge clk_i) begin
    if (advance_i) begin
      turn_q <= grant_o;
      if (stays) left_q <= left_q - 8'd1;
      else left_q <= (weight_i[grant_o] == '0) ? '0 : weight_i[grant_o] - 8'd1;
    end
    if (rst_i) begin
      turn_q <= '0;
      left_q <= '0;
    end
  end
endmodule
