// Carries the payload of an inbound BAR2 write to device memory, a line a cycle.
//
//   posted head + its lines ──► [ enables ] ──► register ──► mem_wr valid/ready
//
// Promises: lines go in order; last_o takes the head from its queue when its last line is in the register; while
// pending_o the write is not yet performed. Any start and length; bytes that are not enabled keep their value (EP-BAR-002).
`include "check.svh"

module ep_mem_writer
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // The posted head is a BAR2 write and its turn has come; stays high until last_o.
    input  logic                     active_i,
    input  logic [  MemAddrBits-1:0] addr_i,     // of the first DW
    input  logic [LineCountBits-1:0] lines_i,
    input  logic [              6:0] dws_i,
    input  logic [              3:0] first_be_i,
    input  logic [              3:0] last_be_i,
    output logic [LineCountBits-2:0] index_o,   // the line that line_i must show
    input  line_t                    line_i,
    output logic                     last_o,    // the last line is taken in this cycle
    output logic                     pending_o, // a line waits to be accepted

    output logic                   wr_valid_o,
    input  logic                   wr_ready_i,
    output logic [MemAddrBits-1:0] wr_addr_o,
    output logic [           63:0] wr_be_o,
    output line_t                  wr_data_o
);
  logic [LineCountBits-2:0] index_q;
  logic                     wr_valid_q;
  logic [  MemAddrBits-1:0] wr_addr_q;
  logic [             63:0] wr_be_q;
  line_t                    wr_data_q;
  logic                     load;
  logic [              6:0] left;  // DWs of the payload from this line on

  assign load   = active_i && (!wr_valid_q || wr_ready_i);
  assign last_o = load && LineCountBits'(index_q) + 1'b1 == lines_i;
  assign left   = dws_i - {1'b0, index_q, 4'b0};

  function automatic logic [63:0] enables(logic [6:0] dws, logic first, logic [3:0] first_be,
                                          logic [3:0] last_be);
    enables = (dws >= 7'd16) ? '1 : (64'd1 << {dws[3:0], 2'b0}) - 64'd1;
    if (first) enables[3:0] = first_be;
    if (dws <= 7'd16 && !(first && dws == 7'd1)) begin
      enables[{4'(dws-7'd1), 2'b0}+:4] = last_be;
    end
  endfunction

  always_ff @(posedge clk_i) begin
    if (load) begin
      wr_valid_q <= 1'b1;
      wr_addr_q  <= addr_i + MemAddrBits'({index_q, 6'b0});
      wr_data_q  <= line_i;
      wr_be_q    <= enables(left, index_q == '0, first_be_i, last_be_i);
      index_q    <= last_o ? '0 : index_q + 1'b1;
    end else if (wr_ready_i) begin
      wr_valid_q <= 1'b0;
    end
    if (rst_i) begin
      wr_valid_q <= 1'b0;
      index_q    <= '0;
    end
  end

  assign index_o    = index_q;
  assign pending_o  = wr_valid_q;
  assign wr_valid_o = wr_valid_q;
  assign wr_addr_o  = wr_addr_q;
  assign wr_be_o    = wr_be_q;
  assign wr_data_o  = wr_data_q;

  `CHECK(WriteHeld, wr_valid_o && !wr_ready_i |=> wr_valid_o)
endmodule
