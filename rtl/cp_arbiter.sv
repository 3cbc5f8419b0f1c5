// Which queue starts its head now: at most one start a cycle.
//
//   heads that need nothing shared ──► wrr ─┐
//   heads that need the DMA engine ──► wrr ─┼─ candidates ──► wrr ──► start
//   heads that need the dispatcher ──► wrr ─┘
//
// One weighted round-robin decides between queues; each shared resource keeps a turn of its own, so that a queue which
// waits for a busy resource is not overtaken for ever by one that happens to stand at the front whenever the resource
// is free. A busy resource takes its queues out of the choice and delays nobody else (CP-ARB-003).
module cp_arbiter
  import doorbell_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input queues_t                   ready_i,        // head valid, window, barrier, WAIT and state allow its start
    input heads_t                    head_i,
    input logic                      dma_free_i,
    input logic                      launch_free_i,
    input logic    [QUEUES-1:0][7:0] weight_i,

    output logic   valid_o,
    output queue_t queue_o
);
  typedef enum logic [1:0] {
    PortNone,
    PortDma,
    PortLaunch
  } port_e;
  localparam int unsigned Ports = 3;

  queues_t request[Ports];
  queue_t winner[Ports];
  logic [Ports-1:0] take;
  queues_t candidates;

  function automatic port_e port_of(class_e cls);
    unique case (cls)
      ClassDma: return PortDma;
      ClassLaunch: return PortLaunch;
      default: return PortNone;
    endcase
  endfunction

  always_comb begin
    for (int unsigned p = 0; p < Ports; p++) request[p] = '0;
    if (ready_i != '0) begin
      for (int unsigned q = 0; q < QUEUES; q++) begin
        automatic port_e port = port_of(head_i[q].cls);
        if (ready_i[q]) request[port][q] = 1'b1;
      end
      if (!dma_free_i) request[PortDma] = '0;
      if (!launch_free_i) request[PortLaunch] = '0;
    end
  end

  for (genvar p = 0; p < Ports; p++) begin : g_port
    cp_wrr u_wrr (
        .clk_i,
        .rst_i,
        .request_i(request[p]),
        .weight_i,
        .grant_o  (winner[p]),
        .advance_i(take[p])
    );
  end

  always_comb begin
    candidates = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (request[p] != '0) candidates[winner[p]] = 1'b1;
    end
  end

  cp_wrr u_wrr (
      .clk_i,
      .rst_i,
      .request_i(candidates),
      .weight_i,
      .grant_o  (queue_o),
      .advance_i(valid_o)
  );

  always_comb begin
    valid_o = candidates != '0;
    take = '0;
    if (valid_o) take[port_of(head_i[queue_o].cls)] = 1'b1;
  end
endmodule
