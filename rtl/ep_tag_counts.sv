// How many read tags are in use and in quarantine. At most one tag is taken and one moved on in a cycle.
`include "check.svh"

module ep_tag_counts
  import doorbell_pkg::*;
  import ep_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic extended_tag_i,

    input logic       alloc_i,            // a free tag comes into use
    input logic       free_i,             // tag_i becomes free ...
    input logic       quarantine_i,       // ... or goes to quarantine
    input logic [7:0] tag_i,
    input logic       was_quarantined_i,

    output logic [8:0] in_use_o,
    output logic [8:0] quarantined_o,
    output logic       last_usable_o   // pulse: the last usable tag goes to quarantine
);
  logic [8:0] in_use_q;
  logic [8:0] quarantined_q;
  logic [5:0] low_q;  // quarantined tags below LowTags
  logic       leaves;
  logic       rests;

  assign leaves = quarantine_i || (free_i && !was_quarantined_i);
  assign rests = free_i && was_quarantined_i;
  assign in_use_o = in_use_q;
  assign quarantined_o = quarantined_q;
  assign last_usable_o = quarantine_i
      && (extended_tag_i ? quarantined_q == 9'(TAGS - 1)
                         : tag_i < 8'(LowTags) && low_q == 6'(LowTags - 1));

  always_ff @(posedge clk_i) begin
    if (alloc_i != leaves) in_use_q <= alloc_i ? in_use_q + 1'b1 : in_use_q - 1'b1;
    if (quarantine_i || rests) begin
      quarantined_q <= quarantine_i ? quarantined_q + 1'b1 : quarantined_q - 1'b1;
      if (tag_i < 8'(LowTags)) low_q <= quarantine_i ? low_q + 1'b1 : low_q - 1'b1;
    end
    if (rst_i) begin
      in_use_q      <= '0;
      quarantined_q <= '0;
      low_q         <= '0;
    end
  end

  `CHECK(OneMove, !(free_i && quarantine_i))
  `CHECK(QuarantineOnce, quarantine_i |-> !was_quarantined_i)
  `CHECK(TagsAdd, in_use_q + quarantined_q <= 9'(TAGS))
endmodule
