// Which failure of a queue counts: the one of the lowest position.
//
//   packet check, DMA, launch, WAIT, watchdog ──► compare positions ──► failure[queue]
//
// Commands report out of order, so a failure that comes later may replace one that came earlier. Once any is known the
// queue starts nothing more; all earlier commands finish and retire; then the queue halts with what is kept here.
module cp_failure
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input queues_t load_i,
    input queues_t live_i,            // others ignore failures
    input mark_t   retired_i[QUEUES],

    input failure_t check_i,
    input failure_t wait_i,
    input failure_t watchdog_i,
    input logic     dma_done_valid_i,
    input done_t    dma_done_i,
    input logic     launch_done_valid_i,
    input done_t    launch_done_i,

    output queues_t        failed_o,
    output queues_t        stopping_o,          // everything before the failure has retired
    output mark_t          mark_o    [QUEUES],
    output error_e         code_o    [QUEUES],
    output logic    [63:0] address_o [QUEUES]
);
  localparam int unsigned Sources = 5;
  failure_t source[Sources];
  logic any;

  function automatic failure_t of_done(logic valid, done_t done, mark_t retired);
    of_done = '0;
    if (valid && done.code != ERROR_NONE) begin
      of_done = '{
          valid: 1'b1,
          queue: done.owner.queue,
          mark: slot_mark(done.owner.slot, retired),
          code: done.code,
          address: done.addr
      };
    end
  endfunction

  assign source[0] = check_i;
  assign source[1] = wait_i;
  assign source[2] = watchdog_i;
  assign source[3] = of_done(dma_done_valid_i, dma_done_i, retired_i[dma_done_i.owner.queue]);
  assign source[4] = of_done(
      launch_done_valid_i, launch_done_i, retired_i[launch_done_i.owner.queue]
  );

  always_comb begin
    any = 1'b0;
    for (int unsigned s = 0; s < Sources; s++) any |= source[s].valid;
    for (int unsigned q = 0; q < QUEUES; q++)
    stopping_o[q] = failed_o[q] && mark_o[q] == retired_i[q];
  end

  for (genvar q = 0; q < QUEUES; q++) begin : g_queue
    always_ff @(posedge clk_i) begin
      if (any && live_i[q]) begin
        logic found;
        mark_t lowest;
        found  = failed_o[q];
        lowest = mark_o[q];
        for (int unsigned s = 0; s < Sources; s++) begin
          if (source[s].valid && source[s].queue == queue_t'(q)
              && (!found || mark_t'(source[s].mark - retired_i[q]) < mark_t'(lowest - retired_i[q]))) begin
            found  = 1'b1;
            lowest = source[s].mark;
            mark_o[q] <= source[s].mark;
            code_o[q] <= source[s].code;
            address_o[q] <= source[s].address;
          end
        end
        failed_o[q] <= found;
      end
      if (rst_i || load_i[q]) failed_o[q] <= 1'b0;
    end
  end
endmodule
