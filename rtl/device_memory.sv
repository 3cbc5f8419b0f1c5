// Device memory: 64 MiB, four read and four write ports of 64 bytes at any byte address.
//
//   rd_valid/ready/addr ─► stall? ─► byte_memory ─► rd_rsp_valid/data, MemLatency cycles after acceptance
//   wr_valid/addr/be/data ─────────► byte_memory
//
// Promises: those of byte_memory; past the end an access wraps to address 0. Writes are always accepted. A read port
// may refuse: with the plusarg `+memory_stall=PERCENT` (0 to 90, read once at start) each port holds a waiting read
// back with that probability in every cycle, pseudo-randomly and alike in every run, so that requesters meet
// back-pressure. The generator moves only while a read waits, so an idle memory does nothing.
// Not modelled: banks and their conflicts, ECC, refresh.
`include "check.svh"

module device_memory
  import doorbell_pkg::*;
  import seams_pkg::*;
#(
    parameter int unsigned ReadPorts  = 4,
    parameter int unsigned WritePorts = 4,
    parameter int unsigned MemLatency = 6   // cycles from an accepted read to its data, at least 3
) (
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,  // device reset: a requester may take back what it offers

    input  logic                   rd_valid_i    [ReadPorts],
    output logic                   rd_ready_o    [ReadPorts],
    input  logic [MemAddrBits-1:0] rd_addr_i     [ReadPorts],
    output logic                   rd_rsp_valid_o[ReadPorts],
    output line_t                  rd_rsp_data_o [ReadPorts],

    input logic                   wr_valid_i[WritePorts],
    input logic [MemAddrBits-1:0] wr_addr_i [WritePorts],
    input logic [           63:0] wr_be_i   [WritePorts],
    input line_t                  wr_data_i [WritePorts]
);
  localparam int StallMax = 90;  // percent; more would look like a hang

  logic [15:0] stall_below;  // a port refuses while its 16-bit random number is below
  logic        stall_q     [ReadPorts];
  logic [15:0] random_q    [ReadPorts];
  logic        accepted    [ReadPorts];
  logic [ReadPorts-1:0] waits;  // only a reset of the requester may take the read back

  initial begin : ReadStall
    int percent;
    percent = 0;
    if ($value$plusargs("memory_stall=%d", percent) && (percent < 0 || percent > StallMax)) begin
      $fatal(1, "+memory_stall=%0d: give a percentage from 0 to %0d", percent, StallMax);
    end
    stall_below = 16'((percent * 65536) / 100);
  end

  for (genvar p = 0; p < ReadPorts; p++) begin : gen_stall
    assign rd_ready_o[p] = !stall_q[p];
    assign accepted[p]   = rd_valid_i[p] && !stall_q[p];
    assign waits[p]      = rd_valid_i[p] && stall_q[p] && !clear_i;

    always_ff @(posedge clk_i) begin
      if (rst_i) begin
        stall_q[p]  <= 1'b0;
        random_q[p] <= 16'hACE1 + 16'(p) * 16'h1357;
      end else if (rd_valid_i[p] && stall_below != '0) begin
        // Three Galois steps of x^16 + x^14 + x^13 + x^11 + 1.
        random_q[p] <= step(step(step(random_q[p])));
        stall_q[p]  <= random_q[p] < stall_below;
      end
    end

    `CHECK(RequestHeld, waits[p] |=> rd_valid_i[p] && $stable(rd_addr_i[p]))
  end

  function automatic logic [15:0] step(input logic [15:0] state);
    return (state >> 1) ^ (state[0] ? 16'hB400 : 16'h0000);
  endfunction

  byte_memory #(
      .Bytes     (DEVICE_MEMORY_BYTES),
      .ReadPorts (ReadPorts),
      .WritePorts(WritePorts),
      .MemLatency(MemLatency)
  ) u_memory (
      .clk_i         (clk_i),
      .rst_i         (rst_i),
      .rd_valid_i    (accepted),
      .rd_addr_i     (rd_addr_i),
      .rd_rsp_valid_o(rd_rsp_valid_o),
      .rd_rsp_data_o (rd_rsp_data_o),
      .wr_valid_i    (wr_valid_i),
      .wr_addr_i     (wr_addr_i),
      .wr_be_i       (wr_be_i),
      .wr_data_i     (wr_data_i)
  );
endmodule
