// The reads in flight: one entry a tag, from the request's acceptance until the tag is free again.
//
//   alloc ──► [ queued ] ──sent──► [ outstanding ] ──last byte, failing completion──► free
//                                       │ timeout, misfit, device reset
//                                       ▼
//                                 [ quarantined ] ──late final completion, QUARANTINE cycles──► free
//
//   completion beat ──► check ──► register ──► read_beat, read_done
//
// Promises: a completion beat a cycle, never held back (EP-CREDIT-002). Data goes to the client only when it fits the read
// exactly. EP-TAG-001, -002, -003. One done for each request, with or after its last beat; after a failure no more of its
// beats. Completions that answer nothing outstanding are dropped and counted (EP-CPL-005).
// One entry is looked at in each cycle while any is in use, so a timeout is seen at most 256 cycles late.
// Device reset (clear_i): no beat or done from then on; outstanding tags go to quarantine, unsent ones are free. No new
// request is taken until the sweep over the table has ended (sweeping_o).
`include "check.svh"

module ep_tag_table
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,

    input logic [15:0] id_i,              // of this function
    input logic        extended_tag_i,
    input logic [31:0] timeout_i,         // cycles
    input logic [31:0] quarantine_i,      // cycles

    // A request takes a tag; later its TLP is sent.
    input logic           alloc_valid_i,
    input logic     [7:0] alloc_tag_i,
    input read_req_t      alloc_i,
    input logic           sent_valid_i,
    input logic     [7:0] sent_tag_i,

    // Completions, beat by beat.
    input logic           completion_valid_i,
    input logic           completion_sop_i,
    input logic           completion_last_i,
    input logic           completion_bad_i,
    input logic [2:0][31:0] completion_hdr_i,
    input logic    [10:0] completion_dws_i,
    input line_t          completion_data_i,

    // To the clients.
    output logic       read_beat_valid_o,
    output read_beat_t read_beat_o,
    output line_t      read_data_o,
    output logic       read_done_valid_o,
    output read_done_t read_done_o,

    // A tag becomes free.
    output logic       free_valid_o,
    output logic [7:0] free_tag_o,

    output logic       sweeping_o,
    output logic [8:0] in_use_o,       // tags queued or outstanding
    output logic [8:0] quarantined_o,

    // Pulses.
    output logic unexpected_o,
    output logic ur_received_o,
    output logic ca_received_o,
    output logic poisoned_received_o,
    output logic timeout_o,
    output logic exhausted_o           // every usable tag is quarantined
);
  // What is known of the completion under way, for its later beats.
  typedef struct packed {
    logic        counted;  // its tag is in use or quarantined
    logic        deliver;  // its bytes go to the client
    logic        report;   // its end is the end of the request
    logic        release_tag;
    logic        quarantine;
    read_status_e status;
    logic [31:0] dst;      // of data[7:0] of the next beat
    logic [9:0]  left;     // bytes
    logic [1:0]  skip;     // bytes at the start of the next beat that were not asked for
  } context_t;

  tag_state_e    state_q   [TAGS];
  tag_request_t  request_q [TAGS];
  tag_progress_t progress_q[TAGS];
  logic [31:0]   since_q   [TAGS];  // when it was sent or went to quarantine
  logic [31:0]   now_q;

  // ---- completion ----------------------------------------------------------------------------------------------------

  logic     [7:0] tag;
  verdict_t       verdict;
  context_t       context_q;
  context_t       current;
  logic           sweep_q;
  logic           bad_q;
  logic           bad;       // the payload's length is wrong; the device is about to be fatal
  logic           finish;    // last beat
  logic           answers;   // an outstanding read
  logic           report;
  logic           release_tag;
  logic           quarantine;
  logic           abandoned; // no beats, no done: the clients were reset

  assign tag = completion_hdr_i[2][15:8];

  ep_completion_check u_check (
      .valid_i    (completion_valid_i && completion_sop_i),
      .header_i   (completion_hdr_i),
      .dws_i      (completion_dws_i),
      .id_i       (id_i),
      .state_i    (state_q[tag]),
      .lower_i    (progress_q[tag].lower),
      .remaining_i(progress_q[tag].remaining),
      .verdict_o  (verdict)
  );

  logic poison;
  assign poison    = completion_hdr_i[0][14] || progress_q[tag].poisoned;
  assign abandoned = clear_i || sweep_q;

  always_comb begin
    current = context_q;
    if (completion_valid_i && completion_sop_i) begin
      current             = '0;
      current.counted     = verdict.known || verdict.late;
      current.deliver     = verdict.known && verdict.good && !poison;
      current.report      = verdict.known && (verdict.final_of || !verdict.good);
      current.release_tag = current.counted && verdict.final_of;
      current.quarantine  = verdict.known && !verdict.final_of && !verdict.good;
      current.status      = (verdict.good && poison) ? ReadPoisoned : verdict.status;
      current.skip        = completion_hdr_i[2][1:0];
      current.dst         = progress_q[tag].dst - 32'(current.skip);
      current.left        = verdict.bytes;
    end
  end

  assign finish = completion_valid_i && completion_last_i;
  assign answers = current.counted && state_q[tag] == TagOutstanding;
  assign bad = completion_valid_i && (completion_bad_i || (bad_q && !completion_sop_i));
  assign report = finish && (current.report || (bad && answers));
  assign release_tag = finish && current.release_tag && !bad;
  assign quarantine = finish && answers && (current.quarantine || bad);

  assign unexpected_o = finish && !answers;
  assign ur_received_o = report && current.status == ReadUr;
  assign ca_received_o = report && current.status == ReadCa;
  assign poisoned_received_o = finish && completion_hdr_i[0][14] && completion_hdr_i[0][30];

  always_ff @(posedge clk_i) begin
    if (completion_valid_i) begin
      context_q <= current;
      context_q.dst <= current.dst + 32'd64;
      context_q.left <= (current.left + 10'(current.skip) > 10'd64)
                        ? current.left + 10'(current.skip) - 10'd64 : '0;
      context_q.skip <= '0;
      bad_q <= bad && !completion_last_i;
    end
    if (rst_i) begin
      context_q <= '0;
      bad_q     <= 1'b0;
    end
  end

  // ---- timeouts, quarantine, sweep -------------------------------------------------------------------------------------

  logic [7:0]  scan_q;
  logic        scanning;
  logic        held;          // the completion under way uses this entry or the ports
  logic [31:0] age;
  logic        scan_timeout;  // outstanding too long, or abandoned: to quarantine
  logic        scan_free;     // rested long enough, or never sent

  // A completion is under way between its beats as well; its header need not be on the link then.
  logic        between_q;
  logic [7:0]  between_tag_q;

  assign scanning = in_use_o != '0 || quarantined_o != '0 || sweep_q;
  assign held     = (completion_valid_i && tag == scan_q) || (between_q && between_tag_q == scan_q)
                  || report || release_tag || quarantine;

  always_ff @(posedge clk_i) begin
    if (completion_valid_i) begin
      between_q     <= !completion_last_i;
      between_tag_q <= tag;
    end
    if (rst_i) between_q <= 1'b0;
  end

  always_comb begin
    age          = '0;
    scan_timeout = 1'b0;
    scan_free    = 1'b0;
    if (scanning && !held) begin
      age = now_q - since_q[scan_q];
      unique case (state_q[scan_q])
        TagQueued:      scan_free = sweep_q;
        TagOutstanding: scan_timeout = sweep_q || age >= timeout_i;
        TagQuarantined: scan_free = age >= quarantine_i;
        default:        ;
      endcase
    end
  end

  assign timeout_o  = scan_timeout && !sweep_q;
  assign sweeping_o = sweep_q;

  always_ff @(posedge clk_i) begin
    now_q <= now_q + 1'b1;
    if (clear_i) begin
      sweep_q <= 1'b1;
      scan_q  <= '0;
    end else if (scanning && !held) begin
      scan_q <= scan_q + 1'b1;
      if (scan_q == 8'(TAGS - 1)) sweep_q <= 1'b0;
    end
    if (rst_i) begin
      now_q   <= '0;
      sweep_q <= 1'b0;
      scan_q  <= '0;
    end
  end

  // ---- table -----------------------------------------------------------------------------------------------------------

  always_ff @(posedge clk_i) begin
    if (alloc_valid_i) begin
      state_q[alloc_tag_i] <= TagQueued;
      request_q[alloc_tag_i] <= '{
          client: alloc_i.client,
          info: alloc_i.info,
          addr: alloc_i.addr
      };
      progress_q[alloc_tag_i] <= '{
          poisoned: 1'b0,
          lower: alloc_i.addr[6:0],
          remaining: 10'(alloc_i.len),
          dst: alloc_i.dst
      };
    end
    if (sent_valid_i) begin
      state_q[sent_tag_i] <= TagOutstanding;
      since_q[sent_tag_i] <= now_q;
    end
    if (completion_valid_i && completion_sop_i && verdict.known && verdict.good) begin
      progress_q[tag] <= '{
          poisoned: poison,
          lower: progress_q[tag].lower + 7'(verdict.bytes),
          remaining: progress_q[tag].remaining - verdict.bytes,
          dst: progress_q[tag].dst + 32'(verdict.bytes)
      };
    end
    if (release_tag) state_q[tag] <= TagFree;
    if (quarantine) begin
      state_q[tag] <= TagQuarantined;
      since_q[tag] <= now_q;
    end
    if (scan_free) state_q[scan_q] <= TagFree;
    if (scan_timeout) begin
      state_q[scan_q] <= TagQuarantined;
      since_q[scan_q] <= now_q;
    end
    if (rst_i) begin
      for (int unsigned t = 0; t < TAGS; t++) state_q[t] <= TagFree;
    end
  end

  logic [7:0] moved;        // the one tag that the completion or the scan moves
  logic       last_usable;

  assign free_valid_o = release_tag || scan_free;
  assign free_tag_o   = release_tag ? tag : scan_q;

  // ---- counts ------------------------------------------------------------------------------------------------------------

  ep_tag_counts u_counts (
      .clk_i            (clk_i),
      .rst_i            (rst_i),
      .extended_tag_i   (extended_tag_i),
      .alloc_i          (alloc_valid_i),
      .free_i           (free_valid_o),
      .quarantine_i     (quarantine || scan_timeout),
      .tag_i            (moved),
      .was_quarantined_i(state_q[moved] == TagQuarantined),
      .in_use_o         (in_use_o),
      .quarantined_o    (quarantined_o),
      .last_usable_o    (last_usable)
  );

  assign moved       = (release_tag || quarantine) ? tag : scan_q;
  assign exhausted_o = last_usable && !sweep_q;

  // ---- to the clients ------------------------------------------------------------------------------------------------------

  logic       beat_valid_q;
  read_beat_t beat_q;
  line_t      data_q;
  logic       done_valid_q;
  read_done_t done_q;
  logic       deliver;
  logic [6:0] beat_bytes;

  assign deliver    = completion_valid_i && current.deliver && current.left != '0 && !bad
                    && !abandoned;
  assign beat_bytes = (current.left + 10'(current.skip) >= 10'd64) ? 7'd64 - 7'(current.skip)
                                                                   : 7'(current.left);

  always_ff @(posedge clk_i) begin
    beat_valid_q <= deliver && !rst_i;
    if (deliver) begin
      beat_q.client <= request_q[tag].client;
      beat_q.info   <= request_q[tag].info;
      beat_q.dst    <= current.dst;
      beat_q.be     <= ((beat_bytes == 7'd64) ? '1 : (64'd1 << beat_bytes) - 64'd1) << current.skip;
      data_q        <= completion_data_i;
    end
    done_valid_q <= (report || timeout_o) && !abandoned && !rst_i;
    if (report) begin
      done_q <= '{
          client: request_q[tag].client,
          info: request_q[tag].info,
          addr: request_q[tag].addr,
          status: bad ? ReadMalformed : current.status
      };
    end else if (timeout_o) begin
      done_q <= '{
          client: request_q[scan_q].client,
          info: request_q[scan_q].info,
          addr: request_q[scan_q].addr,
          status: ReadTimeout
      };
    end
  end

  assign read_beat_valid_o = beat_valid_q;
  assign read_beat_o       = beat_q;
  assign read_data_o       = data_q;
  assign read_done_valid_o = done_valid_q;
  assign read_done_o       = done_q;

  `CHECK(AllocFree, alloc_valid_i |-> state_q[alloc_tag_i] == TagFree)
  `CHECK(SentQueued, sent_valid_i |-> state_q[sent_tag_i] == TagQueued)
endmodule
