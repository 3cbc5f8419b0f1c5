// The reads in flight: one entry a tag, from the request's acceptance until the tag is free again.
//
//   alloc ──► [ queued ] ──sent──► [ outstanding ] ──last byte, failing completion──► free
//                        │              │ timeout, misfit, device reset, reset of its queue
//       reset of its queue              ▼
//                        └─► [ void ]─► [ quarantined ] ──late final completion, QUARANTINE cycles──► free
//
// Promises: EP-TAG-001, -002, -003. One done for each request, with or after its last beat. One entry is looked at in each
// cycle while any is in use, so a timeout is seen at most 256 cycles late.
// Queues whose reset waits no longer (abandon_i): each of their reads is done as it is, seen by the same look. One that has not
// left is void until ep_tx comes to it; one without a tag yet is done without.
// Device reset (clear_i): no beat or done from then on; outstanding tags go to quarantine, unsent ones are free. No new
// request may come until the sweep over the table has ended (sweeping_o).
`include "check.svh"

module ep_tag_table
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,

    input logic [15:0] id_i,            // of this function
    input logic        extended_tag_i,
    input logic [31:0] timeout_i,       // cycles
    input logic [31:0] quarantine_i,    // cycles
    input logic [QUEUES-1:0] abandon_i, // level: reads of these queues are given up

    // A request takes a tag; later its TLP is sent.
    input logic            alloc_valid_i,
    input logic      [7:0] alloc_tag_i,
    input read_req_t       alloc_i,
    input logic            sent_valid_i,
    input logic            dropped_i,      // a void one leaves ep_tx for nowhere
    input logic      [7:0] sent_tag_i,     // of the next to be sent or dropped
    output logic           sent_void_o,

    // A request of an abandoned queue that has no tag yet ends at once.
    input  logic            lapse_valid_i,
    output logic            lapse_ready_o,
    input  read_done_t      lapse_i,

    // Completions, beat by beat.
    input logic              completion_valid_i,
    input logic              completion_sop_i,
    input logic              completion_last_i,
    input logic              completion_bad_i,
    input logic  [2:0][31:0] completion_hdr_i,
    input logic       [10:0] completion_dws_i,
    input line_t             completion_data_i,

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
  tag_state_e    state_q   [TAGS];
  tag_request_t  request_q [TAGS];
  tag_progress_t progress_q[TAGS];
  logic [31:0]   since_q   [TAGS];  // when it was sent or went to quarantine
  logic [31:0]   now_q;
  logic          sweep_q;

  // ---- completions ---------------------------------------------------------------------------------------------------

  logic          [7:0] tag;
  logic                advance;
  tag_progress_t       progress;
  logic                release_tag;
  logic                quarantine;
  logic                report;
  read_status_e        status;
  logic                between;
  logic          [7:0] between_tag;
  logic                abandoned;

  assign abandoned     = clear_i || sweep_q;
  assign ur_received_o = report && status == ReadUr;
  assign ca_received_o = report && status == ReadCa;

  ep_completion_in u_completion (
      .clk_i            (clk_i),
      .rst_i            (rst_i),
      .id_i             (id_i),
      .abandoned_i      (abandoned),
      .valid_i          (completion_valid_i),
      .sop_i            (completion_sop_i),
      .last_i           (completion_last_i),
      .bad_i            (completion_bad_i),
      .header_i         (completion_hdr_i),
      .dws_i            (completion_dws_i),
      .data_i           (completion_data_i),
      .tag_o            (tag),
      .state_i          (state_q[tag]),
      .request_i        (request_q[tag]),
      .progress_i       (progress_q[tag]),
      .advance_o        (advance),
      .progress_o       (progress),
      .release_o        (release_tag),
      .quarantine_o     (quarantine),
      .report_o         (report),
      .status_o         (status),
      .between_o        (between),
      .between_tag_o    (between_tag),
      .read_beat_valid_o(read_beat_valid_o),
      .read_beat_o      (read_beat_o),
      .read_data_o      (read_data_o),
      .unexpected_o     (unexpected_o),
      .poisoned_o       (poisoned_received_o)
  );

  // ---- timeouts, quarantine, sweep -------------------------------------------------------------------------------------

  logic [7:0] scan_q;
  logic       scanning;
  logic       lapsed;        // ends with a report, unanswered
  logic       held;          // the completion under way uses this entry, or the ports
  logic       expired;
  logic       scan_timeout;  // outstanding too long, or abandoned: to quarantine
  logic       scan_void;     // abandoned before it was sent
  logic       scan_free;     // rested long enough, or never sent
  logic       given_up;      // its queue waits for it no longer

  assign scanning = in_use_o != '0 || quarantined_o != '0 || sweep_q;

  always_comb begin
    held         = 1'b1;
    expired      = 1'b0;
    scan_timeout = 1'b0;
    scan_void    = 1'b0;
    given_up     = 1'b0;
    scan_free    = 1'b0;
    if (scanning) begin
      held = (completion_valid_i && tag == scan_q) || (between && between_tag == scan_q)
           || (sent_valid_i && sent_tag_i == scan_q) || report || release_tag || quarantine;
      if (!held) begin
        expired = now_q - since_q[scan_q]
                  >= ((state_q[scan_q] == TagOutstanding) ? timeout_i : quarantine_i);
        if (abandon_i != '0) given_up = abandon_i[request_q[scan_q].queue];
        unique case (state_q[scan_q])
          TagQueued: begin
            scan_free = sweep_q;
            scan_void = given_up && !sweep_q;
          end
          TagOutstanding: scan_timeout = sweep_q || expired || given_up;
          TagQuarantined: scan_free = expired;
          TagVoid:        scan_free = sweep_q;
          default:        ;
        endcase
      end
    end
  end

  assign lapsed        = (scan_timeout && !sweep_q) || scan_void;
  assign timeout_o     = scan_timeout && expired && !sweep_q;
  assign sent_void_o   = state_q[sent_tag_i] == TagVoid;
  assign lapse_ready_o = !report && !lapsed && !abandoned;
  assign sweeping_o    = sweep_q;

  always_ff @(posedge clk_i) begin
    now_q <= now_q + 1'b1;
    if (clear_i) begin
      sweep_q <= 1'b1;
      scan_q  <= '0;
    end else if (!held) begin
      scan_q <= scan_q + 1'b1;
      if (scan_q == 8'(TAGS - 1)) begin
        sweep_q <= 1'b0;
        scan_q  <= '0;
      end
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
          queue: alloc_i.queue,
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
    if (dropped_i) begin
      state_q[sent_tag_i] <= TagQuarantined;
      since_q[sent_tag_i] <= now_q;
    end
    if (advance) progress_q[tag] <= progress;
    if (release_tag) state_q[tag] <= TagFree;
    if (quarantine) begin
      state_q[tag] <= TagQuarantined;
      since_q[tag] <= now_q;
    end
    if (scan_free) state_q[scan_q] <= TagFree;
    if (scan_void) state_q[scan_q] <= TagVoid;
    if (scan_timeout) begin
      state_q[scan_q] <= TagQuarantined;
      since_q[scan_q] <= now_q;
    end
    if (rst_i) begin
      for (int unsigned t = 0; t < TAGS; t++) state_q[t] <= TagFree;
    end
  end

  // ---- counts and ends -------------------------------------------------------------------------------------------------

  logic [7:0] moved;  // the one tag that the completion or the scan moves
  logic       moves;
  logic       was_quarantined;
  logic       last_usable;
  logic       done_valid_q;
  read_done_t done_q;

  assign moved           = (release_tag || quarantine) ? tag : scan_q;
  assign moves           = release_tag || quarantine || scan_free || scan_timeout || scan_void;
  assign was_quarantined = moves && state_q[moved] inside {TagQuarantined, TagVoid};
  assign free_valid_o    = release_tag || scan_free;
  assign free_tag_o      = moved;
  assign exhausted_o     = last_usable && !sweep_q;

  ep_tag_counts u_counts (
      .clk_i            (clk_i),
      .rst_i            (rst_i),
      .extended_tag_i   (extended_tag_i),
      .alloc_i          (alloc_valid_i),
      .free_i           (free_valid_o),
      .quarantine_i     (quarantine || scan_timeout || scan_void),
      .tag_i            (moved),
      .was_quarantined_i(was_quarantined),
      .in_use_o         (in_use_o),
      .quarantined_o    (quarantined_o),
      .last_usable_o    (last_usable)
  );

  always_ff @(posedge clk_i) begin
    done_valid_q <= (report || lapsed || lapse_valid_i) && !abandoned && !rst_i;
    if (report) begin
      done_q <= '{
          client: request_q[tag].client,
          info: request_q[tag].info,
          addr: request_q[tag].addr,
          status: status
      };
    end else if (lapsed) begin
      done_q <= '{
          client: request_q[scan_q].client,
          info: request_q[scan_q].info,
          addr: request_q[scan_q].addr,
          status: ReadTimeout
      };
    end else if (lapse_valid_i) begin
      done_q <= lapse_i;
    end
  end

  assign read_done_valid_o = done_valid_q;
  assign read_done_o       = done_q;

  // Seen one cycle late: a check on the table itself would have the simulator copy it in each cycle.
  logic misuse_q;
  always_ff @(posedge clk_i) begin
    misuse_q <= 1'b0;
    if (alloc_valid_i && state_q[alloc_tag_i] != TagFree) misuse_q <= 1'b1;
    if (sent_valid_i && state_q[sent_tag_i] != TagQueued) misuse_q <= 1'b1;
    if (dropped_i && state_q[sent_tag_i] != TagVoid) misuse_q <= 1'b1;
    if (rst_i) misuse_q <= 1'b0;
  end
  `CHECK(AllocFreeSentQueued, !misuse_q)
endmodule
