// Transmit side of the link: one TLP after the other, each within its credits.
//
//   ep_completion_out ──┐
//   ep_tx_posted ───────┼─► [ credits, order, round robin ] ──► register ──► tx
//   read requests ──────┘
//
// Promises: TLPs are never mixed and have no bubble between them while anything may be sent. A class without credits
// (EP-CREDIT-001) holds up no other, save by PCIe's own order: completions and reads never pass a posted write that was
// accepted before them (ORD-READ-001). Nothing else is ordered here.
// Bus master off (EP-BM-001, -002): reads and new posted writes wait. Posted writes accepted before leave first, ahead of
// the completion of the configuration write that turned it off: that completion is the last word.
// Fatal (stop_i): no request leaves any more, and completions no longer wait for writes that will not leave.
`include "check.svh"

module ep_tx
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
#(
    parameter int unsigned ReadDepth = 8  // read requests that wait for their turn
) (
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,  // device reset: drops requests that have not begun to leave
    input logic stop_i,   // fatal

    input logic [15:0] id_i,          // of this function
    input logic [ 3:0] mps_log2_i,    // bytes
    input logic        bus_master_i,

    // Link.
    output logic     tx_valid_o,
    input  logic     tx_ready_i,
    output logic     tx_sop_o,
    output logic     tx_last_o,
    output header_t  tx_hdr_o,
    output line_t    tx_data_o,
    input  credits_t tx_credits_i,

    // Posted writes: see ep_tx_posted.
    input  logic  [ 1:0]       write_valid_i,
    output logic  [ 1:0]       write_ready_o,
    input  logic  [ 1:0]       write_sop_i,
    input  logic  [ 1:0]       write_last_i,
    input  logic  [ 1:0][63:0] write_addr_i,
    input  logic  [ 1:0][ 9:0] write_len_i,
    input  line_t              write_data_i   [2],
    input  logic               message_valid_i,
    output logic               message_ready_o,
    input  logic        [63:0] message_addr_i,
    input  logic        [31:0] message_data_i,
    output posted_mark_t       accepted_o,

    // Read requests; sent_* when one begins to leave.
    input  logic          read_valid_i,
    output logic          read_ready_o,
    input  header_t       read_i,
    output logic          sent_valid_o,
    output logic    [7:0] sent_tag_o,    // of the next read
    input  logic          read_void_i,   // which nobody waits for any more: drop it
    output logic          dropped_o,

    // Completions from ep_completion_out.
    input  logic         completion_valid_i,
    input  completion_t  completion_i,
    input  posted_mark_t completion_mark_i,
    output logic         completion_take_o,
    input  line_t        completion_line_i,
    output logic         completion_line_take_o,

    output logic        writes_idle_o,  // every accepted posted write has left
    output logic        tlp_o,          // pulse: a TLP begins to leave
    output logic [10:0] write_bytes_o   // payload bytes of the memory write that begins to leave
);
  typedef enum logic [1:0] {
    Completion,
    Posted,
    Read
  } class_e;

  logic                     posted_valid;
  header_t                  posted_header;
  logic [LineCountBits-1:0] posted_lines;
  logic [              6:0] posted_dws;
  line_t                    posted_line;
  logic                     posted_take;
  logic                     posted_line_take;
  posted_mark_t             sent;
  logic                     posted_idle;
  logic                     read_valid;
  header_t                  read_header;
  posted_mark_t             read_mark;
  logic [$clog2(ReadDepth+1)-1:0] unused_read_count;

  logic                     tx_valid_q;
  logic                     tx_sop_q;
  logic                     tx_last_q;
  header_t                  tx_hdr_q;
  line_t                    tx_data_q;
  class_e                   class_q;  // of the TLP under way
  logic [LineCountBits-1:0] left_q;   // its lines that have not entered the register

  // ---- who may go ------------------------------------------------------------------------------------------------------

  // Credits used since reset. Reads carry no data, and a root complex grants completions without limit.
  typedef struct packed {
    logic [7:0]  ph;
    logic [11:0] pd;
    logic [7:0]  nph;
  } used_t;
  used_t used_q;

  function automatic logic headers_left(logic [7:0] limit, logic [7:0] used);
    headers_left = limit != used;
  endfunction

  // Modulo 2^12, where at most half the range is ever granted ahead (PCIe Base 2.6.1.2).
  function automatic logic data_fits(logic [11:0] limit, logic [11:0] used, logic [4:0] need);
    data_fits = 12'(limit - used - 12'(need)) < 12'h800;
  endfunction

  // All posted writes up to the mark have begun to leave.
  function automatic logic follows(posted_mark_t so_far, posted_mark_t mark);
    follows = posted_mark_t'(so_far - mark) < 32'h8000_0000;
  endfunction

  logic [4:0] posted_credits;
  logic [2:0] able;
  logic       chosen_valid;
  logic [1:0] chosen;
  logic       load;   // the register takes a beat if there is one
  logic       start;  // of a TLP

  assign posted_credits = 5'((posted_dws + 7'd3) >> 2);
  assign able[Completion] = completion_valid_i && (stop_i || follows(sent, completion_mark_i));
  assign able[Posted] = posted_valid && !stop_i && headers_left(
      tx_credits_i.ph, used_q.ph
  ) && data_fits(
      tx_credits_i.pd, used_q.pd, posted_credits
  );
  assign able[Read] = read_valid && !read_void_i && !stop_i && bus_master_i && !clear_i && headers_left(
      tx_credits_i.nph, used_q.nph
  ) && follows(
      sent, read_mark
  );

  round_robin #(
      .Requesters(3)
  ) u_choice (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .req_i  (able),
      .taken_i(start),
      .valid_o(chosen_valid),
      .index_o(chosen)
  );

  assign load  = !tx_valid_q || tx_ready_i;
  assign start = load && left_q == '0 && chosen_valid;

  // ---- register ----------------------------------------------------------------------------------------------------------

  class_e                   source;      // of the beat that enters
  logic [LineCountBits-1:0] lines;       // of the TLP that begins
  logic                     takes_line;

  always_comb begin
    source = class_q;
    lines  = '0;
    if (start) begin
      source = class_e'(chosen);
      unique case (source)
        Completion: lines = completion_i.lines;
        Posted:     lines = posted_lines;
        default:    lines = '0;
      endcase
    end
    takes_line = (start && lines != '0) || (load && left_q != '0);
  end

  assign posted_take            = start && source == Posted;
  assign posted_line_take       = takes_line && source == Posted;
  assign completion_take_o      = start && source == Completion;
  assign completion_line_take_o = takes_line && source == Completion;
  assign sent_valid_o           = start && source == Read;
  assign sent_tag_o             = read_header[1][15:8];
  assign dropped_o              = read_valid && read_void_i;
  assign tlp_o                  = start;
  assign write_bytes_o          = posted_take ? {2'b0, posted_dws, 2'b0} : '0;

  always_ff @(posedge clk_i) begin
    if (load) begin
      tx_valid_q <= start || left_q != '0;
      tx_sop_q   <= start;
      if (start) begin
        class_q   <= source;
        left_q    <= (lines == '0) ? '0 : lines - 1'b1;
        tx_last_q <= lines <= LineCountBits'(1);
        unique case (source)
          Completion: begin
            tx_hdr_q        <= {32'b0, completion_i.header};
            tx_data_q[63:0] <= completion_i.data;
          end
          Posted: begin
            tx_hdr_q  <= posted_header;
            used_q.ph <= used_q.ph + 1'b1;
            used_q.pd <= used_q.pd + 12'(posted_credits);
          end
          default: begin
            tx_hdr_q   <= read_header;
            used_q.nph <= used_q.nph + 1'b1;
          end
        endcase
      end else if (left_q != '0) begin
        left_q    <= left_q - 1'b1;
        tx_last_q <= left_q == LineCountBits'(1);
      end
      if (takes_line) tx_data_q <= (source == Posted) ? posted_line : completion_line_i;
    end
    if (rst_i) begin
      tx_valid_q <= 1'b0;
      left_q     <= '0;
      used_q     <= '0;
    end
  end

  assign tx_valid_o    = tx_valid_q;
  assign tx_sop_o      = tx_sop_q;
  assign tx_last_o     = tx_last_q;
  assign tx_hdr_o      = tx_hdr_q;
  assign tx_data_o     = tx_data_q;
  assign writes_idle_o = posted_idle && !(tx_valid_q && class_q == Posted);

  logic unused_credits;
  assign unused_credits = ^{tx_credits_i.npd, tx_credits_i.cplh, tx_credits_i.cpld};

  // ---- queues ------------------------------------------------------------------------------------------------------------

  fifo #(
      .Width($bits(header_t) + $bits(posted_mark_t)),
      .Depth(ReadDepth)
  ) u_reads (
      .clk_i      (clk_i),
      .rst_i      (rst_i || clear_i),
      .in_valid_i (read_valid_i),
      .in_ready_o (read_ready_o),
      .in_data_i  ({read_i, accepted_o}),
      .out_valid_o(read_valid),
      .out_ready_i((start && source == Read) || dropped_o),
      .out_data_o ({read_header, read_mark}),
      .count_o    (unused_read_count)
  );

  ep_tx_posted u_posted (
      .clk_i          (clk_i),
      .rst_i          (rst_i),
      .clear_i        (clear_i),
      .open_i         (bus_master_i && !stop_i),
      .id_i           (id_i),
      .mps_log2_i     (mps_log2_i),
      .write_valid_i  (write_valid_i),
      .write_ready_o  (write_ready_o),
      .write_sop_i    (write_sop_i),
      .write_last_i   (write_last_i),
      .write_addr_i   (write_addr_i),
      .write_len_i    (write_len_i),
      .write_data_i   (write_data_i),
      .message_valid_i(message_valid_i),
      .message_ready_o(message_ready_o),
      .message_addr_i (message_addr_i),
      .message_data_i (message_data_i),
      .out_valid_o    (posted_valid),
      .out_header_o   (posted_header),
      .out_lines_o    (posted_lines),
      .out_dws_o      (posted_dws),
      .out_take_i     (posted_take),
      .out_line_o     (posted_line),
      .out_line_take_i(posted_line_take),
      .sending_i      (left_q != '0 && class_q == Posted),
      .accepted_o     (accepted_o),
      .sent_o         (sent),
      .idle_o         (posted_idle)
  );

  `CHECK(TxHeld, tx_valid_o && !tx_ready_i |=> tx_valid_o)
endmodule
