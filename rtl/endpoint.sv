// PCIe endpoint, transaction layer. Wiring only.
//
//                       ┌──────────► ep_config ◄────────┐
//   rx ──► ep_rx ───────┼──────────► ep_completer ──────┼──► register bus, device memory
//            │          │                │ ep_completion_out
//            │ completions               ▼
//            └────────► ep_requester ─► ep_tx ──► tx          irq ──► ep_msix ──► ep_tx
//                        ▲ │              ▲
//          reads ────────┘ └─► beats      └── posted writes of the DMA engine and the command processor
//
// Ordering promises are those of ep_tx (one upstream order), ep_completer (inbound order) and ep_rx (never waits).
// Device reset (clear_i): configuration space, inbound requests and completions stay; requests not yet sent are dropped,
// outstanding reads abandoned, interrupts forgotten. The clients must be reset in the same cycle.
// Fatal (stop_i, a level that follows fatal_valid_o): no request leaves, registers still answer.
// Not modelled: PHY and data link layer, replay, ECRC, AER, FLR, power states, more than one function or channel.
module endpoint
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
#(
    parameter logic [63:0] SerialNumber = 64'h1
) (
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,
    input logic stop_i,

    // Link.
    output logic     tx_valid_o,
    input  logic     tx_ready_i,
    output logic     tx_sop_o,
    output logic     tx_last_o,
    output header_t  tx_hdr_o,
    output line_t    tx_data_o,
    input  credits_t tx_credits_i,
    input  logic     rx_valid_i,
    output logic     rx_ready_o,
    input  logic     rx_sop_i,
    input  logic     rx_last_i,
    input  header_t  rx_hdr_i,
    input  line_t    rx_data_i,
    output credits_t rx_credits_o,

    // Reads: one port a client; beats and dones name the client.
    input  logic       dma_read_valid_i,
    output logic       dma_read_ready_o,
    input  read_req_t  dma_read_i,
    input  logic       fetch_read_valid_i,
    output logic       fetch_read_ready_o,
    input  read_req_t  fetch_read_i,
    input  logic       args_read_valid_i,
    output logic       args_read_ready_o,
    input  read_req_t  args_read_i,
    output logic       read_beat_valid_o,
    output read_beat_t read_beat_o,
    output line_t      read_data_o,
    output logic       read_done_valid_o,
    output read_done_t read_done_o,

    // Posted writes.
    input  logic         dma_write_valid_i,
    output logic         dma_write_ready_o,
    input  logic         dma_write_sop_i,
    input  logic         dma_write_last_i,
    input  logic  [63:0] dma_write_addr_i,
    input  logic  [ 9:0] dma_write_len_i,
    input  line_t        dma_write_data_i,
    input  logic         cp_write_valid_i,
    output logic         cp_write_ready_o,
    input  logic         cp_write_sop_i,
    input  logic         cp_write_last_i,
    input  logic  [63:0] cp_write_addr_i,
    input  logic  [ 9:0] cp_write_len_i,
    input  line_t        cp_write_data_i,

    // Interrupt events.
    input logic                  irq_valid_i,
    input logic [VectorBits-1:0] irq_vector_i,

    // Register bus.
    output logic     reg_req_valid_o,
    output reg_req_t reg_req_o,
    input  logic     reg_rsp_valid_i,
    input  reg_rsp_t reg_rsp_i,

    // The register block of MSI-X: requests to MSIX_TABLE, MSIX_PBA and VECTOR come back here.
    input  logic     msix_req_valid_i,
    input  reg_req_t msix_req_i,
    output logic     msix_rsp_valid_o,
    output reg_rsp_t msix_rsp_o,

    // BAR2.
    output logic                   mem_wr_valid_o,
    input  logic                   mem_wr_ready_i,
    output logic [MemAddrBits-1:0] mem_wr_addr_o,
    output logic [           63:0] mem_wr_be_o,
    output line_t                  mem_wr_data_o,
    output logic                   mem_rd_valid_o,
    input  logic                   mem_rd_ready_i,
    output logic [MemAddrBits-1:0] mem_rd_addr_o,
    input  logic                   mem_rd_rsp_valid_i,
    input  line_t                  mem_rd_rsp_data_i,

    // Settings: device registers in, configuration space out.
    input  logic [31:0] completion_timeout_i,  // cycles
    input  logic [31:0] quarantine_i,          // cycles
    input  logic [QUEUES-1:0] abandon_i,       // level: reads of these queues are given up
    output logic        bus_master_o,
    output logic [ 3:0] mps_o,                 // log2 bytes
    output logic [ 3:0] mrrs_o,                // log2 bytes

    // Errors: one-cycle pulses.
    output logic         fatal_valid_o,
    output fatal_cause_e fatal_cause_o,
    output logic         unexpected_completion_o,
    output logic         dropped_write_o,

    // State.
    output logic       reads_idle_o,        // no read waits or is outstanding
    output logic       writes_idle_o,       // every accepted posted write has left
    output logic       interrupts_idle_o,   // no event is counted or on its way
    output logic       completer_idle_o,    // no inbound request waits or is under way
    output logic [8:0] tags_free_o,
    output logic [8:0] tags_quarantined_o,

    // Statistics: increments.
    output logic        stat_tx_tlp_o,
    output logic [10:0] stat_tx_bytes_o,   // payload of memory writes, whole DWs
    output logic        stat_rx_tlp_o,
    output logic [10:0] stat_rx_bytes_o,   // payload of completions, whole DWs
    output logic        stat_interrupt_o
);
  // Configuration space.
  logic [15:0] id;
  logic        memory_space;
  logic [63:Bar0Bits] bar0;
  logic [63:MemAddrBits] bar2;
  logic        extended_tag;
  logic        msix_enable;
  logic        msix_mask;
  logic        cfg_req_valid;
  logic        cfg_req_write;
  logic        cfg_rsp_valid;
  logic [31:0] cfg_rsp_data;

  // Inbound.
  logic                     completion_in_valid;
  logic                     completion_in_bad;
  logic [             10:0] completion_in_dws;
  logic                     posted_valid;
  posted_t                  posted;
  logic [LineCountBits-2:0] posted_index;
  line_t                    posted_line;
  logic                     posted_take;
  logic                     nonposted_valid;
  nonposted_t               nonposted;
  logic                     nonposted_take;

  // Outbound.
  logic         completion_room;
  logic         completion_push;
  completion_t  completion;
  logic         completion_valid;
  completion_t  completion_head;
  posted_mark_t completion_mark;
  logic         completion_take;
  line_t        completion_line;
  logic         completion_line_take;
  posted_mark_t accepted;
  logic         read_valid;
  logic         read_ready;
  header_t      read_header;
  logic         sent_valid;
  logic [7:0]   sent_tag;
  logic         read_void;
  logic         read_dropped;
  logic         message_valid;
  logic         message_ready;
  logic [63:0]  message_addr;
  logic [31:0]  message_data;

  // Errors.
  logic          malformed;
  logic          overflow;
  logic          exhausted;
  logic          poisoned_request;
  logic          poisoned_completion;
  error_events_t errors;

  ep_rx u_rx (
      .clk_i             (clk_i),
      .rst_i             (rst_i),
      .rx_valid_i        (rx_valid_i),
      .rx_ready_o        (rx_ready_o),
      .rx_sop_i          (rx_sop_i),
      .rx_last_i         (rx_last_i),
      .rx_hdr_i          (rx_hdr_i),
      .rx_data_i         (rx_data_i),
      .rx_credits_o      (rx_credits_o),
      .mps_log2_i        (mps_o),
      .completion_valid_o(completion_in_valid),
      .completion_bad_o  (completion_in_bad),
      .completion_dws_o  (completion_in_dws),
      .posted_valid_o    (posted_valid),
      .posted_o          (posted),
      .posted_index_i    (posted_index),
      .posted_line_o     (posted_line),
      .posted_take_i     (posted_take),
      .nonposted_valid_o (nonposted_valid),
      .nonposted_o       (nonposted),
      .nonposted_take_i  (nonposted_take),
      .malformed_o       (malformed),
      .overflow_o        (overflow),
      .poisoned_o        (poisoned_request),
      .tlp_o             (stat_rx_tlp_o),
      .completion_bytes_o(stat_rx_bytes_o)
  );

  ep_config #(
      .SerialNumber(SerialNumber)
  ) u_config (
      .clk_i                 (clk_i),
      .rst_i                 (rst_i),
      .req_valid_i           (cfg_req_valid),
      .req_write_i           (cfg_req_write),
      .req_id_i              (nonposted.addr[31:19]),
      .req_dw_i              (nonposted.addr[11:2]),
      .req_be_i              (nonposted.first_be),
      .req_data_i            (nonposted.data[31:0]),
      .rsp_valid_o           (cfg_rsp_valid),
      .rsp_data_o            (cfg_rsp_data),
      .errors_i              (errors),
      .transactions_pending_i(!reads_idle_o),
      .id_o                  (id),
      .memory_space_o        (memory_space),
      .bus_master_o          (bus_master_o),
      .bar0_o                (bar0),
      .bar2_o                (bar2),
      .mps_o                 (mps_o),
      .mrrs_o                (mrrs_o),
      .extended_tag_o        (extended_tag),
      .msix_enable_o         (msix_enable),
      .msix_mask_o           (msix_mask)
  );

  ep_completer u_completer (
      .clk_i             (clk_i),
      .rst_i             (rst_i),
      .id_i              (id),
      .memory_space_i    (memory_space),
      .bar0_i            (bar0),
      .bar2_i            (bar2),
      .mps_log2_i        (mps_o),
      .posted_valid_i    (posted_valid),
      .posted_i          (posted),
      .posted_index_o    (posted_index),
      .posted_line_i     (posted_line),
      .posted_take_o     (posted_take),
      .nonposted_valid_i (nonposted_valid),
      .nonposted_i       (nonposted),
      .nonposted_take_o  (nonposted_take),
      .cfg_req_valid_o   (cfg_req_valid),
      .cfg_req_write_o   (cfg_req_write),
      .cfg_rsp_valid_i   (cfg_rsp_valid),
      .cfg_rsp_data_i    (cfg_rsp_data),
      .reg_req_valid_o   (reg_req_valid_o),
      .reg_req_o         (reg_req_o),
      .reg_rsp_valid_i   (reg_rsp_valid_i),
      .reg_rsp_i         (reg_rsp_i),
      .mem_wr_valid_o    (mem_wr_valid_o),
      .mem_wr_ready_i    (mem_wr_ready_i),
      .mem_wr_addr_o     (mem_wr_addr_o),
      .mem_wr_be_o       (mem_wr_be_o),
      .mem_wr_data_o     (mem_wr_data_o),
      .mem_rd_valid_o    (mem_rd_valid_o),
      .mem_rd_ready_i    (mem_rd_ready_i),
      .mem_rd_addr_o     (mem_rd_addr_o),
      .mem_rd_rsp_valid_i(mem_rd_rsp_valid_i),
      .completion_room_i (completion_room),
      .completion_push_o (completion_push),
      .completion_o      (completion),
      .dropped_write_o   (dropped_write_o),
      .ur_sent_o         (errors.ur_sent),
      .ca_sent_o         (errors.ca_sent),
      .idle_o            (completer_idle_o)
  );

  ep_completion_out u_completion_out (
      .clk_i          (clk_i),
      .rst_i          (rst_i),
      .accepted_i     (accepted),
      .line_valid_i   (mem_rd_rsp_valid_i),
      .line_i         (mem_rd_rsp_data_i),
      .push_i         (completion_push),
      .completion_i   (completion),
      .room_o         (completion_room),
      .out_valid_o    (completion_valid),
      .out_o          (completion_head),
      .out_mark_o     (completion_mark),
      .out_take_i     (completion_take),
      .out_line_o     (completion_line),
      .out_line_take_i(completion_line_take)
  );

  ep_requester u_requester (
      .clk_i              (clk_i),
      .rst_i              (rst_i),
      .clear_i            (clear_i),
      .id_i               (id),
      .mrrs_log2_i        (mrrs_o),
      .extended_tag_i     (extended_tag),
      .timeout_i          (completion_timeout_i),
      .quarantine_i       (quarantine_i),
      .abandon_i          (abandon_i),
      .req_valid_i        ({args_read_valid_i, fetch_read_valid_i, dma_read_valid_i}),
      .req_ready_o        ({args_read_ready_o, fetch_read_ready_o, dma_read_ready_o}),
      .req_i              ('{dma_read_i, fetch_read_i, args_read_i}),
      .tlp_valid_o        (read_valid),
      .tlp_ready_i        (read_ready),
      .tlp_o              (read_header),
      .sent_valid_i       (sent_valid),
      .dropped_i          (read_dropped),
      .sent_tag_i         (sent_tag),
      .sent_void_o        (read_void),
      .completion_valid_i (completion_in_valid),
      .completion_sop_i   (rx_sop_i),
      .completion_last_i  (rx_last_i),
      .completion_bad_i   (completion_in_bad),
      .completion_hdr_i   (rx_hdr_i[2:0]),
      .completion_dws_i   (completion_in_dws),
      .completion_data_i  (rx_data_i),
      .read_beat_valid_o  (read_beat_valid_o),
      .read_beat_o        (read_beat_o),
      .read_data_o        (read_data_o),
      .read_done_valid_o  (read_done_valid_o),
      .read_done_o        (read_done_o),
      .idle_o             (reads_idle_o),
      .tags_free_o        (tags_free_o),
      .tags_quarantined_o (tags_quarantined_o),
      .unexpected_o       (unexpected_completion_o),
      .ur_received_o      (errors.ur_received),
      .ca_received_o      (errors.ca_received),
      .poisoned_received_o(poisoned_completion),
      .timeout_o          (errors.timeout),
      .exhausted_o        (exhausted)
  );

  ep_msix u_msix (
      .clk_i          (clk_i),
      .rst_i          (rst_i),
      .clear_i        (clear_i),
      .enable_i       (msix_enable),
      .function_mask_i(msix_mask),
      .allowed_i      (bus_master_o && !stop_i),
      .irq_valid_i    (irq_valid_i),
      .irq_vector_i   (irq_vector_i),
      .reg_req_valid_i(msix_req_valid_i),
      .reg_req_i      (msix_req_i),
      .reg_rsp_valid_o(msix_rsp_valid_o),
      .reg_rsp_o      (msix_rsp_o),
      .message_valid_o(message_valid),
      .message_ready_i(message_ready),
      .message_addr_o (message_addr),
      .message_data_o (message_data),
      .idle_o         (interrupts_idle_o)
  );

  ep_tx u_tx (
      .clk_i                 (clk_i),
      .rst_i                 (rst_i),
      .clear_i               (clear_i),
      .stop_i                (stop_i),
      .id_i                  (id),
      .mps_log2_i            (mps_o),
      .bus_master_i          (bus_master_o),
      .tx_valid_o            (tx_valid_o),
      .tx_ready_i            (tx_ready_i),
      .tx_sop_o              (tx_sop_o),
      .tx_last_o             (tx_last_o),
      .tx_hdr_o              (tx_hdr_o),
      .tx_data_o             (tx_data_o),
      .tx_credits_i          (tx_credits_i),
      .write_valid_i         ({cp_write_valid_i, dma_write_valid_i}),
      .write_ready_o         ({cp_write_ready_o, dma_write_ready_o}),
      .write_sop_i           ({cp_write_sop_i, dma_write_sop_i}),
      .write_last_i          ({cp_write_last_i, dma_write_last_i}),
      .write_addr_i          ({cp_write_addr_i, dma_write_addr_i}),
      .write_len_i           ({cp_write_len_i, dma_write_len_i}),
      .write_data_i          ('{dma_write_data_i, cp_write_data_i}),
      .message_valid_i       (message_valid),
      .message_ready_o       (message_ready),
      .message_addr_i        (message_addr),
      .message_data_i        (message_data),
      .accepted_o            (accepted),
      .read_valid_i          (read_valid),
      .read_ready_o          (read_ready),
      .read_i                (read_header),
      .sent_valid_o          (sent_valid),
      .sent_tag_o            (sent_tag),
      .read_void_i           (read_void),
      .dropped_o             (read_dropped),
      .completion_valid_i    (completion_valid),
      .completion_i          (completion_head),
      .completion_mark_i     (completion_mark),
      .completion_take_o     (completion_take),
      .completion_line_i     (completion_line),
      .completion_line_take_o(completion_line_take),
      .writes_idle_o         (writes_idle_o),
      .tlp_o                 (stat_tx_tlp_o),
      .write_bytes_o         (stat_tx_bytes_o)
  );

  assign errors.poisoned_received = poisoned_request || poisoned_completion;
  assign errors.fatal = fatal_valid_o;
  assign fatal_valid_o = malformed || overflow || exhausted;
  assign fatal_cause_o            = malformed ? FATAL_CAUSE_MALFORMED_TLP
                                  : overflow  ? FATAL_CAUSE_RECEIVER_OVERFLOW
                                  : exhausted ? FATAL_CAUSE_TAGS_EXHAUSTED : FATAL_CAUSE_NONE;
  assign stat_interrupt_o = message_valid && message_ready;
endmodule
