// Checks the next packet of each queue and keeps the little that its start needs: the head.
//
//   queues without head ──► round-robin ──► packet RAM ──► check_packet ──┬─► head[queue]
//                                                                         └─► failure
//
// One packet a cycle. Where a ring read failed or a doorbell was refused there is no packet: that place fails as soon as
// every packet before it has started. Nothing of a packet has an effect before it is checked whole (CP-PKT-001).
module cp_decode
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
  import cp_check_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input load_t   load_i,
    input queues_t run_i,      // may check and start packets
    input marks_t  started_i,

    // Landed packets, failed reads, refused doorbells.
    input marks_t       got_i,
    input queues_t      caught_up_i,             // put == get == started
    input queues_t      fetch_failed_i,
    input marks_t       fetch_mark_i,
    input read_status_e fetch_status_i [QUEUES],
    input logic  [63:0] fetch_address_i[QUEUES],
    input queues_t      refused_i,
    input queues_t      refused_full_i,

    output logic   check_valid_o,  // to the packet RAM
    output place_t check_place_o,
    input  line_t  check_line_i,

    output queues_t  head_valid_o,
    output heads_t   head_o,
    input  logic     take_valid_i,  // the head starts
    input  queue_t   take_queue_i,
    output queues_t  busy_o,
    output failure_t failure_o
);
  queues_t at_failed_read;
  queues_t at_refusal;
  queues_t wanted;
  queue_t next;

  logic valid_q;
  queue_t queue_q;
  mark_t mark_q;
  error_e substitute_q;  // error in place of a packet
  logic [63:0] address_q;  // of its failed read, else 0

  assign busy_o = one_hot(valid_q, queue_q);
  assign at_refusal = refused_i & caught_up_i;

  always_comb begin
    at_failed_read = '0;
    if (fetch_failed_i != '0) at_failed_read = fetch_failed_i & ~differ(fetch_mark_i, started_i);
    wanted = run_i & ~head_valid_o & ~busy_o &
        (differ(started_i, got_i) | at_failed_read | at_refusal);
    next = '0;
    if (wanted != '0) next = next_of(wanted, queue_q);
    check_valid_o = wanted != '0;
    check_place_o = {next, started_i[next][PlaceBits-1:0]};
  end

  always_ff @(posedge clk_i) begin
    valid_q <= wanted != '0;
    if (wanted != '0) begin
      queue_q <= next;
      mark_q <= started_i[next];
      substitute_q <= ERROR_NONE;
      address_q <= '0;
      if (at_failed_read[next]) begin
        substitute_q <= fetch_code(fetch_status_i[next]);
        address_q <= fetch_address_i[next];
      end else if (at_refusal[next]) begin
        substitute_q <= refused_full_i[next] ? ERROR_DOORBELL_OVERFLOW : ERROR_DOORBELL_BACKWARDS;
      end
    end

    failure_o.valid <= 1'b0;
    if (take_valid_i) head_valid_o[take_queue_i] <= 1'b0;
    if (valid_q) begin
      verdict_t verdict;
      verdict = '{code: substitute_q, address: address_q};
      if (substitute_q == ERROR_NONE) verdict = check_packet(check_line_i);
      if (verdict.code == ERROR_NONE) begin
        head_valid_o[queue_q] <= 1'b1;
        head_o[queue_q] <= head_of(check_line_i);
      end else begin
        failure_o <= '{
            valid: 1'b1,
            queue: queue_q,
            mark: mark_q,
            code: verdict.code,
            address: verdict.address
        };
      end
    end
    if (load_i.valid) head_valid_o[load_i.queue] <= 1'b0;
    if (rst_i) begin
      valid_q <= 1'b0;
      queue_q <= '0;
      head_valid_o <= '0;
      failure_o.valid <= 1'b0;
    end
  end

  function automatic error_e fetch_code(read_status_e status);
    unique case (status)
      ReadUr: return ERROR_FETCH_UR;
      ReadCa: return ERROR_FETCH_CA;
      ReadTimeout: return ERROR_FETCH_TIMEOUT;
      ReadPoisoned: return ERROR_FETCH_POISONED;
      default: return ERROR_FETCH_MALFORMED;
    endcase
  endfunction

  function automatic head_t head_of(line_t line);
    signal_packet_t p;
    p = line;
    head_of = '{
        cls: ClassLight,
        barrier: (p.flags & FLAG_BARRIER) != '0,
        has_record: (p.flags & FLAG_RECORD) != '0,
        has_signal: p.opcode == OPCODE_SIGNAL,
        signal_host: p.opcode == OPCODE_SIGNAL && is_write8(p) && p.destination_space == SPACE_HOST
    };
    unique case (p.opcode)
      OPCODE_COPY, OPCODE_FILL, OPCODE_WRITE: head_of.cls = ClassDma;
      OPCODE_LAUNCH: head_of.cls = ClassLaunch;
      OPCODE_WAIT: head_of.cls = ClassWait;
      default: ;
    endcase
  endfunction
endmodule
