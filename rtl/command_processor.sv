// Command processor: rings in, commands out, records back. Wiring of the cp_* modules; no logic of its own.
//
//   doorbell ─► cp_doorbell ─put─► cp_fetch ─► ring reads ─► cp_landing ─get─► cp_decode ─heads─► cp_issue ─► DMA, launch
//                                                  └─► cp_packet_ram ──packets──┴────────────────────┤    └─► cp_wait ─► semaphores
//   registers ─► cp_queue_regs ─► cp_queue_state                                                     ▼
//   HOST writes ◄─ cp_host_write ◄─ cp_retire ◄── heads done ── cp_window ◄── reports of DMA, launch, cp_wait
//                                      ▲              cp_watchdog ─► cp_failure ─► cp_error ─┘
//                                      └─ cp_writeback (get)
//
// Promises: commands of a queue start and retire in order; signal, record, interrupt of a command leave in this order
// and after its data; a queue that waits, fails, resets or is short of a resource delays no other queue.
// Not modelled: planned opcodes, several engines per stage, power gating.
module command_processor
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic        reset_i,   // level: device reset under way; all queues reset and stay DISABLED
    input logic        clear_i,   // pulse at its end: everything to its reset value, whatever is under way
    input logic        stop_i,    // level: fatal; nothing is fetched or started
    input logic [63:0] cycles_i,  // DEVICE.CYCLES
    input logic [ 3:0] mrrs_i,    // log2 bytes

    // Register bus: QUEUE and DOORBELL blocks.
    input  logic     reg_req_valid_i,
    input  reg_req_t reg_req_i,
    output logic     reg_rsp_valid_o,
    output reg_rsp_t reg_rsp_o,

    // Ring reads, to the endpoint's requester as ClientFetch.
    output logic       read_valid_o,
    input  logic       read_ready_i,
    output read_req_t  read_req_o,
    input  logic       read_beat_valid_i,
    input  read_beat_t read_beat_i,
    input  line_t      read_data_i,
    input  logic       read_done_valid_i,
    input  read_done_t read_done_i,

    // Posted HOST writes: one beat each.
    output logic        write_valid_o,
    input  logic        write_ready_i,
    output logic        write_sop_o,
    output logic        write_last_o,
    output logic [63:0] write_addr_o,
    output logic [ 9:0] write_len_o,
    output line_t       write_data_o,

    output logic    irq_valid_o,
    output vector_t irq_vector_o,

    // DMA engine and launch dispatcher. Aborts go to both and stop what a queue has running.
    output logic        dma_cmd_valid_o,
    input  logic        dma_cmd_ready_i,
    output dma_cmd_t    dma_cmd_o,
    input  logic        dma_done_valid_i,
    input  done_t       dma_done_i,
    output logic        launch_cmd_valid_o,
    input  logic        launch_cmd_ready_i,
    output launch_cmd_t launch_cmd_o,
    input  logic        launch_done_valid_i,
    input  done_t       launch_done_i,
    output logic        abort_valid_o,
    output queue_t      abort_queue_o,

    // Semaphores.
    output logic     sem_req_valid_o,
    input  logic     sem_req_ready_i,
    output sem_req_t sem_req_o,
    input  logic     sem_rsp_valid_i,
    input  queues_t  wake_valid_i,
    input  queues_t  wake_poisoned_i,
    output queues_t  disarm_o,

    // SIGNAL to DEVICE: 8 bytes; performed when accepted.
    output logic                   mem_write_valid_o,
    input  logic                   mem_write_ready_i,
    output logic [MemAddrBits-1:0] mem_write_addr_o,
    output logic [           63:0] mem_write_data_o,

    // For DEVICE registers.
    output queues_t       resetting_o,
    output logic          idle_o,              // nothing of any queue waits or is under way
    output logic    [1:0] retired_o,           // commands retired in this cycle
    output logic          doorbell_o,          // a doorbell moved put
    output queues_t       dropped_doorbells_o  // a doorbell was dropped while DISABLED
);
  logic rst;

  // Configuration and state.
  queues_t enable, drain, ctrl_reset, running, draining, halted, resetting, idle, live, run;
  queues_t settled, halt;
  load_t load;
  logic [63:0] ring_base[QUEUES], start[QUEUES], writeback[QUEUES], error_record[QUEUES];
  logic [63:0] wait_limit[QUEUES], watchdog_limit[QUEUES];
  logic [15:0] error_vector[QUEUES];
  logic [QUEUES-1:0][4:0] ring_log2;
  logic [QUEUES-1:0][7:0] weight;
  queues_t writeback_on, error_record_on, error_vector_on;

  // Counts and marks.
  logic [63:0] put[QUEUES], get[QUEUES];
  marks_t fetched, got, started, retired;
  queues_t caught_up;

  // Front.
  queues_t refused, refused_full, behind, choosing, reading, moving, hold;
  logic [31:0] refused_put[QUEUES];
  logic ask_valid;
  queue_t ask_queue;
  mark_t ask_mark;
  logic [3:0] ask_count;
  queues_t fetch_failed;
  marks_t fetch_mark;
  read_status_e fetch_status[QUEUES];
  logic [63:0] fetch_address[QUEUES];
  logic land_valid, check_valid;
  place_t land_place, check_place;
  line_t check_line;
  queues_t head_valid, checking;
  heads_t head;

  // Start.
  logic start_valid;
  queue_t start_queue;
  place_t start_place;
  line_t start_line;
  queues_t handing, waiting, wait_open, arming, aborted;
  logic wait_valid;
  queue_t wait_queue;
  wait_packet_t wait_packet;

  // Window, failures.
  queues_t empty, open, head_wait, head_done, head_record, head_signal, head_signal_host;
  queues_t failed, stopping;
  marks_t failed_mark;
  error_e failed_code[QUEUES];
  logic [63:0] failed_address[QUEUES];
  failure_t check_failure, wait_failure, watchdog_failure;

  // Back.
  queues_t retire, halt_done, written, visiting, dirty, due;
  logic retire_valid;
  place_t retire_place;
  line_t retire_line;
  logic compose;
  queue_t compose_queue;
  error_record_t composed;
  logic host_load, host_free, host_accepted;
  purpose_t host_new, host_done;
  logic [63:0] host_addr;
  logic [6:0] host_len;
  line_t host_data;

  // Semaphore port.
  logic arm_valid, arm_ready, armed, signal_valid, signal_ready, signalled;
  sem_req_t arm_req, signal_req;

  // Register responses.
  logic regs_valid, doorbell_valid, error_valid;
  reg_rsp_t regs_rsp, doorbell_rsp, error_rsp;

  assign reg_rsp_valid_o = regs_valid || doorbell_valid || error_valid;
  assign reg_rsp_o = regs_valid ? regs_rsp : (error_valid ? error_rsp : doorbell_rsp);
  assign idle_o = idle == '1;
  assign resetting_o = resetting;
  assign rst = rst_i || clear_i;
  assign caught_up = ~(behind | differ(fetched, got) | differ(got, started));

  cp_queue_regs u_queue_regs (
      .clk_i,
      .rst_i(rst),
      .req_valid_i(reg_req_valid_i),
      .req_i(reg_req_i),
      .rsp_valid_o(regs_valid),
      .rsp_o(regs_rsp),
      .load_i(load),
      .running_i(running),
      .draining_i(draining),
      .halted_i(halted),
      .idle_i(idle),
      .resetting_i(resetting),
      .retired_i(retired),
      .put_i(put),
      .get_i(get),
      .enable_o(enable),
      .drain_o(drain),
      .reset_o(ctrl_reset),
      .ring_base_o(ring_base),
      .ring_log2_o(ring_log2),
      .start_o(start),
      .writeback_on_o(writeback_on),
      .writeback_o(writeback),
      .error_record_on_o(error_record_on),
      .error_record_o(error_record),
      .error_vector_on_o(error_vector_on),
      .error_vector_o(error_vector),
      .wait_limit_o(wait_limit),
      .watchdog_limit_o(watchdog_limit),
      .weight_o(weight)
  );

  cp_queue_state u_queue_state (
      .clk_i,
      .rst_i(rst),
      .reset_i,
      .stop_i,
      .enable_i(enable),
      .drain_i(drain),
      .ctrl_reset_i(ctrl_reset),
      .halt_done_i(halt_done),
      .failed_i(failed),
      .stopping_i(stopping),
      .start_i(start),
      .fetching_i(choosing | reading),
      .moving_i(moving),
      .checking_i(checking),
      .handing_i(handing | arming),
      .open_i(open),
      .empty_i(empty),
      .visiting_i(visiting),
      .dirty_i(dirty),
      .refused_i(refused),
      .caught_up_i(caught_up),
      .running_o(running),
      .draining_o(draining),
      .halted_o(halted),
      .resetting_o(resetting),
      .idle_o(idle),
      .live_o(live),
      .run_o(run),
      .settled_o(settled),
      .halt_o(halt),
      .load_o(load),
      .abort_valid_o,
      .abort_queue_o,
      .aborted_o(aborted)
  );

  cp_doorbell u_doorbell (
      .clk_i,
      .rst_i(rst),
      .req_valid_i(reg_req_valid_i),
      .req_i(reg_req_i),
      .rsp_valid_o(doorbell_valid),
      .rsp_o(doorbell_rsp),
      .load_i(load),
      .running_i(running),
      .draining_i(draining),
      .halted_i(halted),
      .resetting_i(resetting),
      .get_i(get),
      .ring_log2_i(ring_log2),
      .put_o(put),
      .refused_o(refused),
      .refused_full_o(refused_full),
      .refused_put_o(refused_put),
      .moved_o(doorbell_o),
      .dropped_o(dropped_doorbells_o)
  );

  cp_fetch u_fetch (
      .clk_i,
      .rst_i(rst),
      .load_i(load),
      .run_i(run & ~fetch_failed),
      .put_i(put),
      .ring_base_i(ring_base),
      .ring_log2_i(ring_log2),
      .started_i(started),
      .mrrs_i,
      .read_valid_o,
      .read_ready_i,
      .read_req_o,
      .ask_valid_o(ask_valid),
      .ask_queue_o(ask_queue),
      .ask_mark_o(ask_mark),
      .ask_count_o(ask_count),
      .fetched_o(fetched),
      .behind_o(behind),
      .busy_o(choosing)
  );

  cp_landing u_landing (
      .clk_i,
      .rst_i(rst),
      .load_i(load),
      .ask_valid_i(ask_valid),
      .ask_queue_i(ask_queue),
      .ask_mark_i(ask_mark),
      .ask_count_i(ask_count),
      .fetched_i(fetched),
      .beat_valid_i(read_beat_valid_i),
      .beat_i(read_beat_i),
      .done_valid_i(read_done_valid_i),
      .done_i(read_done_i),
      .write_valid_o(land_valid),
      .write_place_o(land_place),
      .hold_i(hold),
      .get_o(get),
      .got_o(got),
      .moving_o(moving),
      .busy_o(reading),
      .failed_o(fetch_failed),
      .failed_mark_o(fetch_mark),
      .failed_status_o(fetch_status),
      .failed_address_o(fetch_address)
  );

  cp_packet_ram u_packet_ram (
      .clk_i,
      .write_valid_i (land_valid),
      .write_place_i (land_place),
      .write_line_i  (read_data_i),
      .check_valid_i (check_valid),
      .check_place_i (check_place),
      .check_line_o  (check_line),
      .start_valid_i (start_valid),
      .start_place_i (start_place),
      .start_line_o  (start_line),
      .retire_valid_i(retire_valid),
      .retire_place_i(retire_place),
      .retire_line_o (retire_line)
  );

  cp_decode u_decode (
      .clk_i,
      .rst_i(rst),
      .load_i(load),
      .run_i(run),
      .started_i(started),
      .got_i(got),
      .caught_up_i(caught_up),
      .fetch_failed_i(fetch_failed),
      .fetch_mark_i(fetch_mark),
      .fetch_status_i(fetch_status),
      .fetch_address_i(fetch_address),
      .refused_i(refused),
      .refused_full_i(refused_full),
      .check_valid_o(check_valid),
      .check_place_o(check_place),
      .check_line_i(check_line),
      .head_valid_o(head_valid),
      .head_o(head),
      .take_valid_i(start_valid),
      .take_queue_i(start_queue),
      .busy_o(checking),
      .failure_o(check_failure)
  );

  cp_issue u_issue (
      .clk_i,
      .rst_i(rst),
      .run_i(run),
      .head_valid_i(head_valid),
      .head_i(head),
      .waiting_i(waiting),
      .started_i(started),
      .retired_i(retired),
      .weight_i(weight),
      .start_valid_o(start_valid),
      .start_queue_o(start_queue),
      .start_place_o(start_place),
      .start_line_i(start_line),
      .busy_o(handing),
      .wait_valid_o(wait_valid),
      .wait_queue_o(wait_queue),
      .wait_packet_o(wait_packet),
      .dma_valid_o(dma_cmd_valid_o),
      .dma_ready_i(dma_cmd_ready_i),
      .dma_cmd_o,
      .launch_valid_o(launch_cmd_valid_o),
      .launch_ready_i(launch_cmd_ready_i),
      .launch_cmd_o
  );

  cp_wait u_wait (
      .clk_i,
      .rst_i(rst),
      .cycles_i,
      .load_i(load),
      .start_valid_i(start_valid && head[start_queue].cls == ClassWait),
      .start_queue_i(start_queue),
      .operands_valid_i(wait_valid),
      .operands_queue_i(wait_queue),
      .operands_i(wait_packet),
      .limit_i(wait_limit),
      .started_i(started),
      .cancel_i(aborted),
      .arm_valid_o(arm_valid),
      .arm_ready_i(arm_ready),
      .arm_o(arm_req),
      .armed_i(armed),
      .wake_i(wake_valid_i),
      .wake_poisoned_i,
      .disarm_o,
      .waiting_o(waiting),
      .open_o(wait_open),
      .arming_o(arming),
      .failure_o(wait_failure)
  );

  cp_window u_window (
      .clk_i,
      .rst_i(rst),
      .load_i(load),
      .start_valid_i(start_valid),
      .start_queue_i(start_queue),
      .start_head_i(head[start_queue]),
      .dma_done_valid_i,
      .dma_done_i(dma_done_i.owner),
      .launch_done_valid_i,
      .launch_done_i(launch_done_i.owner),
      .waiting_i(waiting),
      .wait_open_i(wait_open),
      .retire_i(retire),
      .started_o(started),
      .retired_o(retired),
      .empty_o(empty),
      .open_o(open),
      .head_wait_o(head_wait),
      .head_done_o(head_done),
      .head_record_o(head_record),
      .head_signal_o(head_signal),
      .head_signal_host_o(head_signal_host)
  );

  cp_watchdog u_watchdog (
      .clk_i,
      .rst_i(rst),
      .cycles_i,
      .start_valid_i(start_valid),
      .start_queue_i(start_queue),
      .start_slot_i(start_place[SlotBits-1:0]),
      .live_i(live),
      .empty_i(empty),
      .head_done_i(head_done),
      .head_wait_i(head_wait),
      .retired_i(retired),
      .limit_i(watchdog_limit),
      .failure_o(watchdog_failure)
  );

  cp_failure u_failure (
      .clk_i,
      .rst_i(rst),
      .load_i(load),
      .live_i(live),
      .retired_i(retired),
      .check_i(check_failure),
      .wait_i(wait_failure),
      .watchdog_i(watchdog_failure),
      .dma_done_valid_i,
      .dma_done_i,
      .launch_done_valid_i,
      .launch_done_i,
      .failed_o(failed),
      .stopping_o(stopping),
      .mark_o(failed_mark),
      .code_o(failed_code),
      .address_o(failed_address)
  );

  cp_writeback u_writeback (
      .clk_i,
      .cycles_i(cycles_i[5:0]),
      .on_i(writeback_on),
      .load_i(load),
      .got_i(got),
      .settled_i(settled),
      .written_i(written),
      .written_mark_i(host_done.mark),
      .dirty_o(dirty),
      .hold_o(hold),
      .due_o(due)
  );

  cp_retire u_retire (
      .clk_i,
      .rst_i(rst),
      .cycles_i,
      .load_i(load),
      .live_i(live),
      .head_done_i(head_done),
      .head_record_i(head_record),
      .head_signal_i(head_signal),
      .head_signal_host_i(head_signal_host),
      .stopping_i(stopping),
      .halt_i(halt),
      .due_i(due),
      .retired_i(retired),
      .get_i(get),
      .writeback_i(writeback),
      .error_record_on_i(error_record_on),
      .error_record_i(error_record),
      .error_vector_on_i(error_vector_on),
      .error_vector_i(error_vector),
      .retire_valid_o(retire_valid),
      .retire_place_o(retire_place),
      .retire_line_i(retire_line),
      .compose_o(compose),
      .compose_queue_o(compose_queue),
      .composed_i(composed),
      .host_load_o(host_load),
      .host_purpose_o(host_new),
      .host_addr_o(host_addr),
      .host_len_o(host_len),
      .host_data_o(host_data),
      .host_free_i(host_free),
      .host_accepted_i(host_accepted),
      .host_purpose_i(host_done),
      .sem_valid_o(signal_valid),
      .sem_ready_i(signal_ready),
      .sem_o(signal_req),
      .sem_done_i(signalled),
      .mem_valid_o(mem_write_valid_o),
      .mem_ready_i(mem_write_ready_i),
      .mem_addr_o(mem_write_addr_o),
      .mem_data_o(mem_write_data_o),
      .irq_valid_o,
      .irq_vector_o,
      .retire_o(retire),
      .retire_count_o(retired_o),
      .halted_o(halt_done),
      .written_o(written),
      .busy_o(visiting)
  );

  cp_host_write u_host_write (
      .clk_i,
      .rst_i(rst),
      .load_i(host_load),
      .load_purpose_i(host_new),
      .load_addr_i(host_addr),
      .load_len_i(host_len),
      .load_data_i(host_data),
      .free_o(host_free),
      .accepted_o(host_accepted),
      .purpose_o(host_done),
      .write_valid_o,
      .write_ready_i,
      .write_sop_o,
      .write_last_o,
      .write_addr_o,
      .write_len_o,
      .write_data_o
  );

  cp_error u_error (
      .clk_i,
      .rst_i(rst),
      .req_valid_i(reg_req_valid_i),
      .req_i(reg_req_i),
      .rsp_valid_o(error_valid),
      .rsp_o(error_rsp),
      .load_i(load),
      .halted_i(halted),
      .compose_i(compose),
      .queue_i(compose_queue),
      .packet_i(retire_line),
      .cycles_i,
      .mark_i(failed_mark),
      .code_i(failed_code),
      .address_i(failed_address),
      .get_i(get),
      .refused_put_i(refused_put),
      .record_o(composed)
  );

  cp_semaphore_port u_semaphore_port (
      .clk_i,
      .rst_i(rst),
      .arm_valid_i(arm_valid),
      .arm_ready_o(arm_ready),
      .arm_i(arm_req),
      .armed_o(armed),
      .signal_valid_i(signal_valid),
      .signal_ready_o(signal_ready),
      .signal_i(signal_req),
      .signalled_o(signalled),
      .req_valid_o(sem_req_valid_o),
      .req_ready_i(sem_req_ready_i),
      .req_o(sem_req_o),
      .rsp_valid_i(sem_rsp_valid_i)
  );
endmodule
