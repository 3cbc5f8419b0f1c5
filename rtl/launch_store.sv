// Argument blocks of the launches in flight, 64 bytes a context.
//
//   HOST beat ─────┐                    ┌─► line_o       one block, for the check
//   DEVICE answer ─┴─► block[context] ──┴─► unit_args_o  a copy for each unit, stable until its next one
//
// Wide data moves only when something lands or is copied. A copy asked for in one cycle is there in the next.
// Not modelled: ports of a memory macro.
module launch_store
  import doorbell_pkg::*;
  import seams_pkg::*;
#(
    parameter int unsigned Contexts = 4,
    localparam int unsigned ContextBits = $clog2(Contexts)
) (
    input logic clk_i,

    // A whole block from HOST.
    input logic                   host_valid_i,
    input logic [ContextBits-1:0] host_context_i,
    input line_t                  host_data_i,

    // A whole block from DEVICE.
    input logic                   device_valid_i,
    input logic [ContextBits-1:0] device_context_i,
    input line_t                  device_data_i,

    // For the check.
    input  logic                   show_i,
    input  logic [ContextBits-1:0] show_context_i,
    output line_t                  line_o,

    // For the units.
    input  logic  [      UNITS-1:0] give_i,
    input  logic  [ContextBits-1:0] give_context_i,
    output line_t                   unit_args_o   [UNITS]
);
  line_t blocks[Contexts];

  always_ff @(posedge clk_i) begin
    if (host_valid_i) blocks[host_context_i] <= host_data_i;
    if (device_valid_i) blocks[device_context_i] <= device_data_i;
    if (show_i) line_o <= blocks[show_context_i];
    for (int unsigned u = 0; u < UNITS; u++) begin
      if (give_i[u]) unit_args_o[u] <= blocks[give_context_i];
    end
  end
endmodule
