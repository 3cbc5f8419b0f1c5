// The QUEUE register blocks, except the ERROR mirror (cp_error): configuration, control pulses, status.
//
//   register bus ──► decode ──► configuration[8] ──► fetch, write-back, errors, arbitration
//                       └─────► enable / drain / reset pulses ──► cp_queue_state
//
// A request is answered in the next cycle, whatever is reset meanwhile. RING_BASE, RING_LOG2, START, WRITEBACK, ERROR_RECORD and ERROR_VECTOR keep
// their values unless the queue is DISABLED (CP-CFG-001); such a write, like one to a read-only register, changes
// nothing and is no error (DEV-REG-005). Several control bits in one write: the highest acts (CP-STATE-003).
// After rst_i a queue's registers take their reset values when the queue loads, within 8 cycles.
module cp_queue_regs
  import doorbell_pkg::*;
  import seams_pkg::*;
  import cp_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input  logic     req_valid_i,
    input  reg_req_t req_i,
    output logic     rsp_valid_o,
    output reg_rsp_t rsp_o,

    // What the queues are doing.
    input load_t          load_i,
    input queues_t        running_i,
    input queues_t        draining_i,
    input queues_t        halted_i,
    input queues_t        idle_i,
    input queues_t        resetting_i,
    input marks_t         retired_i,
    input logic    [63:0] put_i      [QUEUES],
    input logic    [63:0] get_i      [QUEUES],

    // Control, one-cycle pulses.
    output queues_t enable_o,
    output queues_t drain_o,
    output queues_t reset_o,

    // Configuration.
    output logic    [      63:0]      ring_base_o      [QUEUES],
    output logic    [QUEUES-1:0][4:0] ring_log2_o,
    output logic    [      63:0]      start_o          [QUEUES],
    output queues_t                   writeback_on_o,
    output logic    [      63:0]      writeback_o      [QUEUES],
    output queues_t                   error_record_on_o,
    output logic    [      63:0]      error_record_o   [QUEUES],
    output queues_t                   error_vector_on_o,          // enabled, below the vector count
    output logic    [      15:0]      error_vector_o   [QUEUES],
    output logic    [      63:0]      wait_limit_o     [QUEUES],
    output logic    [      63:0]      watchdog_limit_o [QUEUES],
    output logic    [QUEUES-1:0][7:0] weight_o
);
  localparam int unsigned PageBits = $clog2(QUEUE_STRIDE);

  queues_t error_vector_enable_q;
  logic [63:0] origin_q[QUEUES];  // count at which the queue began

  logic here;  // the request is for a register of this module
  logic [31:0] offset;  // within the queue's block
  queue_t q;
  logic write;
  logic configure;  // the write may change the configuration

  always_comb begin
    offset = 32'(req_i.addr[PageBits-1:0]);
    q = req_i.addr[PageBits+:QueueBits];
    here = req_valid_i && 32'(req_i.addr) - 32'(q) * QUEUE_STRIDE - offset == QUEUE_OFFSET
        && (offset < QUEUE_ERROR || offset >= QUEUE_ERROR + QUEUE_ERROR_COUNT * QUEUE_ERROR_STRIDE);
    write = here && req_i.op == RegWrite;
    configure = write && !(running_i[q] || draining_i[q] || halted_i[q] || resetting_i[q]);
  end

  // Reads.
  always_ff @(posedge clk_i) begin
    rsp_valid_o <= here;
    if (here) begin
      rsp_o <= '{err: 1'b0, rdata: '0};
      unique case (offset)
        QUEUE_CONTROL: ;
        QUEUE_STATUS: begin
          rsp_o.rdata[QUEUE_STATUS_STATE_LSB+:QUEUE_STATUS_STATE_WIDTH] <= state_of(q);
          rsp_o.rdata[QUEUE_STATUS_IDLE_LSB] <= idle_i[q];
          rsp_o.rdata[QUEUE_STATUS_RESETTING_LSB] <= resetting_i[q];
        end
        QUEUE_RING_BASE: rsp_o.rdata <= ring_base_o[q];
        QUEUE_RING_LOG2: rsp_o.rdata <= 64'(ring_log2_o[q]);
        QUEUE_START: rsp_o.rdata <= start_o[q];
        QUEUE_PUT: rsp_o.rdata <= put_i[q];
        QUEUE_GET: rsp_o.rdata <= get_i[q];
        QUEUE_WRITEBACK: begin
          rsp_o.rdata <= writeback_o[q];
          rsp_o.rdata[QUEUE_WRITEBACK_ENABLE_LSB] <= writeback_on_o[q];
        end
        QUEUE_ERROR_RECORD: begin
          rsp_o.rdata <= error_record_o[q];
          rsp_o.rdata[QUEUE_ERROR_RECORD_ENABLE_LSB] <= error_record_on_o[q];
        end
        QUEUE_ERROR_VECTOR: begin
          rsp_o.rdata <= 64'(error_vector_o[q]);
          rsp_o.rdata[QUEUE_ERROR_VECTOR_ENABLE_LSB] <= error_vector_enable_q[q];
        end
        QUEUE_WAIT_LIMIT: rsp_o.rdata <= wait_limit_o[q];
        QUEUE_WATCHDOG_LIMIT: rsp_o.rdata <= watchdog_limit_o[q];
        QUEUE_WEIGHT: rsp_o.rdata <= 64'(weight_o[q]);
        // From get back to the oldest unretired command, and from there to where the queue began.
        QUEUE_RETIRED:
        rsp_o.rdata <= get_i[q] - 64'(mark_t'(get_i[q][MarkBits-1:0] - retired_i[q])) - origin_q[q];
        default: rsp_o.err <= 1'b1;
      endcase
    end
  end

  // Control.
  always_ff @(posedge clk_i) begin
    enable_o <= '0;
    drain_o  <= '0;
    reset_o  <= '0;
    if (write && offset == QUEUE_CONTROL && req_i.be[0]) begin
      if (req_i.wdata[QUEUE_CONTROL_RESET_LSB]) reset_o[q] <= 1'b1;
      else if (req_i.wdata[QUEUE_CONTROL_DRAIN_LSB]) drain_o[q] <= 1'b1;
      else if (req_i.wdata[QUEUE_CONTROL_ENABLE_LSB]) enable_o[q] <= 1'b1;
    end
    if (rst_i) begin
      enable_o <= '0;
      drain_o  <= '0;
      reset_o  <= '0;
    end
  end

  // Configuration. The limits and the weight may change at any time.
  always_ff @(posedge clk_i) begin
    if (load_i.valid) origin_q[load_i.queue] <= load_i.count;
    if (write) begin
      unique case (offset)
        QUEUE_WAIT_LIMIT: wait_limit_o[q] <= merged(wait_limit_o[q], req_i);
        QUEUE_WATCHDOG_LIMIT: watchdog_limit_o[q] <= merged(watchdog_limit_o[q], req_i);
        QUEUE_WEIGHT: if (req_i.be[0]) weight_o[q] <= req_i.wdata[7:0];
        default: ;
      endcase
    end
    if (configure) begin
      unique case (offset)
        QUEUE_RING_BASE:
        ring_base_o[q] <= merged(ring_base_o[q], req_i) & ~64'(RING_ALIGN_BYTES - 1);
        QUEUE_RING_LOG2: if (req_i.be[0]) ring_log2_o[q] <= ring_log2_of(req_i.wdata[7:0]);
        QUEUE_START: start_o[q] <= merged(start_o[q], req_i);
        QUEUE_WRITEBACK: begin
          writeback_o[q] <= merged(writeback_o[q], req_i) & ~64'h7;
          if (req_i.be[0]) writeback_on_o[q] <= req_i.wdata[QUEUE_WRITEBACK_ENABLE_LSB];
        end
        QUEUE_ERROR_RECORD: begin
          error_record_o[q] <= merged(error_record_o[q], req_i) & ~64'h3f;
          if (req_i.be[0]) error_record_on_o[q] <= req_i.wdata[QUEUE_ERROR_RECORD_ENABLE_LSB];
        end
        QUEUE_ERROR_VECTOR:
        if (req_i.be[0]) begin
          error_vector_o[q] <= req_i.wdata[15:0];
          error_vector_enable_q[q] <= req_i.wdata[QUEUE_ERROR_VECTOR_ENABLE_LSB];
          error_vector_on_o[q] <= req_i.wdata[QUEUE_ERROR_VECTOR_ENABLE_LSB]
              && req_i.wdata[15:0] < 16'(VECTORS);
        end
        default: ;
      endcase
    end
    if (load_i.valid && load_i.cleared) begin
      ring_base_o[load_i.queue] <= QUEUE_RING_BASE_RESET;
      ring_log2_o[load_i.queue] <= 5'(QUEUE_RING_LOG2_RESET);
      start_o[load_i.queue] <= QUEUE_START_RESET;
      writeback_o[load_i.queue] <= QUEUE_WRITEBACK_RESET;
      error_record_o[load_i.queue] <= QUEUE_ERROR_RECORD_RESET;
      error_vector_o[load_i.queue] <= 16'(QUEUE_ERROR_VECTOR_RESET);
      wait_limit_o[load_i.queue] <= QUEUE_WAIT_LIMIT_RESET;
      watchdog_limit_o[load_i.queue] <= QUEUE_WATCHDOG_LIMIT_RESET;
      weight_o[load_i.queue] <= 8'(QUEUE_WEIGHT_RESET);
    end
    if (rst_i) begin
      writeback_on_o <= '0;
      error_record_on_o <= '0;
      error_vector_enable_q <= '0;
      error_vector_on_o <= '0;
    end
  end

  function automatic queue_state_e state_of(queue_t queue);
    if (halted_i[queue]) return QUEUE_STATE_HALTED;
    if (draining_i[queue]) return QUEUE_STATE_DRAINING;
    if (running_i[queue]) return QUEUE_STATE_RUNNING;
    return QUEUE_STATE_DISABLED;
  endfunction

  // Out of range: the nearest limit (CP-CFG-003).
  function automatic logic [4:0] ring_log2_of(logic [7:0] value);
    if (value < 8'(RING_LOG2_MIN)) return 5'(RING_LOG2_MIN);
    if (value > 8'(RING_LOG2_MAX)) return 5'(RING_LOG2_MAX);
    return value[4:0];
  endfunction
endmodule
