// Memory reads of the device: three clients ask, completions come back by tag.
//
//   dma ───┐                    ┌─► MRd header ──► ep_tx
//   fetch ─┼─► round robin ─► tag                                ┌─► read beats ──► the client
//   args ──┘                    └─► ep_tag_table ◄── completions ┴─► read done
//
// Promises: one request a cycle while tags and ep_tx have room; 256 tags, or 32 while Extended Tag is off. A request asks
// for exactly its bytes (EP-TLP-005) and, because clients cut at MRRS, never crosses 4 KiB (EP-TLP-003).
// A queue whose reset waits no longer for its reads (abandon_i) gets a done for each, with a tag or without.
// Clients reserve space before they ask, so data is never held back (EP-CREDIT-002).
`include "check.svh"

module ep_requester
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,  // device reset

    input logic [15:0] id_i,            // of this function
    input logic [ 3:0] mrrs_log2_i,     // bytes
    input logic        extended_tag_i,
    input logic [31:0] timeout_i,       // cycles
    input logic [31:0] quarantine_i,    // cycles
    input logic [QUEUES-1:0] abandon_i, // level: reads of these queues are given up

    // Clients, in the order of client_e.
    input  logic      [2:0] req_valid_i,
    output logic      [2:0] req_ready_o,
    input  read_req_t       req_i       [3],

    // To ep_tx, and from there the tag of a request that leaves.
    output logic          tlp_valid_o,
    input  logic          tlp_ready_i,
    output header_t       tlp_o,
    input  logic          sent_valid_i,
    input  logic          dropped_i,
    input  logic    [7:0] sent_tag_i,
    output logic          sent_void_o,  // drop the next one

    // Completions from ep_rx.
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

    output logic       idle_o,              // no request waits or is outstanding
    output logic [8:0] tags_free_o,
    output logic [8:0] tags_quarantined_o,

    // Pulses.
    output logic unexpected_o,
    output logic ur_received_o,
    output logic ca_received_o,
    output logic poisoned_received_o,
    output logic timeout_o,
    output logic exhausted_o
);
  localparam int unsigned HighTags = TAGS - LowTags;

  logic [1:0] chosen;
  logic       chosen_valid;
  logic       accept;
  read_req_t  request;
  logic [2:0] lapsing;  // requests that are given up before they have a tag
  logic       lapse_ready;
  logic [2:0] lapsed;   // the one that ends now
  read_done_t lapse;

  round_robin #(
      .Requesters(3)
  ) u_choice (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .req_i  (req_valid_i & ~lapsing),
      .taken_i(accept),
      .valid_o(chosen_valid),
      .index_o(chosen)
  );

  // ---- tags ------------------------------------------------------------------------------------------------------------

  logic       low_valid;
  logic [7:0] low_tag;
  logic [5:0] low_count;
  logic       high_valid;
  logic [7:0] high_tag;
  logic [7:0] high_count;
  logic       use_high;
  logic [7:0] tag;
  logic       free_valid;
  logic [7:0] free_tag;
  logic       sweeping;
  logic [8:0] in_use;

  assign use_high    = extended_tag_i && high_valid;
  assign tag         = use_high ? high_tag : low_tag;
  assign tlp_valid_o = chosen_valid && (use_high || low_valid) && !sweeping && !clear_i;
  assign accept      = tlp_valid_o && tlp_ready_i;
  assign req_ready_o = (accept ? 3'b001 << chosen : '0) | lapsed;
  assign tags_free_o = 9'(low_count) + 9'(high_count);
  assign idle_o      = in_use == '0 && !sweeping;

  always_comb begin
    request = '0;
    tlp_o   = '0;
    if (tlp_valid_o) begin
      request = req_i[chosen];
      tlp_o   = request_header(1'b0, id_i, tag, request.addr, request.len);
    end
  end

  always_comb begin
    lapsing = '0;
    lapsed  = '0;
    lapse   = '0;
    if (abandon_i != '0) begin
      for (int unsigned c = 0; c < 3; c++) lapsing[c] = req_valid_i[c] && abandon_i[req_i[c].queue];
      if (lapse_ready) lapsed = lapsing & (~lapsing + 1'b1);
      for (int unsigned c = 0; c < 3; c++) begin
        if (lapsed[c]) begin
          lapse = '{
              client: req_i[c].client,
              info: req_i[c].info,
              addr: req_i[c].addr,
              status: ReadTimeout
          };
        end
      end
    end
  end

  ep_tag_pool #(
      .First(0),
      .Tags (LowTags)
  ) u_low (
      .clk_i    (clk_i),
      .rst_i    (rst_i),
      .valid_o  (low_valid),
      .tag_o    (low_tag),
      .take_i   (accept && !use_high),
      .put_i    (free_valid && free_tag < 8'(LowTags)),
      .put_tag_i(free_tag),
      .count_o  (low_count)
  );

  ep_tag_pool #(
      .First(LowTags),
      .Tags (HighTags)
  ) u_high (
      .clk_i    (clk_i),
      .rst_i    (rst_i),
      .valid_o  (high_valid),
      .tag_o    (high_tag),
      .take_i   (accept && use_high),
      .put_i    (free_valid && free_tag >= 8'(LowTags)),
      .put_tag_i(free_tag),
      .count_o  (high_count)
  );

  ep_tag_table u_table (
      .clk_i              (clk_i),
      .rst_i              (rst_i),
      .clear_i            (clear_i),
      .id_i               (id_i),
      .extended_tag_i     (extended_tag_i),
      .timeout_i          (timeout_i),
      .quarantine_i       (quarantine_i),
      .abandon_i          (abandon_i),
      .alloc_valid_i      (accept),
      .alloc_tag_i        (tag),
      .alloc_i            (request),
      .sent_valid_i       (sent_valid_i),
      .dropped_i          (dropped_i),
      .sent_tag_i         (sent_tag_i),
      .sent_void_o        (sent_void_o),
      .lapse_valid_i      (lapsed != '0),
      .lapse_ready_o      (lapse_ready),
      .lapse_i            (lapse),
      .completion_valid_i (completion_valid_i),
      .completion_sop_i   (completion_sop_i),
      .completion_last_i  (completion_last_i),
      .completion_bad_i   (completion_bad_i),
      .completion_hdr_i   (completion_hdr_i),
      .completion_dws_i   (completion_dws_i),
      .completion_data_i  (completion_data_i),
      .read_beat_valid_o  (read_beat_valid_o),
      .read_beat_o        (read_beat_o),
      .read_data_o        (read_data_o),
      .read_done_valid_o  (read_done_valid_o),
      .read_done_o        (read_done_o),
      .free_valid_o       (free_valid),
      .free_tag_o         (free_tag),
      .sweeping_o         (sweeping),
      .in_use_o           (in_use),
      .quarantined_o      (tags_quarantined_o),
      .unexpected_o       (unexpected_o),
      .ur_received_o      (ur_received_o),
      .ca_received_o      (ca_received_o),
      .poisoned_received_o(poisoned_received_o),
      .timeout_o          (timeout_o),
      .exhausted_o        (exhausted_o)
  );

  // Requests are looked at when they are taken, and the checks see it one cycle late: narrow registers cost the simulator
  // nothing while no request comes.
  logic        [12:0] mrrs;
  logic               misfit_q;  // not 1 to MRRS bytes that cross no multiple of it (EP-TLP-002)
  logic        [ 2:0] waits;     // only a reset of the client may take the request back
  assign mrrs  = 13'd1 << mrrs_log2_i;
  assign waits = clear_i ? '0 : req_valid_i & ~req_ready_o;
  always_ff @(posedge clk_i) begin
    misfit_q <= 1'b0;
    if (accept) begin
      misfit_q <= request.len == '0 || request.client != client_e'(chosen)
                  || (13'(request.addr) & (mrrs - 13'd1)) + request.len > mrrs;
    end
    if (rst_i) misfit_q <= 1'b0;
  end
  `CHECK(RequestFits, !misfit_q)
  for (genvar c = 0; c < 3; c++) begin : gen_client
    `CHECK(RequestHeld, waits[c] |=> clear_i || req_valid_i[c])
  end
endmodule
