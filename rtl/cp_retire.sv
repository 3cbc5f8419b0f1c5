// The upstream engine: what queues owe the host, one visit at a time, round-robin over the queues.
//
//   heads done, get due, failures ──► choose ──► packet RAM ──► act ──┬─► HOST write ──► (accepted)
//                                                                     ├─► semaphore ───► (done)
//                                                                     ├─► DEVICE write ► (accepted)
//                                                                     └─► interrupt event
//
// A command's signal is one visit; its record, interrupt and retirement another. Each effect waits for the acceptance of
// the one before: data -> signal -> record -> interrupt (CP-RETIRE-002). A visit is begun only when the port it needs is
// free, so a stalled link holds up nobody who does not write to it; a queue has one visit at a time.
// A record's timestamp is taken when its write is made: after that the write no longer changes.
module cp_retire
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic [63:0] cycles_i,

    // What the queues want.
    input load_t          load_i,
    input queues_t        live_i,
    input queues_t        head_done_i,
    input queues_t        head_record_i,
    input queues_t        head_signal_i,
    input queues_t        head_signal_host_i,
    input queues_t        stopping_i,                  // the head's place is the failure
    input queues_t        halt_i,                      // and nothing of the queue is left
    input queues_t        due_i,                       // write-back of get
    input marks_t         retired_i,
    input logic    [63:0] get_i              [QUEUES],

    input logic    [63:0] writeback_i        [QUEUES],
    input queues_t        error_record_on_i,
    input logic    [63:0] error_record_i     [QUEUES],
    input queues_t        error_vector_on_i,
    input logic    [15:0] error_vector_i     [QUEUES],

    output logic          retire_valid_o,  // to the packet RAM
    output place_t        retire_place_o,
    input  line_t         retire_line_i,   // in the next cycle
    output logic          compose_o,       // make the error record of this queue
    output queue_t        compose_queue_o,
    input  error_record_t composed_i,      // in the next cycle

    // HOST writes.
    output logic            host_load_o,
    output purpose_t        host_purpose_o,
    output logic     [63:0] host_addr_o,
    output logic     [ 6:0] host_len_o,
    output line_t           host_data_o,
    input  logic            host_free_i,
    input  logic            host_accepted_i,
    input  purpose_t        host_purpose_i,

    // Signals that stay in the device.
    output logic     sem_valid_o,
    input  logic     sem_ready_i,
    output sem_req_t sem_o,
    input  logic     sem_done_i,

    output logic                   mem_valid_o,
    input  logic                   mem_ready_i,
    output logic [MemAddrBits-1:0] mem_addr_o,
    output logic [           63:0] mem_data_o,

    output logic    irq_valid_o,
    output vector_t irq_vector_o,

    // Results, one-cycle pulses.
    output queues_t       retire_o,
    output logic    [1:0] retire_count_o,
    output queues_t       halted_o,
    output queues_t       written_o,       // get written back
    output queues_t       busy_o           // visit under way
);
  // Choice.
  queues_t wanted;
  queues_t signals;
  queues_t needs_host;
  queues_t needs_local;
  logic local_busy_q;  // a semaphore or DEVICE signal is under way
  queue_t local_queue_q;
  queues_t signalled_q;  // the head's signal has acted
  logic choose;
  queue_t next;

  // The visit that acts now.
  logic valid_q;
  queue_t queue_q;
  visit_e visit_q;
  logic host_q;  // ends in a HOST write
  logic composed_q;
  logic step;  // it acts, and leaves
  packet_t packet;
  logic has_event;
  vector_t vector;

  // For all queues at once; due goes first, then halt, then the head's signal, then the rest of it.
  assign signals = head_signal_i & ~signalled_q;
  assign needs_host = due_i | (halt_i & error_record_on_i)
      | (~halt_i & ((signals & head_signal_host_i) | (~signals & head_record_i)));
  assign needs_local = ~due_i & ~halt_i & signals & ~head_signal_host_i;

  always_comb begin
    wanted = live_i & ~busy_o & (due_i | halt_i | (head_done_i & ~stopping_i));
    if (!host_free_i || (valid_q && host_q)) wanted &= ~needs_host;
    if (local_busy_q || (valid_q && visit_q == VisitSignal)) wanted &= ~needs_local;
    choose = wanted != '0 && (!valid_q || step);
    next   = '0;
    if (choose) next = next_of(wanted, queue_q);
    retire_valid_o = choose;
    retire_place_o = {next, retired_i[next][PlaceBits-1:0]};
  end

  // The acting visit's event, when no HOST write comes before it, gives way to that of an accepted write.
  always_comb begin
    packet = retire_line_i;
    has_event = 1'b0;
    vector = packet.vector[VectorBits-1:0];
    if (valid_q && visit_q == VisitFinal) begin
      has_event = (packet.flags & FLAG_INTERRUPT) != '0;
    end else if (valid_q && visit_q == VisitHalt) begin
      has_event = error_vector_on_i[queue_q];
      vector = error_vector_i[queue_q][VectorBits-1:0];
    end
    compose_o = valid_q && visit_q == VisitHalt && !composed_q;
    compose_queue_o = queue_q;
    step = valid_q && !compose_o
        && !(has_event && !host_q && host_accepted_i && host_purpose_i.has_event);
  end

  // HOST write of the acting visit.
  always_comb begin
    signal_packet_t signal;
    signal = retire_line_i;
    host_load_o = step && host_q;
    host_purpose_o = '0;
    host_addr_o = '0;
    host_len_o = '0;
    host_data_o = '0;
    if (host_load_o) begin
      host_purpose_o = '{
          visit: visit_q,
          queue: queue_q,
          mark: get_i[queue_q][MarkBits-1:0],
          has_event: has_event,
          vector: vector
      };
      unique case (visit_q)
        VisitSignal: begin
          host_addr_o = signal.destination;
          host_len_o  = 7'd8;
          host_data_o = 512'(signal.value);
        end
        VisitFinal: begin
          host_addr_o = packet.record_address;
          host_len_o  = 7'(RECORD_BYTES);
          host_data_o = 512'({packet.record_value, cycles_i});
        end
        VisitWriteBack: begin
          host_addr_o = writeback_i[queue_q];
          host_len_o  = 7'd8;
          host_data_o = 512'(get_i[queue_q]);
        end
        VisitHalt: begin
          host_addr_o = error_record_i[queue_q];
          host_len_o  = 7'(ERROR_RECORD_BYTES);
          host_data_o = composed_i;
        end
      endcase
    end
  end

  // Results: of the acting visit when it needs no port, of the accepted HOST write, of the local signal.
  logic local_done;
  assign local_done = local_busy_q && (sem_done_i || (mem_valid_o && mem_ready_i));

  always_comb begin
    retire_o = '0;
    halted_o = '0;
    written_o = '0;
    retire_count_o = '0;
    if (step && !host_q) begin
      if (visit_q == VisitFinal) retire_o[queue_q] = 1'b1;
      if (visit_q == VisitHalt) halted_o[queue_q] = 1'b1;
      retire_count_o = 2'(visit_q == VisitFinal);
    end
    if (host_accepted_i) begin
      unique case (host_purpose_i.visit)
        VisitFinal: begin
          retire_o[host_purpose_i.queue] = 1'b1;
          retire_count_o += 2'd1;
        end
        VisitHalt: halted_o[host_purpose_i.queue] = 1'b1;
        VisitWriteBack: written_o[host_purpose_i.queue] = 1'b1;
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    signalled_q <= signalled_q & ~retire_o & ~one_hot(load_i.valid, load_i.queue);
    composed_q  <= compose_o || (composed_q && !step);
    if (!valid_q || step) valid_q <= choose;
    if (choose) begin
      queue_q <= next;
      visit_q <= visit_of(next);
      host_q <= needs_host[next];
      busy_o[next] <= 1'b1;
    end

    if (step && !host_q && visit_q != VisitSignal) busy_o[queue_q] <= 1'b0;
    if (host_accepted_i) begin
      busy_o[host_purpose_i.queue] <= 1'b0;
      if (host_purpose_i.visit == VisitSignal) signalled_q[host_purpose_i.queue] <= 1'b1;
    end
    if (local_done) begin
      busy_o[local_queue_q] <= 1'b0;
      signalled_q[local_queue_q] <= 1'b1;
      local_busy_q <= 1'b0;
    end

    if (sem_ready_i) sem_valid_o <= 1'b0;
    if (mem_ready_i) mem_valid_o <= 1'b0;
    if (step && !host_q && visit_q == VisitSignal) begin
      signal_packet_t signal;
      signal = retire_line_i;
      local_busy_q  <= 1'b1;
      local_queue_q <= queue_q;
      if (signal.mode == SIGNAL_MODE_WRITE8) begin
        mem_valid_o <= 1'b1;
        mem_addr_o  <= signal.destination[MemAddrBits-1:0];
        mem_data_o  <= signal.value;
      end else begin
        sem_valid_o <= 1'b1;
        sem_o <= '{
            op: (signal.mode == SIGNAL_MODE_SEMAPHORE_ADD) ? SemAdd : SemSet,
            index: signal.semaphore[SemBits-1:0],
            condition: WAIT_CONDITION_GE,
            value: signal.value,
            value2: '0
        };
      end
    end

    irq_valid_o <= 1'b0;
    if (host_accepted_i && host_purpose_i.has_event) begin
      irq_valid_o  <= 1'b1;
      irq_vector_o <= host_purpose_i.vector;
    end else if (step && !host_q && has_event) begin
      irq_valid_o  <= 1'b1;
      irq_vector_o <= vector;
    end

    if (rst_i) begin
      valid_q <= 1'b0;
      queue_q <= '0;
      composed_q <= 1'b0;
      busy_o <= '0;
      signalled_q <= '0;
      local_busy_q <= 1'b0;
      sem_valid_o <= 1'b0;
      mem_valid_o <= 1'b0;
      irq_valid_o <= 1'b0;
    end
  end

  function automatic visit_e visit_of(queue_t q);
    if (due_i[q]) return VisitWriteBack;
    if (halt_i[q]) return VisitHalt;
    if (signals[q]) return VisitSignal;
    return VisitFinal;
  endfunction
endmodule
