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

    input load_t   load_i,
    input queues_t live_i,     // others ignore failures
    input marks_t  retired_i,

    input failure_t check_i,
    input failure_t wait_i,
    input failure_t watchdog_i,
    input logic     dma_done_valid_i,
    input done_t    dma_done_i,
    input logic     launch_done_valid_i,
    input done_t    launch_done_i,

    output queues_t        failed_o,
    output queues_t        stopping_o,          // everything before the failure has retired
    output marks_t         mark_o,
    output error_e         code_o    [QUEUES],
    output logic    [63:0] address_o [QUEUES]
);
  localparam int unsigned Sources = 5;
  logic [Sources-1:0] valid;
  logic [Sources-1:0] wins;
  failure_t source[Sources];

  assign valid = {
    launch_done_valid_i && launch_done_i.code != ERROR_NONE,
    dma_done_valid_i && dma_done_i.code != ERROR_NONE,
    watchdog_i.valid,
    wait_i.valid,
    check_i.valid
  };

  function automatic failure_t of_done(done_t done);
    return
    '{
        valid: 1'b1,
        queue: done.owner.queue,
        mark: slot_mark(done.owner.slot, retired_i[done.owner.queue]),
        code: done.code,
        address: done.addr
    }
    ;
  endfunction

  // Behind the oldest started command.
  function automatic mark_t ahead(mark_t mark, queue_t queue);
    return mark - retired_i[queue];
  endfunction

  always_comb begin
    for (int unsigned s = 0; s < Sources; s++) source[s] = '0;
    wins = '0;
    if (valid != '0) begin
      source[0] = check_i;
      source[1] = wait_i;
      source[2] = watchdog_i;
      source[3] = of_done(dma_done_i);
      source[4] = of_done(launch_done_i);
      for (int unsigned s = 0; s < Sources; s++) begin
        automatic queue_t q = source[s].queue;
        automatic mark_t place =  ahead(source[s].mark, q);
        wins[s] = valid[s] && live_i[q] && (!failed_o[q] || place < ahead(mark_o[q], q));
        // Two of one queue in one cycle; of one command the first source counts.
        for (int unsigned t = 0; t < Sources; t++) begin
          if (t != s && valid[t] && source[t].queue == q && (t < s ? ahead(
                  source[t].mark, q
              ) <= place : ahead(
                  source[t].mark, q
              ) < place)) begin
            wins[s] = 1'b0;
          end
        end
      end
    end
  end

  assign stopping_o = (failed_o == '0) ? '0 : (failed_o & ~differ(mark_o, retired_i));

  always_ff @(posedge clk_i) begin
    for (int unsigned s = 0; s < Sources; s++) begin
      if (wins[s]) begin
        failed_o[source[s].queue] <= 1'b1;
        mark_o[source[s].queue] <= source[s].mark;
        code_o[source[s].queue] <= source[s].code;
        address_o[source[s].queue] <= source[s].address;
      end
    end
    if (load_i.valid) failed_o[load_i.queue] <= 1'b0;
    if (rst_i) failed_o <= '0;
  end
endmodule
