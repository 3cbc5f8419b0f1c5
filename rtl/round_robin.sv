// Round-robin choice among requesters: the first one after the last that was taken.
//
//   req ─► [ first set bit above last, else first set bit ] ─► valid, index          taken: index becomes last
//
// Promise: a requester that keeps asking is chosen after at most Requesters - 1 others were taken.
module round_robin #(
    parameter  int unsigned Requesters = 8,
    localparam int unsigned IndexBits  = (Requesters > 1) ? $clog2(Requesters) : 1
) (
    input logic clk_i,
    input logic rst_i,

    input  logic [Requesters-1:0] req_i,
    input  logic                  taken_i,  // the choice of this cycle is used
    output logic                  valid_o,
    output logic [ IndexBits-1:0] index_o
);
  logic [Requesters-1:0] above_q;  // requesters after the last one taken
  logic [Requesters-1:0] choice;

  assign valid_o = req_i != '0;

  always_comb begin
    choice  = '0;
    index_o = '0;
    if (req_i != '0) begin
      choice = ((req_i & above_q) != '0) ? (req_i & above_q) : req_i;
      choice = choice & (~choice + 1'b1);  // lowest set bit
      for (int unsigned i = 0; i < Requesters; i++) begin
        if (choice[i]) index_o |= IndexBits'(i);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) above_q <= '0;
    else if (valid_o && taken_i) above_q <= ~(choice | (choice - 1'b1));
  end
endmodule
