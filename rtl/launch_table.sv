// The launches in flight: what each context holds, and the step it is at.
//
//   free ─accept─► fetch ─► wait ─► check ─► checking ─► run ─► ended ─► done_valid, free
//                    └────────┴── error, or abort ┴────────────────►┘
//
// A context's bit stands in exactly one of the sets. One context at a time is offered to launch_fetch and is in
// launch_arguments; any number wait or run.
// Promises: exactly one done for each accepted command, one a cycle, when no read and no group of it is in flight. An
// abort of a queue (also in the cycle of acceptance) lets no further step of it start; an aborted command reports no error.
`include "check.svh"

module launch_table
  import doorbell_pkg::*;
  import seams_pkg::*;
#(
    parameter int unsigned Contexts = 4,
    localparam int unsigned ContextBits = $clog2(Contexts)
) (
    input logic clk_i,
    input logic rst_i,

    // Command processor.
    input  logic        cmd_valid_i,
    output logic        cmd_ready_o,
    input  launch_cmd_t cmd_i,
    input  logic        abort_valid_i,
    input  logic [QueueBits-1:0] abort_queue_i,
    output logic        done_valid_o,
    output done_t       done_o,

    // launch_fetch: an offer stays until it is taken; reports name their contexts.
    output logic                   fetch_valid_o,
    input  logic                   fetch_taken_i,
    output logic [ContextBits-1:0] fetch_context_o,
    output logic [  QueueBits-1:0] fetch_queue_o,
    output space_e                 fetch_space_o,
    output logic [           63:0] fetch_addr_o,
    input  logic [   Contexts-1:0] fetched_i,
    input  logic [   Contexts-1:0] fetch_failed_i, // of the fetched ones
    input  error_e                 fetch_code_i,   // of the failed one

    // launch_arguments.
    output logic                   check_start_o,
    output logic [ContextBits-1:0] check_context_o,
    output kernel_e                check_kernel_o,
    input  logic                   checked_i,
    input  error_e                 checked_code_i,
    input  logic [           11:0] last_tile_x_i,
    input  logic [           11:0] last_tile_y_i,

    // launch_groups.
    output logic                   begin_o,
    output logic [ContextBits-1:0] begin_context_o,
    output kernel_e                begin_kernel_o,
    output logic [      UNITS-1:0] begin_mask_o,
    output logic [           11:0] begin_last_x_o,
    output logic [           11:0] begin_last_y_o,
    output logic [   Contexts-1:0] stop_o,
    input  logic [   Contexts-1:0] left_i,
    input  logic [   Contexts-1:0] running_i,

    output logic idle_o
);
  typedef logic [Contexts-1:0] set_t;
  typedef logic [ContextBits-1:0] context_t;

  set_t free_q;
  set_t fetch_q;     // waits for its turn
  set_t wait_q;      // offered to launch_fetch or on its way
  set_t check_q;     // waits for its turn
  set_t checking_q;
  set_t run_q;
  set_t ended_q;     // waits for its turn
  set_t aborted_q;

  launch_cmd_t cmd_q [Contexts];
  error_e      code_q[Contexts];
  logic [63:0] addr_q[Contexts];

  logic             fetch_valid_q;
  context_t         fetch_context_q;
  logic [QueueBits-1:0] fetch_queue_q;
  space_e           fetch_space_q;
  logic [     63:0] fetch_addr_q;
  logic             check_start_q;
  context_t         check_context_q;
  kernel_e          check_kernel_q;
  logic             begin_q;
  logic [UNITS-1:0] begin_mask_q;
  logic [     11:0] last_x_q;
  logic [     11:0] last_y_q;
  logic             done_valid_q;
  done_t            done_q;

  function automatic set_t first(input set_t set);
    return set & (~set + 1'b1);
  endfunction

  function automatic context_t number(input set_t one_hot);
    number = '0;
    for (int unsigned c = 0; c < Contexts; c++) if (one_hot[c]) number |= context_t'(c);
  endfunction

  // The last index that both grid (1..65536) and output matrix have.
  function automatic logic [11:0] last_index(input logic [16:0] grid, input logic [11:0] tile);
    return (grid > 17'(tile)) ? tile : 12'(grid - 17'd1);
  endfunction

  always_ff @(posedge clk_i) begin
    check_start_q <= 1'b0;
    begin_q       <= 1'b0;
    done_valid_q  <= 1'b0;
    if (free_q != '1 || cmd_valid_i) begin : Busy
      automatic set_t accept = cmd_valid_i ? first(free_q) : '0;
      automatic set_t aborted = aborted_q & ~free_q;
      automatic set_t offer = '0;    // to launch_fetch
      automatic set_t start = '0;    // of a check
      automatic set_t checked = checked_i ? checking_q : '0;
      automatic set_t refused;       // by the check
      automatic set_t finished;      // every group is done, or left out by an abort
      automatic set_t cut;           // ended by an abort before any group
      automatic set_t retire = first(ended_q);

      for (int unsigned c = 0; c < Contexts; c++) begin
        if (accept[c]) cmd_q[c] <= cmd_i;
        if (abort_valid_i
            && abort_queue_i == (accept[c] ? cmd_i.owner.queue : cmd_q[c].owner.queue)) begin
          aborted[c] = accept[c] || !free_q[c];
        end
      end
      if (!fetch_valid_q || fetch_taken_i) offer = first(fetch_q & ~aborted);
      if (checking_q == '0) start = first(check_q & ~aborted);
      refused  = (checked_code_i != ERROR_NONE) ? checked : '0;
      finished = run_q & ~running_i & (~left_i | aborted_q) & {Contexts{!begin_q}};
      cut      = aborted & (fetch_q | fetched_i | check_q | checked);

      // Steps.
      if (offer != '0) begin : Offer
        automatic context_t c = number(offer);
        fetch_context_q <= c;
        fetch_queue_q   <= cmd_q[c].owner.queue;
        fetch_space_q   <= cmd_q[c].args_space;
        fetch_addr_q    <= cmd_q[c].args_addr;
      end
      fetch_valid_q <= offer != '0 || (fetch_valid_q && !fetch_taken_i);
      if (start != '0) begin : Start
        automatic context_t c = number(start);
        check_context_q <= c;
        check_kernel_q  <= cmd_q[c].kernel;
      end
      check_start_q <= start != '0;
      if (checked != '0) begin
        begin_mask_q <= cmd_q[check_context_q].unit_mask;
        last_x_q <= last_index(cmd_q[check_context_q].grid_x, last_tile_x_i);
        last_y_q <= last_index(cmd_q[check_context_q].grid_y, last_tile_y_i);
      end
      begin_q <= (checked & ~refused & ~cut) != '0;
      if (retire != '0) begin : Retire
        automatic context_t c = number(retire);
        done_valid_q <= 1'b1;
        done_q <= '{owner: cmd_q[c].owner, code: code_q[c], addr: addr_q[c]};
      end
      for (int unsigned c = 0; c < Contexts; c++) begin
        if (fetch_failed_i[c]) begin
          code_q[c] <= fetch_code_i;
          addr_q[c] <= cmd_q[c].args_addr;
        end
        if (refused[c]) begin
          code_q[c] <= checked_code_i;
          addr_q[c] <= '0;
        end
        if (finished[c] || cut[c]) begin
          code_q[c] <= ERROR_NONE;
          addr_q[c] <= '0;
        end
      end

      free_q     <= (free_q & ~accept) | retire;
      fetch_q    <= (fetch_q & ~offer & ~cut) | accept;
      wait_q     <= (wait_q & ~fetched_i) | offer;
      check_q    <= (check_q & ~start & ~cut) | (fetched_i & ~fetch_failed_i & ~cut);
      checking_q <= (checking_q & ~checked) | start;
      run_q      <= (run_q & ~finished) | (checked & ~refused & ~cut);
      ended_q    <= (ended_q & ~retire) | fetch_failed_i | refused | finished | cut;
      aborted_q  <= aborted;
    end
    if (rst_i) begin
      free_q        <= '1;
      fetch_q       <= '0;
      wait_q        <= '0;
      check_q       <= '0;
      checking_q    <= '0;
      run_q         <= '0;
      ended_q       <= '0;
      aborted_q     <= '0;
      fetch_valid_q <= 1'b0;
      check_start_q <= 1'b0;
      begin_q       <= 1'b0;
      done_valid_q  <= 1'b0;
    end
  end

  assign cmd_ready_o = free_q != '0;
  assign idle_o = free_q == '1 && !done_valid_q;
  assign done_valid_o = done_valid_q;
  assign done_o = done_q;
  assign fetch_valid_o = fetch_valid_q;
  assign fetch_context_o = fetch_context_q;
  assign fetch_queue_o = fetch_queue_q;
  assign fetch_space_o = fetch_space_q;
  assign fetch_addr_o = fetch_addr_q;
  assign check_start_o = check_start_q;
  assign check_context_o = check_context_q;
  assign check_kernel_o = check_kernel_q;
  assign begin_o = begin_q;
  assign begin_context_o = check_context_q;
  assign begin_kernel_o = check_kernel_q;
  assign begin_mask_o = begin_mask_q;
  assign begin_last_x_o = last_x_q;
  assign begin_last_y_o = last_y_q;
  assign stop_o = aborted_q & run_q;

  `CHECK(ReportExpected, (fetched_i & ~wait_q) == '0)
endmodule
