// Registers of the execution units: block UNIT of BAR0, one stride a unit, and the counters behind them.
//
//   register bus ─► address in the block ─► STATUS, BUSY_CYCLES, MAC_CYCLES, GROUPS, MACS of unit n
//
// A response comes one cycle after the request. Every register is read-only: writes change nothing. An address that no
// register maps, and an AtomicOp, answer err. clear_i zeroes the counters.
module unit_regs
  import doorbell_pkg::*;
  import seams_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,

    // Units.
    input logic [UNITS-1:0] busy_i,
    input logic [UNITS-1:0] mac_i,   // the array works in this cycle
    input logic [UNITS-1:0] done_i,  // a work-group ends in this cycle

    // Register bus.
    input  logic     reg_req_valid_i,
    input  reg_req_t reg_req_i,
    output logic     reg_rsp_valid_o,
    output reg_rsp_t reg_rsp_o
);
  localparam int unsigned StrideBits = $clog2(UNIT_STRIDE);
  localparam int unsigned UnitBits = (UNITS > 1) ? $clog2(UNITS) : 1;

  logic [63:0] busy_cycles_q[UNITS];
  logic [63:0] mac_cycles_q [UNITS];
  logic [63:0] groups_q     [UNITS];

  logic        rsp_valid_q;
  reg_rsp_t    rsp_q;

  logic unused_req;
  logic [19:0] number;  // of the unit
  logic [UnitBits-1:0] unit;

  assign unused_req = ^{reg_req_i.be, reg_req_i.wdata, reg_req_i.wdata2};
  assign number = (reg_req_i.addr - 20'(UNIT_OFFSET)) >> StrideBits;
  assign unit = UnitBits'(number);

  always_ff @(posedge clk_i) begin
    rsp_valid_q <= reg_req_valid_i && !rst_i;
    if (reg_req_valid_i) begin
      rsp_q.err <= 1'b0;
      unique case (32'(reg_req_i.addr[StrideBits-1:0]))
        UNIT_STATUS:      rsp_q.rdata <= 64'(busy_i[unit]) << UNIT_STATUS_BUSY_LSB;
        UNIT_BUSY_CYCLES: rsp_q.rdata <= busy_cycles_q[unit];
        UNIT_MAC_CYCLES:  rsp_q.rdata <= mac_cycles_q[unit];
        UNIT_GROUPS:      rsp_q.rdata <= groups_q[unit];
        UNIT_MACS:        rsp_q.rdata <= 64'(MACS_PER_CYCLE) << UNIT_MACS_PER_CYCLE_LSB;
        default:          rsp_q <= '{err: 1'b1, rdata: '0};
      endcase
      if (number >= 20'(UNITS) || !(reg_req_i.op inside {RegRead, RegWrite})) begin
        rsp_q <= '{err: 1'b1, rdata: '0};
      end
    end
  end

  for (genvar u = 0; u < UNITS; u++) begin : gen_unit
    always_ff @(posedge clk_i) begin
      if (rst_i || clear_i) begin
        busy_cycles_q[u] <= '0;
        mac_cycles_q[u]  <= '0;
        groups_q[u]      <= '0;
      end else if (busy_i[u]) begin
        busy_cycles_q[u] <= busy_cycles_q[u] + 64'd1;
        if (mac_i[u]) mac_cycles_q[u] <= mac_cycles_q[u] + 64'd1;
        if (done_i[u]) groups_q[u] <= groups_q[u] + 64'd1;
      end
    end
  end

  assign reg_rsp_valid_o = rsp_valid_q;
  assign reg_rsp_o = rsp_q;
endmodule
