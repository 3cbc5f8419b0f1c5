// The device: endpoint, DMA engine, command processor, semaphores, execution units and their memory. Wiring only.
//
//            ┌──────────┐ register bus ┌──────────────┐
//   TLPs ◄──►│ endpoint ├─────────────►│ register_map ├─► device_regs, endpoint (MSI-X), unit_regs, command_processor,
//            └┬──┬──┬──┬┘              └──────────────┘   semaphores
//       reads │  │  │  └ BAR2 ──────────────────────────► memory
//      writes │  │  └ command_processor ◄──► semaphores
//   interrupts│  │       │        │
//             │  └ dma_engine ◄───┤
//             └ launch_dispatcher ◄┘ ──► execution_unit x 2 ──► memory
//
// Ordering promises are those of the parts; README.md in this folder has the seams. Not modelled: PHY and data-link layer,
// other clock domains, ECC, power states, memory banking.
module doorbell_device
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // Device to host.
    output logic     tx_valid_o,
    input  logic     tx_ready_i,
    output logic     tx_sop_o,
    output logic     tx_last_o,
    output header_t  tx_hdr_o,
    output line_t    tx_data_o,
    input  credits_t tx_credits_i,

    // Host to device.
    input  logic     rx_valid_i,
    output logic     rx_ready_o,
    input  logic     rx_sop_i,
    input  logic     rx_last_i,
    input  header_t  rx_hdr_i,
    input  line_t    rx_data_i,
    output credits_t rx_credits_o
);
  localparam int unsigned MemLatency = 6;  // cycles
  localparam int unsigned ReadPorts = 4;
  localparam int unsigned WritePorts = 4;

  // Settings and state.
  logic        clear;
  logic        flush;
  logic        reset;
  logic        fatal;
  logic        fatal_valid;
  fatal_cause_e fatal_cause;
  logic [63:0] cycles;
  logic [31:0] completion_timeout;
  logic [31:0] quarantine;
  logic        bus_master;
  queues_t     resetting;  // queues
  queues_t     abandon;    // of these, the ones whose reads are given up
  logic [ 3:0] mps;
  logic [ 3:0] mrrs;
  logic reads_idle, writes_idle, interrupts_idle, unused_completer_idle;
  logic dma_idle, dispatcher_idle, cp_idle, read_mux_idle, write_mux_idle;
  logic [UNITS-1:0] unit_idle;
  logic        semaphores_busy;

  // Counts.
  logic unexpected_completion, dropped_write;
  logic [8:0] tags_free, tags_quarantined;
  logic stat_tx_tlp, stat_rx_tlp, stat_interrupt, doorbell;
  logic [10:0] stat_tx_bytes, stat_rx_bytes;
  logic [ 1:0] retired;
  queues_t     dropped_doorbells;

  // Register bus.
  logic reg_req_valid, reg_rsp_valid;
  reg_req_t reg_req, block_req;
  reg_rsp_t reg_rsp;
  logic device_valid, device_rsp_valid, msix_valid, msix_rsp_valid, unit_valid, unit_rsp_valid;
  logic cp_valid, cp_rsp_valid, semaphore_valid, semaphore_rsp_valid;
  reg_rsp_t device_rsp, msix_rsp, unit_rsp, cp_rsp, semaphore_rsp;

  // Reads of host memory.
  logic dma_read_valid, dma_read_ready, fetch_valid, fetch_ready, args_valid, args_ready;
  read_req_t dma_read, fetch_read, args_read;
  logic beat_valid, read_done_valid;
  read_beat_t beat;
  line_t      beat_data;
  read_done_t read_done;

  // Posted writes and interrupts.
  logic dma_write_valid, dma_write_ready, dma_write_sop, dma_write_last;
  logic [63:0] dma_write_addr;
  logic [ 9:0] dma_write_len;
  line_t       dma_write_data;
  logic cp_write_valid, cp_write_ready, cp_write_sop, cp_write_last;
  logic [63:0] cp_write_addr;
  logic [ 9:0] cp_write_len;
  line_t       cp_write_data;
  logic        irq_valid;
  vector_t     irq_vector;

  // Commands.
  logic dma_cmd_valid, dma_cmd_ready, dma_done_valid;
  dma_cmd_t    dma_cmd;
  done_t       dma_done;
  logic launch_cmd_valid, launch_cmd_ready, launch_done_valid;
  launch_cmd_t launch_cmd;
  done_t       launch_done;
  logic        abort_valid;
  queue_t      abort_queue;

  // Semaphores.
  logic sem_req_valid, sem_req_ready, sem_rsp_valid;
  sem_req_t sem_req;
  queues_t wake_valid, wake_poisoned, disarm;

  // Units.
  logic [UNITS-1:0] unit_start, unit_abort, unit_done, unit_busy, unit_mac;
  group_t           unit_group;
  line_t            unit_args [UNITS];

  // Device memory: read port 0 DMA, 1 completer and dispatcher, then the units; write port 0 landing completions, 1 DMA,
  // completer and command processor, then the units.
  logic rd_valid[ReadPorts], rd_ready[ReadPorts], rd_rsp_valid[ReadPorts];
  logic [MemAddrBits-1:0] rd_addr [ReadPorts];
  line_t                  rd_rsp_data[ReadPorts];
  logic                   wr_valid[WritePorts];
  logic [MemAddrBits-1:0] wr_addr [WritePorts];
  logic [           63:0] wr_be   [WritePorts];
  line_t                  wr_data [WritePorts];
  logic rd1_valid[2], rd1_ready[2], rd1_rsp_valid[2];
  logic [MemAddrBits-1:0] rd1_addr [2];
  line_t                  rd1_rsp_data;
  logic wr1_valid[3], wr1_ready[3];
  logic [MemAddrBits-1:0] wr1_addr [3];
  logic [           63:0] wr1_be   [3];
  line_t                  wr1_data [3];
  logic [           63:0] signal_data;

  endpoint u_endpoint (
      .clk_i,
      .rst_i,
      .clear_i                (clear),
      .stop_i                 (fatal),
      .tx_valid_o,
      .tx_ready_i,
      .tx_sop_o,
      .tx_last_o,
      .tx_hdr_o,
      .tx_data_o,
      .tx_credits_i,
      .rx_valid_i,
      .rx_ready_o,
      .rx_sop_i,
      .rx_last_i,
      .rx_hdr_i,
      .rx_data_i,
      .rx_credits_o,
      .dma_read_valid_i       (dma_read_valid),
      .dma_read_ready_o       (dma_read_ready),
      .dma_read_i             (dma_read),
      .fetch_read_valid_i     (fetch_valid),
      .fetch_read_ready_o     (fetch_ready),
      .fetch_read_i           (fetch_read),
      .args_read_valid_i      (args_valid),
      .args_read_ready_o      (args_ready),
      .args_read_i            (args_read),
      .read_beat_valid_o      (beat_valid),
      .read_beat_o            (beat),
      .read_data_o            (beat_data),
      .read_done_valid_o      (read_done_valid),
      .read_done_o            (read_done),
      .dma_write_valid_i      (dma_write_valid),
      .dma_write_ready_o      (dma_write_ready),
      .dma_write_sop_i        (dma_write_sop),
      .dma_write_last_i       (dma_write_last),
      .dma_write_addr_i       (dma_write_addr),
      .dma_write_len_i        (dma_write_len),
      .dma_write_data_i       (dma_write_data),
      .cp_write_valid_i       (cp_write_valid),
      .cp_write_ready_o       (cp_write_ready),
      .cp_write_sop_i         (cp_write_sop),
      .cp_write_last_i        (cp_write_last),
      .cp_write_addr_i        (cp_write_addr),
      .cp_write_len_i         (cp_write_len),
      .cp_write_data_i        (cp_write_data),
      .irq_valid_i            (irq_valid),
      .irq_vector_i           (irq_vector),
      .reg_req_valid_o        (reg_req_valid),
      .reg_req_o              (reg_req),
      .reg_rsp_valid_i        (reg_rsp_valid),
      .reg_rsp_i              (reg_rsp),
      .msix_req_valid_i       (msix_valid),
      .msix_req_i             (block_req),
      .msix_rsp_valid_o       (msix_rsp_valid),
      .msix_rsp_o             (msix_rsp),
      .mem_wr_valid_o         (wr1_valid[1]),
      .mem_wr_ready_i         (wr1_ready[1]),
      .mem_wr_addr_o          (wr1_addr[1]),
      .mem_wr_be_o            (wr1_be[1]),
      .mem_wr_data_o          (wr1_data[1]),
      .mem_rd_valid_o         (rd1_valid[0]),
      .mem_rd_ready_i         (rd1_ready[0]),
      .mem_rd_addr_o          (rd1_addr[0]),
      .mem_rd_rsp_valid_i     (rd1_rsp_valid[0]),
      .mem_rd_rsp_data_i      (rd1_rsp_data),
      .completion_timeout_i   (completion_timeout),
      .quarantine_i           (quarantine),
      .abandon_i              (abandon),
      .bus_master_o           (bus_master),
      .mps_o                  (mps),
      .mrrs_o                 (mrrs),
      .fatal_valid_o          (fatal_valid),
      .fatal_cause_o          (fatal_cause),
      .unexpected_completion_o(unexpected_completion),
      .dropped_write_o        (dropped_write),
      .reads_idle_o           (reads_idle),
      .writes_idle_o          (writes_idle),
      .interrupts_idle_o      (interrupts_idle),
      .completer_idle_o       (unused_completer_idle),
      .tags_free_o            (tags_free),
      .tags_quarantined_o     (tags_quarantined),
      .stat_tx_tlp_o          (stat_tx_tlp),
      .stat_tx_bytes_o        (stat_tx_bytes),
      .stat_rx_tlp_o          (stat_rx_tlp),
      .stat_rx_bytes_o        (stat_rx_bytes),
      .stat_interrupt_o       (stat_interrupt)
  );

  register_map u_register_map (
      .clk_i,
      .rst_i,
      .reg_req_valid_i      (reg_req_valid),
      .reg_req_i            (reg_req),
      .reg_rsp_valid_o      (reg_rsp_valid),
      .reg_rsp_o            (reg_rsp),
      .req_o                (block_req),
      .device_valid_o       (device_valid),
      .device_rsp_valid_i   (device_rsp_valid),
      .device_rsp_i         (device_rsp),
      .msix_valid_o         (msix_valid),
      .msix_rsp_valid_i     (msix_rsp_valid),
      .msix_rsp_i           (msix_rsp),
      .unit_valid_o         (unit_valid),
      .unit_rsp_valid_i     (unit_rsp_valid),
      .unit_rsp_i           (unit_rsp),
      .cp_valid_o           (cp_valid),
      .cp_rsp_valid_i       (cp_rsp_valid),
      .cp_rsp_i             (cp_rsp),
      .semaphore_valid_o    (semaphore_valid),
      .semaphore_rsp_valid_i(semaphore_rsp_valid),
      .semaphore_rsp_i      (semaphore_rsp)
  );

  device_regs u_device_regs (
      .clk_i,
      .rst_i,
      .req_valid_i(device_valid),
      .req_i(block_req),
      .rsp_valid_o(device_rsp_valid),
      .rsp_o(device_rsp),
      .cycles_o(cycles),
      .completion_timeout_o(completion_timeout),
      .quarantine_o(quarantine),
      .reset_request_i(1'b0),
      .idle_i({
        reads_idle,
        writes_idle,
        interrupts_idle,
        dma_idle,
        dispatcher_idle,
        unit_idle,
        cp_idle,
        read_mux_idle,
        write_mux_idle
      }),
      .semaphores_busy_i(semaphores_busy),
      .reset_o(reset),
      .clear_o(clear),
      .flush_o(flush),
      .fatal_valid_i(fatal_valid),
      .fatal_cause_i(fatal_cause),
      .fatal_o(fatal),
      .tags_free_i({7'b0, tags_free}),
      .tags_quarantined_i({7'b0, tags_quarantined}),
      .unexpected_completion_i(unexpected_completion),
      .dropped_write_i(dropped_write),
      .dropped_doorbells_i(dropped_doorbells),
      .tx_bytes_i(stat_tx_bytes),
      .rx_bytes_i(stat_rx_bytes),
      .tx_tlp_i(stat_tx_tlp),
      .rx_tlp_i(stat_rx_tlp),
      .interrupt_i(stat_interrupt),
      .commands_i(retired),
      .doorbell_i(doorbell)
  );

  command_processor u_command_processor (
      .clk_i,
      .rst_i,
      .reset_i            (reset),
      .clear_i            (clear),
      .stop_i             (fatal),
      .cycles_i           (cycles),
      .mrrs_i             (mrrs),
      .reg_req_valid_i    (cp_valid),
      .reg_req_i          (block_req),
      .reg_rsp_valid_o    (cp_rsp_valid),
      .reg_rsp_o          (cp_rsp),
      .read_valid_o       (fetch_valid),
      .read_ready_i       (fetch_ready),
      .read_req_o         (fetch_read),
      .read_beat_valid_i  (beat_valid),
      .read_beat_i        (beat),
      .read_data_i        (beat_data),
      .read_done_valid_i  (read_done_valid),
      .read_done_i        (read_done),
      .write_valid_o      (cp_write_valid),
      .write_ready_i      (cp_write_ready),
      .write_sop_o        (cp_write_sop),
      .write_last_o       (cp_write_last),
      .write_addr_o       (cp_write_addr),
      .write_len_o        (cp_write_len),
      .write_data_o       (cp_write_data),
      .irq_valid_o        (irq_valid),
      .irq_vector_o       (irq_vector),
      .dma_cmd_valid_o    (dma_cmd_valid),
      .dma_cmd_ready_i    (dma_cmd_ready),
      .dma_cmd_o          (dma_cmd),
      .dma_done_valid_i   (dma_done_valid),
      .dma_done_i         (dma_done),
      .launch_cmd_valid_o (launch_cmd_valid),
      .launch_cmd_ready_i (launch_cmd_ready),
      .launch_cmd_o       (launch_cmd),
      .launch_done_valid_i(launch_done_valid),
      .launch_done_i      (launch_done),
      .abort_valid_o      (abort_valid),
      .abort_queue_o      (abort_queue),
      .sem_req_valid_o    (sem_req_valid),
      .sem_req_ready_i    (sem_req_ready),
      .sem_req_o          (sem_req),
      .sem_rsp_valid_i    (sem_rsp_valid),
      .wake_valid_i       (wake_valid),
      .wake_poisoned_i    (wake_poisoned),
      .disarm_o           (disarm),
      .mem_write_valid_o  (wr1_valid[2]),
      .mem_write_ready_i  (wr1_ready[2]),
      .mem_write_addr_o   (wr1_addr[2]),
      .mem_write_data_o   (signal_data),
      .resetting_o        (resetting),
      .idle_o             (cp_idle),
      .retired_o          (retired),
      .doorbell_o         (doorbell),
      .dropped_doorbells_o(dropped_doorbells)
  );
  assign wr1_be[2]   = {56'b0, 8'hFF};
  assign wr1_data[2] = {448'b0, signal_data};

  queue_patience u_queue_patience (
      .clk_i,
      .rst_i,
      .resetting_i   (resetting),
      .paused_i      (fatal || !bus_master),
      .device_reset_i(reset),
      .abandon_o     (abandon)
  );

  semaphores u_semaphores (
      .clk_i,
      .rst_i,
      .clear_i        (clear),
      .busy_o         (semaphores_busy),
      .reg_req_valid_i(semaphore_valid),
      .reg_req_i      (block_req),
      .reg_rsp_valid_o(semaphore_rsp_valid),
      .reg_rsp_o      (semaphore_rsp),
      .sem_req_valid_i(sem_req_valid),
      .sem_req_ready_o(sem_req_ready),
      .sem_req_i      (sem_req),
      .sem_rsp_valid_o(sem_rsp_valid),
      .wake_valid_o   (wake_valid),
      .wake_poisoned_o(wake_poisoned),
      .disarm_i       (disarm)
  );

  dma_engine #(
      .MemLatency(MemLatency)
  ) u_dma_engine (
      .clk_i,
      .rst_i            (rst_i || flush),
      .mps_i            (mps),
      .mrrs_i           (mrrs),
      .idle_o           (dma_idle),
      .cmd_valid_i      (dma_cmd_valid),
      .cmd_ready_o      (dma_cmd_ready),
      .cmd_i            (dma_cmd),
      .abort_valid_i    (abort_valid),
      .abort_queue_i    (abort_queue),
      .done_valid_o     (dma_done_valid),
      .done_o           (dma_done),
      .read_req_valid_o (dma_read_valid),
      .read_req_ready_i (dma_read_ready),
      .read_req_o       (dma_read),
      .read_beat_valid_i(beat_valid),
      .read_beat_i      (beat),
      .read_beat_data_i (beat_data),
      .read_done_valid_i(read_done_valid),
      .read_done_i      (read_done),
      .write_valid_o    (dma_write_valid),
      .write_ready_i    (dma_write_ready),
      .write_sop_o      (dma_write_sop),
      .write_last_o     (dma_write_last),
      .write_addr_o     (dma_write_addr),
      .write_len_o      (dma_write_len),
      .write_data_o     (dma_write_data),
      .rd_valid_o       (rd_valid[0]),
      .rd_ready_i       (rd_ready[0]),
      .rd_addr_o        (rd_addr[0]),
      .rd_rsp_data_i    (rd_rsp_data[0]),
      .land_valid_o     (wr_valid[0]),
      .land_addr_o      (wr_addr[0]),
      .land_be_o        (wr_be[0]),
      .land_data_o      (wr_data[0]),
      .wr_valid_o       (wr1_valid[0]),
      .wr_ready_i       (wr1_ready[0]),
      .wr_addr_o        (wr1_addr[0]),
      .wr_be_o          (wr1_be[0]),
      .wr_data_o        (wr1_data[0])
  );

  launch_dispatcher u_launch_dispatcher (
      .clk_i,
      .rst_i            (rst_i || flush),
      .cmd_valid_i      (launch_cmd_valid),
      .cmd_ready_o      (launch_cmd_ready),
      .cmd_i            (launch_cmd),
      .done_valid_o     (launch_done_valid),
      .done_o           (launch_done),
      .abort_valid_i    (abort_valid),
      .abort_queue_i    (abort_queue),
      .read_req_valid_o (args_valid),
      .read_req_ready_i (args_ready),
      .read_req_o       (args_read),
      .read_beat_valid_i(beat_valid),
      .read_beat_i      (beat),
      .read_beat_data_i (beat_data),
      .read_done_valid_i(read_done_valid),
      .read_done_i      (read_done),
      .mem_valid_o      (rd1_valid[1]),
      .mem_ready_i      (rd1_ready[1]),
      .mem_addr_o       (rd1_addr[1]),
      .mem_rsp_valid_i  (rd1_rsp_valid[1]),
      .mem_rsp_data_i   (rd1_rsp_data),
      .unit_start_o     (unit_start),
      .unit_group_o     (unit_group),
      .unit_args_o      (unit_args),
      .unit_abort_o     (unit_abort),
      .unit_done_i      (unit_done),
      .idle_o           (dispatcher_idle)
  );

  for (genvar u = 0; u < UNITS; u++) begin : gen_unit
    execution_unit u_unit (
        .clk_i,
        .rst_i         (rst_i || flush),
        .start_valid_i (unit_start[u]),
        .group_i       (unit_group),
        .args_i        (unit_args[u]),
        .abort_i       (unit_abort[u]),
        .busy_o        (unit_busy[u]),
        .done_o        (unit_done[u]),
        .rd_valid_o    (rd_valid[2+u]),
        .rd_ready_i    (rd_ready[2+u]),
        .rd_addr_o     (rd_addr[2+u]),
        .rd_rsp_valid_i(rd_rsp_valid[2+u]),
        .rd_rsp_data_i (rd_rsp_data[2+u]),
        .wr_valid_o    (wr_valid[2+u]),
        .wr_addr_o     (wr_addr[2+u]),
        .wr_be_o       (wr_be[2+u]),
        .wr_data_o     (wr_data[2+u]),
        .mac_o         (unit_mac[u]),
        .idle_o        (unit_idle[u])
    );
  end

  unit_regs u_unit_regs (
      .clk_i,
      .rst_i,
      .clear_i        (clear),
      .busy_i         (unit_busy),
      .mac_i          (unit_mac),
      .done_i         (unit_done),
      .reg_req_valid_i(unit_valid),
      .reg_req_i      (block_req),
      .reg_rsp_valid_o(unit_rsp_valid),
      .reg_rsp_o      (unit_rsp)
  );

  memory_read_mux #(
      .Requesters(2),
      .MemLatency(MemLatency)
  ) u_read_mux (
      .clk_i,
      .rst_i,
      .clear_i       (clear),
      .in_valid_i    (rd1_valid),
      .in_ready_o    (rd1_ready),
      .in_addr_i     (rd1_addr),
      .rsp_valid_o   (rd1_rsp_valid),
      .rsp_data_o    (rd1_rsp_data),
      .rd_valid_o    (rd_valid[1]),
      .rd_ready_i    (rd_ready[1]),
      .rd_addr_o     (rd_addr[1]),
      .rd_rsp_valid_i(rd_rsp_valid[1]),
      .rd_rsp_data_i (rd_rsp_data[1]),
      .idle_o        (read_mux_idle)
  );

  memory_write_mux #(
      .Requesters(3)
  ) u_write_mux (
      .clk_i,
      .rst_i,
      .clear_i   (clear),
      .in_valid_i(wr1_valid),
      .in_ready_o(wr1_ready),
      .in_addr_i (wr1_addr),
      .in_be_i   (wr1_be),
      .in_data_i (wr1_data),
      .wr_valid_o(wr_valid[1]),
      .wr_addr_o (wr_addr[1]),
      .wr_be_o   (wr_be[1]),
      .wr_data_o (wr_data[1]),
      .idle_o    (write_mux_idle)
  );

  device_memory #(
      .ReadPorts (ReadPorts),
      .WritePorts(WritePorts),
      .MemLatency(MemLatency)
  ) u_memory (
      .clk_i,
      .rst_i,
      .clear_i       (clear),
      .rd_valid_i    (rd_valid),
      .rd_ready_o    (rd_ready),
      .rd_addr_i     (rd_addr),
      .rd_rsp_valid_o(rd_rsp_valid),
      .rd_rsp_data_o (rd_rsp_data),
      .wr_valid_i    (wr_valid),
      .wr_addr_i     (wr_addr),
      .wr_be_i       (wr_be),
      .wr_data_i     (wr_data)
  );
endmodule
