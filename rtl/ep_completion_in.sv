// Follows inbound completions beat by beat and hands their bytes to the clients.
//
//   completion beat ──► check (first beat) ──► what its end does to the tag ──► ep_tag_table
//                                         └──► register ──► read_beat
//
// Promises: a beat a cycle, never held back (EP-CREDIT-002), one cycle from the link to the client. Bytes go out only when
// the completion continues its read exactly; none after a failure. Completions that answer nothing outstanding are dropped
// and counted (EP-CPL-005).
module ep_completion_in
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic [15:0] id_i,        // of this function
    input logic        abandoned_i, // the clients were reset: no beats

    // Completions from ep_rx.
    input logic              valid_i,
    input logic              sop_i,
    input logic              last_i,
    input logic              bad_i,    // this beat shows a wrong payload length
    input logic  [2:0][31:0] header_i,
    input logic       [10:0] dws_i,
    input line_t             data_i,

    // The table's entry of the completion's tag.
    output logic          [7:0] tag_o,
    input  tag_state_e          state_i,
    input  tag_request_t        request_i,
    input  tag_progress_t       progress_i,

    // What becomes of it.
    output logic          advance_o,    // first beat: the entry moves on to progress_o
    output tag_progress_t progress_o,
    output logic          release_o,    // last beat: the tag is free
    output logic          quarantine_o, // last beat: the tag must rest
    output logic          report_o,     // last beat: the request ends with status_o
    output read_status_e  status_o,
    output logic          between_o,    // between two beats of a completion of this tag
    output logic    [7:0] between_tag_o,

    // To the clients.
    output logic       read_beat_valid_o,
    output read_beat_t read_beat_o,
    output line_t      read_data_o,

    // Pulses.
    output logic unexpected_o,
    output logic poisoned_o
);
  // What the first beat says, for the later ones.
  typedef struct packed {
    logic         counted;     // the tag is in use or quarantined
    logic         deliver;     // the bytes go to the client
    logic         report;      // its end is the end of the request
    logic         release_tag;
    logic         quarantine;
    logic         bad;         // the payload's length is wrong; fatal follows
    read_status_e status;
    logic [31:0]  dst;         // of data[7:0] of the next beat
    logic [9:0]   left;        // bytes
    logic [1:0]   skip;        // bytes at the start of the next beat that were not asked for
  } context_t;

  verdict_t   verdict;
  context_t   context_q;
  context_t   current;
  logic       poison;
  logic       deliver;
  logic [6:0] bytes;      // of this beat
  logic       between_q;
  logic [7:0] between_tag_q;

  assign tag_o = header_i[2][15:8];

  ep_completion_check u_check (
      .valid_i    (valid_i && sop_i),
      .header_i   (header_i),
      .dws_i      (dws_i),
      .id_i       (id_i),
      .state_i    (state_i),
      .lower_i    (progress_i.lower),
      .remaining_i(progress_i.remaining),
      .verdict_o  (verdict)
  );

  always_comb begin
    current      = '0;
    poison       = 1'b0;
    advance_o    = 1'b0;
    progress_o   = '0;
    release_o    = 1'b0;
    quarantine_o = 1'b0;
    report_o     = 1'b0;
    status_o     = ReadOk;
    unexpected_o = 1'b0;
    poisoned_o   = 1'b0;
    deliver      = 1'b0;
    bytes        = '0;
    if (valid_i) begin
      current = context_q;
      if (sop_i) begin
        poison = header_i[0][14] || progress_i.poisoned;
        current = '0;
        current.counted = verdict.known || verdict.late;
        current.deliver = verdict.known && verdict.good && !poison;
        current.report = verdict.known && (verdict.final_of || !verdict.good);
        current.release_tag = current.counted && verdict.final_of;
        current.quarantine = verdict.known && !verdict.final_of && !verdict.good;
        current.status = (verdict.good && poison) ? ReadPoisoned : verdict.status;
        current.skip = header_i[2][1:0];
        current.dst = progress_i.dst - 32'(current.skip);
        current.left = verdict.bytes;
        advance_o = verdict.known && verdict.good;
        progress_o = '{
            poisoned: poison,
            lower: progress_i.lower + 7'(verdict.bytes),
            remaining: progress_i.remaining - verdict.bytes,
            dst: progress_i.dst + 32'(verdict.bytes)
        };
      end
      current.bad = current.bad || bad_i;
      deliver = current.deliver && !current.bad && current.left != '0 && !abandoned_i;
      bytes       = (current.left + 10'(current.skip) >= 10'd64) ? 7'd64 - 7'(current.skip)
                                                                 : 7'(current.left);
      if (last_i) begin
        unexpected_o = !(current.counted && state_i == TagOutstanding);
        report_o     = current.report || (current.bad && !unexpected_o);
        status_o     = current.bad ? ReadMalformed : current.status;
        release_o    = current.release_tag && !current.bad;
        quarantine_o = !unexpected_o && (current.quarantine || current.bad);
        poisoned_o   = header_i[0][14] && header_i[0][30];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      context_q      <= current;
      context_q.dst  <= current.dst + 32'd64;
      context_q.left <= current.left - 10'(bytes);
      context_q.skip <= '0;
      between_q      <= !last_i;
      between_tag_q  <= tag_o;
    end
    if (rst_i) between_q <= 1'b0;
  end

  assign between_o     = between_q;
  assign between_tag_o = between_tag_q;

  logic       beat_valid_q;
  read_beat_t beat_q;
  line_t      data_q;

  always_ff @(posedge clk_i) begin
    beat_valid_q <= deliver && !rst_i;
    if (deliver) begin
      beat_q <= '{
          client: request_i.client,
          info: request_i.info,
          dst: current.dst,
          be: ((bytes == 7'd64) ? '1 : (64'd1 << bytes) - 64'd1) << current.skip
      };
      data_q <= data_i;
    end
  end

  assign read_beat_valid_o = beat_valid_q;
  assign read_beat_o       = beat_q;
  assign read_data_o       = data_q;

  logic unused_request;
  assign unused_request = ^{request_i.queue, request_i.addr};
endmodule
