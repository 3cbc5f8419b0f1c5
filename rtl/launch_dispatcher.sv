// Runs LAUNCH commands: fetches and checks their arguments, hands their work-groups to free units. Wiring only.
//
//                  ┌─► launch_fetch ◄──► HOST reads, DEVICE reads
//   cmd ─► launch_ ├─► launch_store      (argument blocks) ─────────────► unit args
//   done ◄─ table  ├─► launch_arguments  (one check at a time)
//   abort ─►       └─► launch_groups     (launches in turn, free units) ─► start, group ─► units ─► done pulses
//
// Promises. Four launches are in flight; a launch whose units are all busy holds up no other. Exactly one done per
// command, one a cycle, when nothing of it is in flight. cmd_ready_o: a context is free, whatever cmd_valid_i says.
// Between launches nothing is ordered: the command processor starts no launch before what it has to wait for.
// Keeps EU-LAUNCH-001 to EU-LAUNCH-003 and EU-ARG-001 to EU-ARG-005.
`include "check.svh"

module launch_dispatcher
  import doorbell_pkg::*;
  import seams_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // Command processor.
    input  logic        cmd_valid_i,
    output logic        cmd_ready_o,
    input  launch_cmd_t cmd_i,
    output logic        done_valid_o,
    output done_t       done_o,
    input  logic        abort_valid_i,
    input  logic [QueueBits-1:0] abort_queue_i,

    // Requester of the endpoint: argument blocks in HOST.
    output logic       read_req_valid_o,
    input  logic       read_req_ready_i,
    output read_req_t  read_req_o,
    input  logic       read_beat_valid_i,
    input  read_beat_t read_beat_i,
    input  line_t      read_beat_data_i,
    input  logic       read_done_valid_i,
    input  read_done_t read_done_i,

    // Device memory: argument blocks in DEVICE; answers in order, without back-pressure.
    output logic                   mem_valid_o,
    input  logic                   mem_ready_i,
    output logic [MemAddrBits-1:0] mem_addr_o,
    input  logic                   mem_rsp_valid_i,
    input  line_t                  mem_rsp_data_i,

    // Units: start pulses come with the group and the unit's arguments.
    output logic [UNITS-1:0] unit_start_o,
    output group_t           unit_group_o,
    output line_t            unit_args_o [UNITS],
    output logic [UNITS-1:0] unit_abort_o,
    input  logic [UNITS-1:0] unit_done_i,

    output logic idle_o  // no launch in flight
);
  localparam int unsigned Contexts = 4;
  localparam int unsigned ContextBits = $clog2(Contexts);

  typedef logic [ContextBits-1:0] context_t;
  typedef logic [Contexts-1:0] set_t;

  // Fetch.
  logic        fetch_valid;
  logic        fetch_taken;
  context_t    fetch_context;
  logic [QueueBits-1:0] fetch_queue;
  space_e      fetch_space;
  logic [63:0] fetch_addr;
  set_t        fetched;
  set_t        fetch_failed;
  error_e      fetch_code;
  context_t    device_context;
  logic        host_block;
  logic        unused_info;

  // Check.
  logic        check_start;
  context_t    check_context;
  kernel_e     check_kernel;
  line_t       check_line;
  logic        checked;
  error_e      checked_code;
  logic [11:0] last_tile_x;
  logic [11:0] last_tile_y;

  // Groups.
  logic             begins;
  context_t         begin_context;
  kernel_e          begin_kernel;
  logic [UNITS-1:0] begin_mask;
  logic [     11:0] begin_last_x;
  logic [     11:0] begin_last_y;
  set_t             stop;
  set_t             left;
  set_t             running;
  logic [UNITS-1:0] give;
  context_t         give_context;

  assign host_block  = read_beat_valid_i && read_beat_i.client == ClientArgs;
  assign unused_info = ^read_beat_i.info;  // dst names the context too

  launch_table #(
      .Contexts(Contexts)
  ) u_table (
      .clk_i,
      .rst_i,
      .cmd_valid_i,
      .cmd_ready_o,
      .cmd_i,
      .abort_valid_i,
      .abort_queue_i,
      .done_valid_o,
      .done_o,
      .fetch_valid_o  (fetch_valid),
      .fetch_taken_i  (fetch_taken),
      .fetch_context_o(fetch_context),
      .fetch_queue_o  (fetch_queue),
      .fetch_space_o  (fetch_space),
      .fetch_addr_o   (fetch_addr),
      .fetched_i      (fetched),
      .fetch_failed_i (fetch_failed),
      .fetch_code_i   (fetch_code),
      .check_start_o  (check_start),
      .check_context_o(check_context),
      .check_kernel_o (check_kernel),
      .checked_i      (checked),
      .checked_code_i (checked_code),
      .last_tile_x_i  (last_tile_x),
      .last_tile_y_i  (last_tile_y),
      .begin_o        (begins),
      .begin_context_o(begin_context),
      .begin_kernel_o (begin_kernel),
      .begin_mask_o   (begin_mask),
      .begin_last_x_o (begin_last_x),
      .begin_last_y_o (begin_last_y),
      .stop_o         (stop),
      .left_i         (left),
      .running_i      (running),
      .idle_o
  );

  launch_fetch #(
      .Contexts(Contexts)
  ) u_fetch (
      .clk_i,
      .rst_i,
      .valid_i         (fetch_valid),
      .taken_o         (fetch_taken),
      .context_i       (fetch_context),
      .queue_i         (fetch_queue),
      .space_i         (fetch_space),
      .addr_i          (fetch_addr),
      .fetched_o       (fetched),
      .failed_o        (fetch_failed),
      .code_o          (fetch_code),
      .device_context_o(device_context),
      .read_req_valid_o,
      .read_req_ready_i,
      .read_req_o,
      .read_done_valid_i,
      .read_done_i,
      .mem_valid_o,
      .mem_ready_i,
      .mem_addr_o,
      .mem_rsp_valid_i
  );

  launch_store #(
      .Contexts(Contexts)
  ) u_store (
      .clk_i,
      .host_valid_i    (host_block),
      .host_context_i  (read_beat_i.dst[6+:ContextBits]),
      .host_data_i     (read_beat_data_i),
      .device_valid_i  (mem_rsp_valid_i),
      .device_context_i(device_context),
      .device_data_i   (mem_rsp_data_i),
      .show_i          (check_start),
      .show_context_i  (check_context),
      .line_o          (check_line),
      .give_i          (give),
      .give_context_i  (give_context),
      .unit_args_o
  );

  launch_arguments u_arguments (
      .clk_i,
      .rst_i,
      .start_i      (check_start),
      .kernel_i     (check_kernel),
      .line_i       (check_line),
      .done_o       (checked),
      .code_o       (checked_code),
      .last_tile_x_o(last_tile_x),
      .last_tile_y_o(last_tile_y)
  );

  launch_groups #(
      .Contexts(Contexts)
  ) u_groups (
      .clk_i,
      .rst_i,
      .begin_i        (begins),
      .begin_context_i(begin_context),
      .kernel_i       (begin_kernel),
      .mask_i         (begin_mask),
      .last_x_i       (begin_last_x),
      .last_y_i       (begin_last_y),
      .stop_i         (stop),
      .left_o         (left),
      .running_o      (running),
      .give_o         (give),
      .give_context_o (give_context),
      .unit_start_o,
      .unit_group_o,
      .unit_abort_o,
      .unit_done_i
  );

  // Blocks are aligned to their size (CP-PKT rules), and no completion ends inside an aligned 64 bytes.
  `CHECK(WholeBlocks, !host_block || (read_beat_i.be == '1 && read_beat_i.dst[5:0] == '0))
endmodule
