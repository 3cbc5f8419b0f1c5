// Posted writes on their way out: one queue for all sources, in the order of acceptance.
//
//   dma writes ──┐
//   cp writes ───┼─► round robin, TLP by TLP ──► [ lines ] [ headers of whole TLPs ] ──► ep_tx
//   messages ────┘
//
// Promises: the queue's order is the device's upstream order of posted writes; a write has its place when its last beat is
// accepted (ORD-UP-001). A TLP leaves only when it is here whole, so it leaves without a bubble. accepted_o and sent_o count
// TLPs, so that others can say which writes they must follow.
// While open_i is low nothing is accepted; what was accepted still leaves. Device reset (clear_i) drops what has not begun
// to leave and what is only partly here; the TLP that is leaving (sending_i) leaves whole.
`include "check.svh"

module ep_tx_posted
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
#(
    parameter int unsigned Lines = 64,  // payload, a power of two
    parameter int unsigned Headers = 32,
    localparam int unsigned LineBits = $clog2(Lines)
) (
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,
    input logic open_i,

    input logic [15:0] id_i,        // of this function
    input logic [ 3:0] mps_log2_i,  // bytes

    // Sources: 0 the DMA engine, 1 the command processor.
    input  logic  [ 1:0]       write_valid_i,
    output logic  [ 1:0]       write_ready_o,
    input  logic  [ 1:0]       write_sop_i,
    input  logic  [ 1:0]       write_last_i,
    input  logic  [ 1:0][63:0] write_addr_i,
    input  logic  [ 1:0][ 9:0] write_len_i,    // bytes of the whole TLP
    input  line_t              write_data_i [2],

    // Interrupt messages: one DW. valid may fall and the message may change until it is taken.
    input  logic        message_valid_i,
    output logic        message_ready_o,
    input  logic [63:0] message_addr_i,
    input  logic [31:0] message_data_i,

    // Head of the queue.
    output logic                     out_valid_o,
    output header_t                  out_header_o,
    output logic [LineCountBits-1:0] out_lines_o,
    output logic [              6:0] out_dws_o,
    input  logic                     out_take_i,       // its header
    output line_t                    out_line_o,
    input  logic                     out_line_take_i,  // its next line
    input  logic                     sending_i,        // a taken header still has lines

    output posted_mark_t accepted_o,
    output posted_mark_t sent_o,
    output logic         idle_o       // nothing is here
);
  localparam logic [1:0] Message = 2'd2;

  typedef struct packed {
    header_t                  header;
    logic [LineCountBits-1:0] lines;
    logic [6:0]               dws;
  } entry_t;

  // ---- choice: one source from its first to its last beat ----------------------------------------------------------------

  logic       locked_q;
  logic [1:0] owner_q;
  logic [2:0] requests;
  logic       chosen_valid;
  logic [1:0] chosen;
  logic [1:0] source;
  logic       offered;
  logic       room;
  logic       accept;
  logic       last;
  logic       discard_q;  // a reset waits for the TLP that is leaving
  logic       discard;

  assign requests = {message_valid_i, write_valid_i};

  round_robin #(
      .Requesters(3)
  ) u_choice (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .req_i  (requests),
      .taken_i(accept && !locked_q),
      .valid_o(chosen_valid),
      .index_o(chosen)
  );

  assign source          = locked_q ? owner_q : chosen;
  assign offered         = locked_q ? requests[owner_q] : chosen_valid;
  assign accept          = offered && room && open_i && !clear_i && !discard_q;
  assign last            = source == Message || write_last_i[source[0]];
  assign write_ready_o   = {accept && source == 2'd1, accept && source == 2'd0};
  assign message_ready_o = accept && source == Message;

  // ---- storage ---------------------------------------------------------------------------------------------------------

  line_t                    lines[Lines];
  logic [     LineBits-1:0] write_q;
  logic [     LineBits-1:0] read_q;
  logic [       LineBits:0] held_q;     // lines of whole and partial TLPs
  logic [LineCountBits-1:0] partial_q;  // lines of the partial one before this beat
  header_t                  header_q;   // of the partial one
  logic [              6:0] dws_q;
  header_t                  header;
  logic [              6:0] dws;
  logic                     headers_room;
  entry_t                   entry;
  entry_t                   head;
  logic                     head_valid;
  logic [$clog2(Headers+1)-1:0] unused_count;

  assign room = headers_room && held_q != (LineBits + 1)'(Lines);

  // The header of a TLP is made on its first beat.
  always_comb begin
    header = header_q;
    dws    = dws_q;
    entry  = '0;
    if (accept) begin
      if (source == Message) begin
        header = request_header(1'b1, id_i, '0, message_addr_i, 13'd4);
        dws    = 7'd1;
      end else if (write_sop_i[source[0]]) begin
        header =
            request_header(1'b1, id_i, '0, write_addr_i[source[0]], 13'(write_len_i[source[0]]));
        dws = 7'(header[0][9:0]);
      end
      entry = '{header: header, lines: partial_q + 1'b1, dws: dws};
    end
  end

  fifo #(
      .Width($bits(entry_t)),
      .Depth(Headers)
  ) u_headers (
      .clk_i      (clk_i),
      .rst_i      (rst_i || discard),
      .in_valid_i (accept && last),
      .in_ready_o (headers_room),
      .in_data_i  (entry),
      .out_valid_o(head_valid),
      .out_ready_i(out_take_i),
      .out_data_o (head),
      .count_o    (unused_count)
  );

  assign discard      = (clear_i || discard_q) && !sending_i;
  assign out_valid_o  = head_valid && !clear_i && !discard_q;
  assign out_header_o = head.header;
  assign out_lines_o  = head.lines;
  assign out_dws_o    = head.dws;
  assign out_line_o   = lines[read_q];
  assign idle_o       = held_q == '0;

  always_ff @(posedge clk_i) begin
    if (accept) begin
      unique case (source)
        2'd0:    lines[write_q] <= write_data_i[0];
        2'd1:    lines[write_q] <= write_data_i[1];
        default: lines[write_q][31:0] <= message_data_i;
      endcase
      write_q   <= write_q + 1'b1;
      header_q  <= header;
      dws_q     <= dws;
      partial_q <= last ? '0 : partial_q + 1'b1;
      locked_q  <= !last;
      owner_q   <= source;
    end
    if (out_line_take_i) read_q <= read_q + 1'b1;
    if (accept != out_line_take_i) held_q <= accept ? held_q + 1'b1 : held_q - 1'b1;
    if (clear_i || discard_q) begin
      discard_q <= sending_i;
      partial_q <= '0;
      locked_q  <= 1'b0;
    end
    if (discard || rst_i) begin
      write_q <= '0;
      read_q  <= '0;
      held_q  <= '0;
    end
    if (rst_i) begin
      discard_q <= 1'b0;
      partial_q <= '0;
      locked_q  <= 1'b0;
    end
  end

  // ---- counts ------------------------------------------------------------------------------------------------------------

  posted_mark_t accepted_q;
  posted_mark_t sent_q;
  assign accepted_o = accepted_q;
  assign sent_o     = sent_q;

  always_ff @(posedge clk_i) begin
    if (accept && last) accepted_q <= accepted_q + 1'b1;
    if (discard) sent_q <= accepted_q;
    else if (out_take_i) sent_q <= sent_q + 1'b1;
    if (rst_i) begin
      accepted_q <= '0;
      sent_q     <= '0;
    end
  end

  // EP-TLP-001, -003, -004. Beats are looked at when taken; the check sees it one cycle late (see ep_requester).
  logic [9:0] mps;
  logic       whole;     // the last beat of the length
  logic       misfit_q;  // sop or last misplaced, or not 1 to MPS bytes inside one multiple
  logic [1:0] waits;     // only a reset of the source may take the write back
  assign mps   = 10'd1 << mps_log2_i;
  assign whole = partial_q + 3'd1 == LineCountBits'((dws + 7'd15) >> 4);
  assign waits = clear_i ? '0 : write_valid_i & ~write_ready_o;
  always_ff @(posedge clk_i) begin
    misfit_q <= 1'b0;
    if (accept && source != Message) begin
      misfit_q <= write_sop_i[source[0]] == locked_q || last != whole || (!locked_q
                  && (write_len_i[source[0]] == '0 || (10'(write_addr_i[source[0]])
                  & (mps - 10'd1)) + write_len_i[source[0]] > mps));
    end
    if (rst_i) misfit_q <= 1'b0;
  end
  `CHECK(WriteFits, !misfit_q)
  for (genvar s = 0; s < 2; s++) begin : gen_source
    `CHECK(WriteHeld, waits[s] |=> clear_i || write_valid_i[s])
  end
endmodule
