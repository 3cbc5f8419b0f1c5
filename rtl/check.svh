// CHECK(name, expr): expr holds at every rising edge of clk_i outside reset; otherwise the simulation stops and names
// the place. Give it narrow expressions only: it is evaluated every cycle. Empty outside Verilator, because other front
// ends reject concurrent assertions. Write it without a semicolon: `CHECK(DepthKept, count_q <= MaxCount)
`ifndef DOORBELL_CHECK_SVH
`define DOORBELL_CHECK_SVH
`ifdef VERILATOR
`define CHECK(name, expr) \
  name : assert property (@(posedge clk_i) disable iff (rst_i) (expr)) \
  else $error(`"%m name`");
`else
`define CHECK(name, expr)
`endif
`endif
