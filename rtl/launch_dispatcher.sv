// Runs LAUNCH commands: fetches and checks their arguments, hands their work-groups to free units.
//
//                      ┌─► launch_fetch ◄──► HOST reads, DEVICE reads
//   cmd ─► contexts ×4 ├─► launch_store  (argument blocks) ─────────────► unit args
//   done ◄─────────────├─► launch_arguments (one check at a time)
//   abort ─► all       └─► round robin ─► free unit of the mask ─► start, group ─► units ─► done pulses
//
// Promises. Several launches are in flight; each cycle one group of one launch goes to a free unit of that launch's mask,
// launches in turn, so a launch whose units are all busy holds up no other. A unit gets its next group two cycles after
// it is done. Exactly one done per command, one a cycle, when nothing of it is in flight. cmd_ready_o: a context is free.
// Between launches nothing is ordered: the command processor starts no launch before what it has to wait for.
// Keeps EU-LAUNCH-001 to EU-LAUNCH-003 (groups that lie outside the output are left out, see launch_context).
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
    input  abort_t      abort_i,

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

  // Lowest set bit's number; 0 for none.
  function automatic context_t lowest(input logic [Contexts-1:0] set);
    for (int unsigned c = 0; c < Contexts; c++) if (set[c]) return context_t'(c);
    return '0;
  endfunction

  logic unused_info;

  // Contexts.
  logic [Contexts-1:0] free;
  logic [Contexts-1:0] wants_fetch;
  logic [Contexts-1:0] wants_check;
  logic [Contexts-1:0] wants_group;  // and a unit of its mask is free
  logic [Contexts-1:0] running;
  logic [Contexts-1:0] aborted;
  logic [Contexts-1:0] finished;
  space_e              args_space  [Contexts];
  logic    [     63:0] args_addr   [Contexts];
  kernel_e             kernel      [Contexts];
  logic    [UNITS-1:0] wants_units [Contexts];
  group_t              group       [Contexts];
  done_t               done        [Contexts];
  context_t            free_context;
  context_t            done_context;

  // Fetch.
  logic     fetch_ready;
  context_t fetch_context;
  logic     host_fetched;
  context_t host_context;
  error_e   host_code;
  logic     device_fetched;
  context_t device_context;

  // Check.
  logic        checking_q;
  context_t    check_context_q;
  logic        check_start;
  context_t    check_context;
  line_t       check_line;
  logic        checked;
  error_e      checked_code;
  logic [63:0] checked_addr;
  logic [11:0] last_tile_x;
  logic [11:0] last_tile_y;

  // Units.
  logic [UNITS-1:0] taken_q;
  context_t         unit_context_q[UNITS];
  logic [UNITS-1:0] unit_free;
  logic             give;
  context_t         give_context;
  logic [UNITS-1:0] give_units;
  logic [UNITS-1:0] give_unit;
  logic [UNITS-1:0] start_q;
  group_t           group_q;

  // The low bits of dst already name the context.
  assign unused_info = ^read_beat_i.info;

  assign cmd_ready_o = free != '0;
  assign idle_o = free == '1;
  assign free_context = lowest(free);
  assign done_context = lowest(finished);
  assign done_valid_o = finished != '0;
  assign done_o = done[done_context];
  assign fetch_context = lowest(wants_fetch);
  assign check_context = lowest(wants_check);
  assign check_start = wants_check != '0 && !checking_q;
  assign unit_free = ~taken_q | unit_done_i;

  for (genvar c = 0; c < Contexts; c++) begin : gen_context
    logic from_host;
    logic from_device;

    assign from_host   = host_fetched && host_context == context_t'(c);
    assign from_device = device_fetched && device_context == context_t'(c);

    always_comb begin
      running[c] = 1'b0;
      for (int unsigned u = 0; u < UNITS; u++) begin
        if (taken_q[u] && unit_context_q[u] == context_t'(c)) running[c] = 1'b1;
      end
    end
    assign wants_group[c] = (wants_units[c] & unit_free) != '0;

    launch_context u_context (
        .clk_i,
        .rst_i,
        .free_o        (free[c]),
        .accept_i      (cmd_valid_i && free[c] && free_context == context_t'(c)),
        .cmd_i,
        .abort_valid_i,
        .abort_i,
        .wants_fetch_o (wants_fetch[c]),
        .fetch_taken_i (wants_fetch[c] && fetch_ready && fetch_context == context_t'(c)),
        .args_space_o  (args_space[c]),
        .args_addr_o   (args_addr[c]),
        .fetched_i     (from_host || from_device),
        .fetched_code_i(from_host ? host_code : ERROR_NONE),
        .wants_check_o (wants_check[c]),
        .check_taken_i (check_start && check_context == context_t'(c)),
        .kernel_o      (kernel[c]),
        .checked_i     (checked && check_context_q == context_t'(c)),
        .checked_code_i(checked_code),
        .checked_addr_i(checked_addr),
        .last_tile_x_i (last_tile_x),
        .last_tile_y_i (last_tile_y),
        .wants_units_o (wants_units[c]),
        .group_o       (group[c]),
        .group_taken_i (give && give_context == context_t'(c)),
        .running_i     (running[c]),
        .aborted_o     (aborted[c]),
        .done_valid_o  (finished[c]),
        .done_taken_i  (finished[c] && done_context == context_t'(c)),
        .done_o        (done[c])
    );
  end

  launch_fetch #(
      .Contexts(Contexts)
  ) u_fetch (
      .clk_i,
      .rst_i,
      .valid_i         (wants_fetch != '0),
      .ready_o         (fetch_ready),
      .context_i       (fetch_context),
      .space_i         (args_space[fetch_context]),
      .addr_i          (args_addr[fetch_context]),
      .host_fetched_o  (host_fetched),
      .host_context_o  (host_context),
      .host_code_o     (host_code),
      .device_fetched_o(device_fetched),
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
      .host_valid_i    (read_beat_valid_i && read_beat_i.client == ClientArgs),
      .host_context_i  (read_beat_i.dst[6+:ContextBits]),
      .host_at_i       (read_beat_i.dst[5:0]),
      .host_be_i       (read_beat_i.be),
      .host_data_i     (read_beat_data_i),
      .device_valid_i  (mem_rsp_valid_i),
      .device_context_i(device_context),
      .device_data_i   (mem_rsp_data_i),
      .show_i          (check_start),
      .show_context_i  (check_context),
      .line_o          (check_line),
      .give_i          (give_unit),
      .give_context_i  (give_context),
      .unit_args_o
  );

  launch_arguments u_arguments (
      .clk_i,
      .rst_i,
      .start_i      (check_start),
      .kernel_i     (kernel[check_context]),
      .line_i       (check_line),
      .done_o       (checked),
      .code_o       (checked_code),
      .addr_o       (checked_addr),
      .last_tile_x_o(last_tile_x),
      .last_tile_y_o(last_tile_y)
  );

  always_ff @(posedge clk_i) begin
    if (check_start) check_context_q <= check_context;
    checking_q <= (checking_q || check_start) && !checked && !rst_i;
  end

  // Which launch gives a group, and to which unit: the lowest free one of its mask.
  round_robin #(
      .Requesters(Contexts)
  ) u_turn (
      .clk_i,
      .rst_i,
      .req_i  (wants_group),
      .taken_i(1'b1),
      .valid_o(give),
      .index_o(give_context)
  );

  assign give_units = give ? wants_units[give_context] & unit_free : '0;
  assign give_unit  = give_units & (~give_units + 1'b1);

  always_ff @(posedge clk_i) begin
    start_q <= rst_i ? '0 : give_unit;
    taken_q <= rst_i ? '0 : (taken_q & ~unit_done_i) | give_unit;
    if (give) group_q <= group[give_context];
    for (int unsigned u = 0; u < UNITS; u++) if (give_unit[u]) unit_context_q[u] <= give_context;
  end

  assign unit_start_o = start_q;
  assign unit_group_o = group_q;
  for (genvar u = 0; u < UNITS; u++) begin : gen_abort
    assign unit_abort_o[u] = taken_q[u] && aborted[unit_context_q[u]];
  end

  `CHECK(DoneExpected, (unit_done_i & ~taken_q) == '0)
  `CHECK(ReportExpected, host_fetched |-> !free[host_context])
endmodule
