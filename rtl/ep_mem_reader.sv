// Answers one BAR2 read at a time: reads lines of device memory and makes completions of them.
//
//   start (request) ──► [ cut at MPS ] ──► [ read 1..4 lines ] ──► memory port 1
//                                              lines ──► ep_completion_out ◄── header when the last line is there
//
// Promises: the first completion ends at a multiple of MPS or with the request, the others begin there, so every cut is
// at a multiple of 128 bytes (EP-CPL-002). A completion is begun only when ep_completion_out has room for all of it.
// Inbound writes go on meanwhile: a reader that waits for room holds up nothing but later non-posted requests.
`include "check.svh"

module ep_mem_reader
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic [ 3:0] mps_log2_i,  // bytes
    input logic [15:0] id_i,        // of this function

    // One request, taken while not busy. addr is an offset in device memory.
    input  logic                   start_i,
    input  completion_id_t         start_id_i,
    input  logic [MemAddrBits-1:0] start_addr_i,      // of the first DW
    input  logic [           10:0] start_dws_i,
    input  logic [            3:0] start_first_be_i,
    input  logic [            3:0] start_last_be_i,
    output logic                   busy_o,

    // Device memory.
    output logic                   rd_valid_o,
    input  logic                   rd_ready_i,
    output logic [MemAddrBits-1:0] rd_addr_o,
    input  logic                   rd_rsp_valid_i,

    // ep_completion_out; the lines go there straight from memory.
    input  logic        room_i,
    output logic        push_o,
    output completion_t completion_o
);
  typedef enum logic [1:0] {
    Idle,
    Cut,   // waits for room, then decides how far this completion goes
    Read,  // asks for its lines
    Wait   // for the last of them
  } state_e;

  state_e                   state_q;
  completion_id_t           id_q;
  logic [  MemAddrBits-1:0] addr_q;    // of the next DW to ask for
  logic [              1:0] skip_q;    // bytes of its first DW that were not asked for
  logic [             10:0] dws_q;     // not yet in a completion
  logic [             12:0] bytes_q;   // byte count of the next completion
  logic [              6:0] piece_q;   // DWs of this completion
  logic [              6:0] lower_q;   // lower address of this completion
  logic [LineCountBits-1:0] lines_q;   // of this completion
  logic [LineCountBits-1:0] asked_q;
  logic [LineCountBits-1:0] landed_q;

  // DWs to the next multiple of MPS; the piece is no longer than that.
  logic [6:0] to_boundary;
  logic [6:0] piece;
  logic       last_lands;

  assign to_boundary = (mps_log2_i == 4'd8) ? 7'd64 - 7'(addr_q[7:2]) : 7'd32 - 7'(addr_q[6:2]);
  assign piece       = (dws_q < 11'(to_boundary)) ? 7'(dws_q) : to_boundary;
  assign last_lands  = rd_rsp_valid_i && landed_q + 1'b1 == lines_q;

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      Idle: begin
        if (start_i) begin
          state_q <= Cut;
          id_q    <= start_id_i;
          addr_q  <= start_addr_i;
          skip_q  <= first_byte(start_first_be_i);
          dws_q   <= start_dws_i;
          bytes_q <= read_bytes(start_dws_i, start_first_be_i, start_last_be_i);
        end
      end
      Cut: begin
        if (room_i) begin
          state_q  <= Read;
          piece_q  <= piece;
          lower_q  <= {addr_q[6:2], skip_q};
          lines_q  <= LineCountBits'((piece + 7'd15) >> 4);
          asked_q  <= '0;
          landed_q <= '0;
        end
      end
      Read: begin
        if (rd_ready_i) begin
          asked_q <= asked_q + 1'b1;
          addr_q  <= addr_q + MemAddrBits'(64);
          if (asked_q + 1'b1 == lines_q) state_q <= Wait;
        end
      end
      Wait: begin
        if (last_lands) begin
          state_q <= (dws_q == 11'(piece_q)) ? Idle : Cut;
          // The last line may have been part of one only.
          addr_q  <= (mps_log2_i == 4'd8) ? {addr_q[MemAddrBits-1:8], 8'b0}
                                          : {addr_q[MemAddrBits-1:7], 7'b0};
          skip_q <= '0;
          dws_q <= dws_q - 11'(piece_q);
          bytes_q <= bytes_q - {4'b0, piece_q, 2'b0} + 13'(skip_q);
        end
      end
      default: state_q <= Idle;
    endcase
    if (rd_rsp_valid_i) landed_q <= landed_q + 1'b1;
    if (rst_i) state_q <= Idle;
  end

  assign busy_o     = state_q != Idle;
  assign rd_valid_o = state_q == Read;
  assign rd_addr_o  = addr_q;
  assign push_o     = state_q == Wait && last_lands;

  always_comb begin
    completion_o = '0;
    if (push_o) begin
      completion_o.header = completion_header(id_q, id_i, COMPLETION_STATUS_SC, 1'b1, 10'(piece_q),
                                              12'(bytes_q), lower_q);
      completion_o.lines = lines_q;
    end
  end

  `CHECK(StartIdle, start_i |-> !busy_o)
  `CHECK(LineExpected, rd_rsp_valid_i |-> state_q inside {Read, Wait})
endmodule
