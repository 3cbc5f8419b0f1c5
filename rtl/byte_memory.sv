// Memory of 64-byte lines behind ports that take any byte address.
//
//   rd_valid/addr ─► [ address delayed MemLatency - 1 cycles ] ─► lines ─► rd_rsp (register)
//   wr_valid/addr/be/data ───────────────────────────────────────► lines (at once)
//
// Promises. Every request is accepted in its cycle. A read answers MemLatency cycles after acceptance, in order, and
// returns every write accepted before it (ORD-DEVICE-001; and possibly some accepted up to MemLatency - 2 cycles
// after it). Bytes whose be is 0 keep their value. Two ports that write one byte in one cycle: the higher port wins.
// An access that passes the end of its aligned window of WindowBytes goes on at the window's start.
// Not modelled: banks and their conflicts, ECC, refresh. Contents after reset are whatever they were.
//
// Lines are written by blocking assignment, so that two ports may change different bytes of one line in one cycle; all
// accesses stand in one process, reads first. Aligned accesses move a whole line without any shift.
module byte_memory
  import seams_pkg::*;
#(
    parameter int unsigned Bytes = 4096,
    parameter int unsigned WindowBytes = Bytes,  // a power of two, from 128 bytes to Bytes
    parameter int unsigned ReadPorts = 1,
    parameter int unsigned WritePorts = 1,
    parameter int unsigned MemLatency = 6,  // cycles, at least 3
    localparam int unsigned AddrBits = $clog2(Bytes)
) (
    input logic clk_i,
    input logic rst_i,

    // Read ports: answers come MemLatency cycles later, from registers.
    input  logic                rd_valid_i    [ReadPorts],
    input  logic [AddrBits-1:0] rd_addr_i     [ReadPorts],
    output logic                rd_rsp_valid_o[ReadPorts],
    output line_t               rd_rsp_data_o [ReadPorts],

    // Write ports.
    input logic                wr_valid_i[WritePorts],
    input logic [AddrBits-1:0] wr_addr_i [WritePorts],
    input logic [        63:0] wr_be_i   [WritePorts],
    input line_t               wr_data_i [WritePorts]
);
  localparam int unsigned LineBits = AddrBits - 6;
  localparam int unsigned WindowBits = $clog2(WindowBytes) - 6;  // of a line's number
  localparam int unsigned Stages = MemLatency - 1;  // between acceptance and the look at the lines

  typedef logic [LineBits-1:0] line_index_t;

  line_t lines[Bytes/64];

  logic [Stages-1:0] pending_q[ReadPorts];  // bit 0 is the youngest
  logic [AddrBits-1:0] addr_q[ReadPorts][Stages];

  // The line after `index`, inside its window.
  function automatic line_index_t next_line(input line_index_t index);
    next_line = index;
    next_line[WindowBits-1:0] = index[WindowBits-1:0] + 1'b1;
  endfunction

  function automatic line_t bit_mask(input logic [63:0] be);
    for (int unsigned i = 0; i < 64; i++) bit_mask[8*i+:8] = {8{be[i]}};
  endfunction

  always_ff @(posedge clk_i) begin : ReadsThenWrites
    for (int unsigned p = 0; p < ReadPorts; p++) begin
      rd_rsp_valid_o[p] <= 1'b0;
      if (rd_valid_i[p] || pending_q[p] != '0) begin : Reading
        automatic logic [AddrBits-1:0] addr = addr_q[p][Stages-1];
        automatic line_index_t index = addr[AddrBits-1:6];
        automatic logic [8:0] shift = {addr[5:0], 3'b000};
        pending_q[p] <= {pending_q[p][Stages-2:0], rd_valid_i[p]};
        addr_q[p][0] <= rd_addr_i[p];
        for (int unsigned s = 1; s < Stages; s++) addr_q[p][s] <= addr_q[p][s-1];
        if (pending_q[p][Stages-1]) begin
          rd_rsp_valid_o[p] <= 1'b1;
          if (shift == '0) rd_rsp_data_o[p] <= lines[index];
          else begin
            rd_rsp_data_o[p] <= (lines[index] >> shift) |
                (lines[next_line(index)] << (10'd512 - {1'b0, shift}));
          end
        end
      end
    end
    for (int unsigned p = 0; p < WritePorts; p++) begin
      if (wr_valid_i[p]) begin : Writing
        automatic line_index_t index = wr_addr_i[p][AddrBits-1:6];
        automatic line_index_t second = next_line(index);
        automatic logic [5:0] offset = wr_addr_i[p][5:0];
        automatic logic [8:0] shift = {offset, 3'b000};
        automatic line_t mask;
        if (offset == '0 && (&wr_be_i[p])) lines[index] = wr_data_i[p];
        else begin
          mask = bit_mask(wr_be_i[p]);
          lines[index] = (lines[index] & ~(mask << shift)) | ((wr_data_i[p] & mask) << shift);
          if (offset != '0 && (wr_be_i[p] >> (7'd64 - {1'b0, offset})) != '0) begin
            lines[second] = (lines[second] & ~(mask >> (10'd512 - {1'b0, shift}))) |
                ((wr_data_i[p] & mask) >> (10'd512 - {1'b0, shift}));
          end
        end
      end
    end
    if (rst_i) begin
      for (int unsigned p = 0; p < ReadPorts; p++) begin
        pending_q[p] <= '0;
        rd_rsp_valid_o[p] <= 1'b0;
      end
    end
  end
endmodule
