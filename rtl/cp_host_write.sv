// One HOST write at a time: records, signals, write-backs of get, error records. 8 to 64 bytes, one beat, one TLP.
//
//   cp_retire ──► [ write, purpose ] ──► endpoint        accepted ──► purpose back to cp_retire
//
// Acceptance fixes the write's place in the device's upstream order: it is what "performed" means for what it carries.
// All addresses are aligned to the length, so no write crosses an MPS or 4 KiB boundary, and lane 0 is the address.
module cp_host_write
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic            load_i,        // only while free_o
    input  purpose_t        load_purpose_i,
    input  logic     [63:0] load_addr_i,
    input  logic     [ 6:0] load_len_i,    // bytes
    input  line_t           load_data_i,
    output logic            free_o,        // empty, or emptied now
    output logic            accepted_o,
    output purpose_t        purpose_o,

    output logic         write_valid_o,
    input  logic         write_ready_i,
    output logic         write_sop_o,
    output logic         write_last_o,
    output logic  [63:0] write_addr_o,
    output logic  [ 9:0] write_len_o,
    output line_t        write_data_o
);
  assign free_o = !write_valid_o || write_ready_i;
  assign accepted_o = write_valid_o && write_ready_i;
  assign write_sop_o = write_valid_o;
  assign write_last_o = write_valid_o;

  always_ff @(posedge clk_i) begin
    if (write_ready_i) write_valid_o <= 1'b0;
    if (load_i) begin
      write_valid_o <= 1'b1;
      purpose_o <= load_purpose_i;
      write_addr_o <= load_addr_i;
      write_len_o <= 10'(load_len_i);
      write_data_o <= load_data_i;
    end
    if (rst_i) write_valid_o <= 1'b0;
  end
endmodule
