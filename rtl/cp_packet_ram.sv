// The packets of all queues, from the ring read until retirement: 8 x 32 lines of 64 bytes.
//
//   landing beats ──► lines ──► check
//                          ├──► start      operands
//                          └──► retirement signal, record, vector
//
// Each reader gets its line in the cycle after it asked and keeps it until it asks again. Not modelled: banking, ECC.
module cp_packet_ram
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,

    input logic   write_valid_i,
    input place_t write_place_i,
    input line_t  write_line_i,

    input  logic   check_valid_i,
    input  place_t check_place_i,
    output line_t  check_line_o,

    input  logic   start_valid_i,
    input  place_t start_place_i,
    output line_t  start_line_o,

    input  logic   retire_valid_i,
    input  place_t retire_place_i,
    output line_t  retire_line_o
);
  line_t lines[QUEUES*Places];

  always_ff @(posedge clk_i) begin
    if (write_valid_i) lines[write_place_i] <= write_line_i;
    if (check_valid_i) check_line_o <= lines[check_place_i];
    if (start_valid_i) start_line_o <= lines[start_place_i];
    if (retire_valid_i) retire_line_o <= lines[retire_place_i];
  end
endmodule
