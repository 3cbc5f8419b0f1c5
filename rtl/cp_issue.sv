// Starts heads: counts them into the window and hands the command to whoever performs it.
//
//   heads ──► cp_arbiter ──► packet RAM ──┬─► DMA command
//              (start)        (operands)  ├─► launch command
//                                         └─► WAIT, to cp_wait
//
// A queue's head may start when the queue runs, the window has room, its BARRIER is satisfied, no WAIT is open
// (CP-START-001 to 005), and the port it needs is free at the far end, so a command never waits here while holding a
// port that another queue could use. NOP and SIGNAL only enter the window.
module cp_issue
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input queues_t                   run_i,
    input queues_t                   head_valid_i,
    input heads_t                    head_i,
    input queues_t                   waiting_i,     // behind a WAIT
    input marks_t                    started_i,
    input marks_t                    retired_i,
    input logic    [QUEUES-1:0][7:0] weight_i,

    // A head starts.
    output logic   start_valid_o,
    output queue_t start_queue_o,
    output place_t start_place_o,
    input  line_t  start_line_i,   // in the next cycle
    output queues_t busy_o,        // started, not yet handed over

    // Operands of a WAIT that has just started.
    output logic         wait_valid_o,
    output queue_t       wait_queue_o,
    output wait_packet_t wait_packet_o,

    output logic        dma_valid_o,
    input  logic        dma_ready_i,
    output dma_cmd_t    dma_cmd_o,
    output logic        launch_valid_o,
    input  logic        launch_ready_i,
    output launch_cmd_t launch_cmd_o
);
  queues_t ready;
  logic dma_free;
  logic launch_free;

  logic valid_q;  // started in the last cycle; its line is here now
  class_e class_q;
  owner_t owner_q;

  always_comb begin
    ready = head_valid_i & run_i & ~waiting_i;
    if (ready != '0) begin
      for (int unsigned q = 0; q < QUEUES; q++) begin
        automatic mark_t held = started_i[q] - retired_i[q];
        if (held == mark_t'(WINDOW) || (head_i[q].barrier && held != '0)) ready[q] = 1'b0;
      end
    end
    dma_free = dma_ready_i && !dma_valid_o && !(valid_q && class_q == ClassDma);
    launch_free = launch_ready_i && !launch_valid_o && !(valid_q && class_q == ClassLaunch);
  end

  cp_arbiter u_arbiter (
      .clk_i,
      .rst_i,
      .ready_i(ready),
      .head_i,
      .dma_free_i(dma_free),
      .launch_free_i(launch_free),
      .weight_i,
      .valid_o(start_valid_o),
      .queue_o(start_queue_o)
  );

  always_comb begin
    start_place_o = {start_queue_o, started_i[start_queue_o][PlaceBits-1:0]};
    wait_valid_o = valid_q && class_q == ClassWait;
    wait_queue_o = owner_q.queue;
    wait_packet_o = start_line_i;
    busy_o = '0;
    if (valid_q) busy_o[owner_q.queue] = 1'b1;
    if (dma_valid_o) busy_o[dma_cmd_o.owner.queue] = 1'b1;
    if (launch_valid_o) busy_o[launch_cmd_o.owner.queue] = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    valid_q <= start_valid_o;
    if (start_valid_o) begin
      class_q <= head_i[start_queue_o].cls;
      owner_q <= '{queue: start_queue_o, slot: started_i[start_queue_o][SlotBits-1:0]};
    end
    if (dma_ready_i) dma_valid_o <= 1'b0;
    if (valid_q && class_q == ClassDma) begin
      dma_valid_o <= 1'b1;
      dma_cmd_o   <= dma_command(owner_q, start_line_i);
    end
    if (launch_ready_i) launch_valid_o <= 1'b0;
    if (valid_q && class_q == ClassLaunch) begin
      launch_valid_o <= 1'b1;
      launch_cmd_o   <= launch_command(owner_q, start_line_i);
    end
    if (rst_i) begin
      valid_q <= 1'b0;
      dma_valid_o <= 1'b0;
      launch_valid_o <= 1'b0;
    end
  end

  function automatic dma_cmd_t dma_command(owner_t owner, line_t line);
    copy_packet_t  copy;
    fill_packet_t  fill;
    write_packet_t write;
    copy  = line;
    fill  = line;
    write = line;
    unique case (copy.opcode)
      OPCODE_FILL:
      return
      '{
          owner: owner,
          source: SourcePattern,
          dst_space: space_e'(fill.destination_space),
          src_addr: '0,
          dst_addr: fill.destination,
          length: fill.length,
          inline_data: 192'(fill.pattern)
      }
      ;
      OPCODE_WRITE:
      return
      '{
          owner: owner,
          source: SourceInline,
          dst_space: space_e'(write.destination_space),
          src_addr: '0,
          dst_addr: write.destination,
          length: write.length,
          inline_data: write.data
      }
      ;
      default:
      return
      '{
          owner: owner,
          source: (copy.source_space == SPACE_HOST) ? SourceHost : SourceDevice,
          dst_space: space_e'(copy.destination_space),
          src_addr: copy.source,
          dst_addr: copy.destination,
          length: copy.length,
          inline_data: '0
      }
      ;
    endcase
  endfunction

  function automatic launch_cmd_t launch_command(owner_t owner, line_t line);
    launch_packet_t p;
    p = line;
    return
    '{
        owner: owner,
        kernel: kernel_e'(p.kernel),
        unit_mask: p.unit_mask[UNITS-1:0],
        args_space: space_e'(p.arguments_space),
        args_addr: p.arguments,
        grid_x: p.grid_x[16:0],
        grid_y: p.grid_y[16:0],
        grid_z: p.grid_z[16:0]
    }
    ;
  endfunction
endmodule
