// Receive side of the link: sorts inbound TLPs, holds requests until the completer takes them, grants credits.
//
//   rx ──► decode ─┬─► completions ─────────────────────► ep_requester, in the same cycle
//                  ├─► posted:     header FIFO + lines ─► ep_completer
//                  └─► non-posted: FIFO, each entry knows how many posted requests came before
//
// Promises: every beat is taken at once (rx_ready_o is constant), so accepting never waits for a transmission
// (EP-CREDIT-003). A request appears at its queue's head after its last beat, whole. Its credits come back when the
// completer takes it. A request beyond the credits is lost and fatal; a malformed TLP has no effect and is fatal, and the
// credits it used come back.
// Not modelled: data link layer, error logging.
`include "check.svh"

module ep_rx
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // Link.
    input  logic     rx_valid_i,
    output logic     rx_ready_o,
    input  logic     rx_sop_i,
    input  logic     rx_last_i,
    input  header_t  rx_hdr_i,
    input  line_t    rx_data_i,
    output credits_t rx_credits_o,

    input logic [3:0] mps_log2_i,  // bytes

    // Completions: header and data are those of the link.
    output logic        completion_valid_o,
    output logic        completion_bad_o,    // on the beat that shows a wrong payload length
    output logic [10:0] completion_dws_o,

    // Posted requests.
    output logic                     posted_valid_o,
    output posted_t                  posted_o,
    input  logic [LineCountBits-2:0] posted_index_i,  // line of the head's payload to show
    output line_t                    posted_line_o,
    input  logic                     posted_take_i,

    // Non-posted requests.
    output logic       nonposted_valid_o,
    output nonposted_t nonposted_o,
    input  logic       nonposted_take_i,

    // Pulses.
    output logic        malformed_o,
    output logic        overflow_o,
    output logic        poisoned_o,
    output logic        tlp_o,              // a TLP was received
    output logic [10:0] completion_bytes_o  // payload bytes of a completion that was received
);
  localparam int unsigned LineBits = $clog2(PostedLines);

  // ---- beat --------------------------------------------------------------------------------------------------------

  inbound_t   inbound;
  logic [6:0] beat_q;        // of the TLP under way; stops at its highest value
  logic       mismatch;      // this beat shows a payload of another length
  logic       mismatch_q;    // an earlier one did
  logic       malformed;
  logic       finish;

  ep_rx_decode u_decode (
      .valid_i   (rx_valid_i),
      .header_i  (rx_hdr_i),
      .mps_log2_i(mps_log2_i),
      .inbound_o (inbound)
  );

  assign rx_ready_o = 1'b1;
  assign finish     = rx_valid_i && rx_last_i;
  assign mismatch   = rx_valid_i && rx_last_i != (beat_q == inbound.beats - 1'b1);
  assign malformed  = inbound.malformed || mismatch || mismatch_q;

  always_ff @(posedge clk_i) begin
    if (rx_valid_i) begin
      mismatch_q <= !rx_last_i && (mismatch || mismatch_q);
      if (rx_last_i) beat_q <= '0;
      else if (beat_q != '1) beat_q <= beat_q + 1'b1;
    end
    if (rst_i) begin
      beat_q     <= '0;
      mismatch_q <= 1'b0;
    end
  end

  assign malformed_o = finish && malformed;
  assign poisoned_o = finish && !malformed && inbound.poisoned;
  assign tlp_o = finish;
  assign completion_valid_o = rx_valid_i && inbound.class_of == InCompletion && !inbound.malformed;
  assign completion_bad_o = mismatch;
  assign completion_dws_o = inbound.dws;
  assign completion_bytes_o =
      (finish && !malformed && inbound.class_of == InCompletion && inbound.has_data)
      ? 11'(inbound.dws << 2) : '0;

  // ---- credits ------------------------------------------------------------------------------------------------------

  logic [ 8:0] credits;             // data credits of this TLP
  logic [ 8:0] posted_credits;      // of the queues' heads
  logic [ 8:0] nonposted_credits;
  logic        over_posted;
  logic        over_nonposted;
  logic        over;                // this TLP has no credits
  logic        over_q;              // decided on its first beat
  logic        posted_room;
  logic        nonposted_room;
  logic [ 8:0] posted_used_q;       // data credits in use
  logic [ 8:0] nonposted_used_q;
  credits_t    granted_q;
  logic        posted_push;
  logic        nonposted_push;
  posted_t     posted_in;
  nonposted_t  nonposted_in;

  assign credits = inbound.has_data ? 9'((inbound.dws + 11'd3) >> 2) : '0;
  assign over_posted = !posted_room || 10'(posted_used_q) + 10'(credits) > 10'(PostedData);
  assign over_nonposted = !nonposted_room
                        || 10'(nonposted_used_q) + 10'(credits) > 10'(NonPostedData);
  assign over           = !rx_sop_i ? over_q
                        : (inbound.class_of == InPosted) ? over_posted
                        : (inbound.class_of == InNonPosted) ? over_nonposted : 1'b0;
  assign overflow_o = finish && over;
  assign posted_push = finish && inbound.class_of == InPosted && !over;
  assign nonposted_push = finish && inbound.class_of == InNonPosted && !over;
  assign rx_credits_o = granted_q;

  always_ff @(posedge clk_i) begin
    if (rx_valid_i && rx_sop_i) over_q <= over;
    if (posted_push || posted_take_i) begin
      posted_used_q <= posted_used_q + (posted_push ? credits : '0)
                                     - (posted_take_i ? posted_credits : '0);
    end
    if (nonposted_push || nonposted_take_i) begin
      nonposted_used_q <= nonposted_used_q + (nonposted_push ? credits : '0)
                                           - (nonposted_take_i ? nonposted_credits : '0);
    end
    if (posted_take_i) begin
      granted_q.ph <= granted_q.ph + 1'b1;
      granted_q.pd <= granted_q.pd + 12'(posted_credits);
    end
    if (nonposted_take_i) begin
      granted_q.nph <= granted_q.nph + 1'b1;
      granted_q.npd <= granted_q.npd + 12'(nonposted_credits);
    end
    if (rst_i) begin
      over_q <= 1'b0;
      posted_used_q <= '0;
      nonposted_used_q <= '0;
      granted_q <= '{
          ph: 8'(PostedHeaders),
          pd: 12'(PostedData),
          nph: 8'(NonPostedHeaders),
          npd: 12'(NonPostedData),
          cplh: '0,
          cpld: '0
      };
    end
  end

  // ---- posted queue ---------------------------------------------------------------------------------------------------

  if (PostedLines != 2 ** LineBits) begin : gen_lines_check
    $error("PostedLines is %0d: line positions wrap only at a power of two", PostedLines);
  end

  line_t                             lines[PostedLines];
  logic  [             LineBits-1:0] write_q;  // where the next posted payload begins
  logic  [             LineBits-1:0] read_q;   // where the head's payload begins
  logic                              keeps_lines;
  logic                              store;
  logic  [$clog2(PostedHeaders+1)-1:0] unused_posted_count;

  assign keeps_lines = inbound.class_of == InPosted && inbound.posted_kind == PostedWrite
                     && !inbound.malformed && !over;
  assign store = rx_valid_i && keeps_lines && beat_q < inbound.beats;

  always_comb begin
    posted_in = '0;
    if (posted_push) begin
      posted_in.kind     = malformed ? PostedIgnored : inbound.posted_kind;
      posted_in.addr     = inbound.addr;
      posted_in.lines    = (keeps_lines && !malformed) ? LineCountBits'(inbound.beats) : '0;
      posted_in.dws      = 7'(inbound.dws);
      posted_in.first_be = rx_hdr_i[1][3:0];
      posted_in.last_be  = rx_hdr_i[1][7:4];
    end
  end

  fifo #(
      .Width($bits(posted_t) + 9),
      .Depth(PostedHeaders)
  ) u_posted (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .in_valid_i (posted_push),
      .in_ready_o (posted_room),
      .in_data_i  ({posted_in, credits}),
      .out_valid_o(posted_valid_o),
      .out_ready_i(posted_take_i),
      .out_data_o ({posted_o, posted_credits}),
      .count_o    (unused_posted_count)
  );

  assign posted_line_o = lines[read_q+LineBits'(posted_index_i)];

  always_ff @(posedge clk_i) begin
    if (store) lines[write_q+LineBits'(beat_q)] <= rx_data_i;
    if (posted_push) write_q <= write_q + LineBits'(posted_in.lines);
    if (posted_take_i) read_q <= read_q + LineBits'(posted_o.lines);
    if (rst_i) begin
      write_q <= '0;
      read_q  <= '0;
    end
  end

  // ---- non-posted queue -----------------------------------------------------------------------------------------------

  inbound_count_t                         posted_seen_q;
  logic [$clog2(NonPostedHeaders+1)-1:0] unused_nonposted_count;

  always_comb begin
    nonposted_in = '0;
    if (nonposted_push) begin
      nonposted_in.kind      = malformed ? NonPostedIgnored : inbound.nonposted_kind;
      nonposted_in.op        = inbound.op;
      nonposted_in.order     = posted_seen_q;
      nonposted_in.requester = rx_hdr_i[1][31:16];
      nonposted_in.tag       = rx_hdr_i[1][15:8];
      nonposted_in.tc        = rx_hdr_i[0][22:20];
      nonposted_in.attr      = {rx_hdr_i[0][18], rx_hdr_i[0][13:12]};
      nonposted_in.memory    = inbound.memory_read;
      nonposted_in.addr      = inbound.addr;
      nonposted_in.dws       = inbound.dws;
      nonposted_in.first_be  = rx_hdr_i[1][3:0];
      nonposted_in.last_be   = rx_hdr_i[1][7:4];
      nonposted_in.data      = rx_data_i[127:0];
    end
  end

  fifo #(
      .Width($bits(nonposted_t) + 9),
      .Depth(NonPostedHeaders)
  ) u_nonposted (
      .clk_i      (clk_i),
      .rst_i      (rst_i),
      .in_valid_i (nonposted_push),
      .in_ready_o (nonposted_room),
      .in_data_i  ({nonposted_in, credits}),
      .out_valid_o(nonposted_valid_o),
      .out_ready_i(nonposted_take_i),
      .out_data_o ({nonposted_o, nonposted_credits}),
      .count_o    (unused_nonposted_count)
  );

  always_ff @(posedge clk_i) begin
    if (posted_push) posted_seen_q <= posted_seen_q + 1'b1;
    if (rst_i) posted_seen_q <= '0;
  end

  `CHECK(SopBegins, rx_valid_i |-> rx_sop_i == (beat_q == '0))
  `CHECK(PostedTaken, posted_take_i |-> posted_valid_o)
  `CHECK(NonPostedTaken, nonposted_take_i |-> nonposted_valid_o)
endmodule
