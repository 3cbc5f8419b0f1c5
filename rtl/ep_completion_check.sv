// What one inbound completion means for the read of its tag.
//
//   header + tag state + progress ──► answers which read? in the right place? the last one?
//
// Combinational; works only while valid_i. A completion answers a read when id and tag are those of an outstanding one.
// It is good when its lower address and byte count continue the read exactly and it ends with the read or at a 64-byte
// boundary, the smallest that a root complex may split at. EP-CPL-006: a failing status other than CA counts as UR.
// A misfit that calls itself the last one ends the read all the same: nothing legal can follow it.
// Byte Count Modified, traffic class and attributes are not looked at.
module ep_completion_check
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic          valid_i,
    input logic [2:0][31:0] header_i,
    input logic   [10:0] dws_i,      // Length
    input logic   [15:0] id_i,       // of this function
    input tag_state_e    state_i,    // of the tag
    input logic [6:0] lower_i,      // that the next completion must have
    input logic [9:0] remaining_i,  // bytes

    output verdict_t verdict_o
);
  logic        has_data;
  logic [ 2:0] status;
  logic [12:0] byte_count;
  logic [ 6:0] lower;
  logic [12:0] span;       // payload, from the start of its first DW
  logic [12:0] payload;    // bytes from the lower address to the end of the payload
  logic        ours;
  logic        fits;
  logic        ends;       // the read ends in this payload

  always_comb begin
    has_data   = header_i[0][30];
    status     = header_i[1][15:13];
    byte_count = {header_i[1][11:0] == '0, header_i[1][11:0]};
    lower      = header_i[2][6:0];
    span       = '0;
    payload    = '0;
    ours       = 1'b0;
    fits       = 1'b0;
    ends       = 1'b0;
    verdict_o  = '0;
    if (valid_i) begin
      span = {dws_i, 2'b0};
      payload = span - 13'(lower[1:0]);
      ours = header_i[2][31:16] == id_i && header_i[0][28:24] == TLP_KIND_CPL[4:0];
      ends = payload >= 13'(remaining_i);
      fits    = has_data && lower == lower_i && byte_count == 13'(remaining_i)
              && (ends ? payload - 13'(remaining_i) < 13'd4
                       : 6'(lower + 7'(payload)) == '0);

      verdict_o.known = ours && state_i == TagOutstanding;
      verdict_o.late = ours && state_i == TagQuarantined;
      verdict_o.good = status == COMPLETION_STATUS_SC && fits;
      verdict_o.bytes = ends ? remaining_i : 10'(payload);
      if (status != COMPLETION_STATUS_SC) begin
        verdict_o.final_of = 1'b1;
        verdict_o.status   = (status == COMPLETION_STATUS_CA) ? ReadCa : ReadUr;
      end else if (fits) begin
        verdict_o.final_of = ends;
        verdict_o.status   = ReadOk;
      end else begin
        verdict_o.final_of = !has_data || payload >= byte_count;
        verdict_o.status   = ReadMalformed;
      end
    end
  end
endmodule
