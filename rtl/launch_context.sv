// One LAUNCH in flight: its steps, and the walk over its work-groups.
//
//   Free ─accept─► Fetch ─taken─► Wait ─fetched─► Check ─taken─► Checking ─ok─► Run ─no group left, none running─► Done
//                    └──────────────┴── error or abort ────┴─────────┴─────────────────────────────────────────────►┘
//
// Groups go x first, then y. Groups outside the output matrix, and those with z > 0, do nothing in any kernel: they are
// left out here, so that a huge grid over a small matrix costs nothing.
// Promises: exactly one `done` for each accepted command, when no read and no group of it is in flight. An abort lets no
// further group start; a command with anything left out reports ABORTED.
module launch_context
  import doorbell_pkg::*;
  import seams_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    // Command processor.
    output logic        free_o,
    input  logic        accept_i,
    input  launch_cmd_t cmd_i,
    input  logic        abort_valid_i,
    input  abort_t      abort_i,

    // Fetch and check of the arguments.
    output logic        wants_fetch_o,
    input  logic        fetch_taken_i,
    output space_e      args_space_o,
    output logic [63:0] args_addr_o,
    input  logic        fetched_i,
    input  error_e      fetched_code_i,
    output logic        wants_check_o,
    input  logic        check_taken_i,
    output kernel_e     kernel_o,
    input  logic        checked_i,
    input  error_e      checked_code_i,
    input  logic [63:0] checked_addr_i,
    input  logic [11:0] last_tile_x_i,
    input  logic [11:0] last_tile_y_i,

    // Units.
    output logic [UNITS-1:0] wants_units_o,  // units that may take the next group; 0: no group waits
    output group_t           group_o,
    input  logic             group_taken_i,
    input  logic             running_i,      // some unit runs a group of this launch
    output logic             aborted_o,      // ... and has to stop

    output logic  done_valid_o,
    input  logic  done_taken_i,
    output done_t done_o
);
  typedef enum logic [2:0] {
    ContextFree,
    ContextFetch,     // waits for launch_fetch
    ContextWait,      // the read is on its way
    ContextCheck,     // waits for launch_arguments
    ContextChecking,
    ContextRun,
    ContextDone       // waits for the done port
  } state_e;

  state_e      state_q;
  launch_cmd_t cmd_q;
  logic        aborted_q;
  logic        groups_left_q;
  logic [11:0] last_x_q;
  logic [11:0] last_y_q;
  logic [11:0] x_q;
  logic [11:0] y_q;
  error_e      code_q;
  logic [63:0] addr_q;

  logic        unused_grid_z;
  logic        abort_hit;   // the command in flight, or the one that is accepted in this cycle
  logic        aborted;

  function automatic logic hits(input abort_t abort, input owner_t owner);
    return abort.owner.queue == owner.queue && (abort.whole || abort.owner.slot == owner.slot);
  endfunction

  // The last index that both grid (1..65536) and matrix have.
  function automatic logic [11:0] last_index(input logic [16:0] grid, input logic [11:0] tile);
    return (grid > 17'(tile)) ? tile : 12'(grid - 17'd1);
  endfunction

  assign unused_grid_z = ^cmd_q.grid_z;  // at least 1, and only z = 0 does anything
  assign abort_hit = abort_valid_i && hits(abort_i, accept_i ? cmd_i.owner : cmd_q.owner);
  assign aborted = abort_hit || (aborted_q && state_q != ContextFree);

  always_ff @(posedge clk_i) begin
    aborted_q <= aborted;
    unique case (state_q)
      ContextFree: begin
        if (accept_i) begin
          cmd_q   <= cmd_i;
          code_q  <= ERROR_NONE;
          addr_q  <= '0;
          x_q     <= '0;
          y_q     <= '0;
          state_q <= ContextFetch;
        end
      end
      ContextFetch: begin
        if (fetch_taken_i) state_q <= ContextWait;
        else if (aborted) finish(ERROR_ABORTED, '0);
      end
      ContextWait: begin
        if (fetched_i) begin
          if (aborted) finish(ERROR_ABORTED, '0);
          else if (fetched_code_i != ERROR_NONE) finish(fetched_code_i, cmd_q.args_addr);
          else state_q <= ContextCheck;
        end
      end
      ContextCheck: begin
        if (check_taken_i) state_q <= ContextChecking;
        else if (aborted) finish(ERROR_ABORTED, '0);
      end
      ContextChecking: begin
        if (checked_i) begin
          last_x_q <= last_index(cmd_q.grid_x, last_tile_x_i);
          last_y_q <= last_index(cmd_q.grid_y, last_tile_y_i);
          groups_left_q <= 1'b1;
          if (aborted) finish(ERROR_ABORTED, '0);
          else if (checked_code_i != ERROR_NONE) finish(checked_code_i, checked_addr_i);
          else state_q <= ContextRun;
        end
      end
      ContextRun: begin
        if (group_taken_i) begin
          x_q <= (x_q == last_x_q) ? '0 : x_q + 1'b1;
          if (x_q == last_x_q) begin
            y_q <= y_q + 1'b1;
            groups_left_q <= y_q != last_y_q;
          end
        end else if (!running_i && (aborted || !groups_left_q)) begin
          finish(aborted_q || groups_left_q ? ERROR_ABORTED : ERROR_NONE, '0);
        end
      end
      default: if (done_taken_i) state_q <= ContextFree;
    endcase
    if (rst_i) begin
      state_q   <= ContextFree;
      aborted_q <= 1'b0;
    end
  end

  // Ends the command; only called from the process above.
  task automatic finish(input error_e code, input logic [63:0] addr);
    code_q  <= code;
    addr_q  <= addr;
    state_q <= ContextDone;
  endtask

  assign free_o = state_q == ContextFree;
  assign wants_fetch_o = state_q == ContextFetch && !aborted_q;
  assign args_space_o = cmd_q.args_space;
  assign args_addr_o = cmd_q.args_addr;
  assign wants_check_o = state_q == ContextCheck && !aborted_q;
  assign kernel_o = cmd_q.kernel;
  assign wants_units_o =
      (state_q == ContextRun && groups_left_q && !aborted_q) ? cmd_q.unit_mask : '0;
  assign group_o = '{kernel: cmd_q.kernel, x: 16'(x_q), y: 16'(y_q), z: '0};
  assign aborted_o = aborted_q;
  assign done_valid_o = state_q == ContextDone;
  assign done_o = '{owner: cmd_q.owner, code: code_q, addr: addr_q};
endmodule
