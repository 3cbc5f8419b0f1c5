// Free read tags First .. First + Tags - 1.
//
//   put ──► [ FIFO of returned tags ] ──┐
//           [ tags never used so far ] ─┴─► tag_o
//
// Promises: never-used tags first, then those that have rested longest, so a tag comes back as late as it can.
// Counting the unused ones up saves filling the FIFO after reset.
`include "check.svh"

module ep_tag_pool #(
    parameter int unsigned First = 0,
    parameter int unsigned Tags = 32,
    localparam int unsigned CountBits = $clog2(Tags + 1)
) (
    input logic clk_i,
    input logic rst_i,

    output logic       valid_o,
    output logic [7:0] tag_o,
    input  logic       take_i,
    input  logic       put_i,
    input  logic [7:0] put_tag_i,

    output logic [CountBits-1:0] count_o
);
  logic [CountBits-1:0] used_q;      // tags that were handed out at least once
  logic [CountBits-1:0] count_q;
  logic                 unused;
  logic                 back_valid;
  logic [          7:0] back_tag;
  logic                 back_ready;
  logic [CountBits-1:0] back_count;

  assign unused  = used_q != CountBits'(Tags);
  assign valid_o = unused || back_valid;
  assign tag_o   = unused ? 8'(First) + 8'(used_q) : back_tag;
  assign count_o = count_q;

  fifo #(
      .Width(8),
      .Depth(Tags)
  ) u_back (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .in_valid_i (put_i),
      .in_ready_o (back_ready),
      .in_data_i  (put_tag_i),
      .out_valid_o(back_valid),
      .out_ready_i(take_i && !unused),
      .out_data_o (back_tag),
      .count_o    (back_count)
  );

  always_ff @(posedge clk_i) begin
    if (take_i && unused) used_q <= used_q + 1'b1;
    if (take_i != put_i) count_q <= put_i ? count_q + 1'b1 : count_q - 1'b1;
    if (rst_i) begin
      used_q  <= '0;
      count_q <= CountBits'(Tags);
    end
  end

  `CHECK(TakeValid, take_i |-> valid_o)
  `CHECK(PutRoom, put_i |-> back_ready)
  `CHECK(CountTrue, count_q == back_count + CountBits'(Tags) - used_q)
endmodule
