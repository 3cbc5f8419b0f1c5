// MSI-X: table, pending bits, moderation, and the messages themselves.
//
//   irq ──► [ count and timer of the vector ] ──► due ──► not masked? ──► message ──► ep_tx
//   register bus ──► MSIX_TABLE, MSIX_PBA, VECTOR.MODERATION
//
// Promises: every event is followed by a message of its vector or stays pending (INT-EVENT-001), and the message follows
// every posted write that was accepted before the event. No message of a vector leaves after a register read could show
// it masked: ep_tx takes a message only while it may be sent. Vectors take turns.
// A vector is blocked while its entry, the function mask, MSI-X enable, bus master or a fatal error says so. An event of a
// blocked vector is pending at once, moderation or not (INT-MASK-001); unblocking sends at once what is pending or was
// still being counted (INT-MASK-002). Without moderation each event is a message of its own; with it, and while blocked,
// events of a vector share one.
// Timers are looked at four vectors a cycle, in turn: a message is due 4 to 12 cycles before its time is over, so that it
// leaves in time (INT-MOD-002) while ep_tx is free.
module ep_msix
  import doorbell_pkg::*;
  import seams_pkg::*;
(
    input logic clk_i,
    input logic rst_i,
    input logic clear_i,  // device reset

    // Configuration.
    input logic enable_i,
    input logic function_mask_i,
    input logic allowed_i,        // bus master, not fatal

    input logic                  irq_valid_i,
    input logic [VectorBits-1:0] irq_vector_i,

    // Register bus: requests to the three windows only; the answer comes one cycle later.
    input  logic     reg_req_valid_i,
    input  reg_req_t reg_req_i,
    output logic     reg_rsp_valid_o,
    output reg_rsp_t reg_rsp_o,

    // To ep_tx. valid may fall and the message may change until it is taken.
    output logic        message_valid_o,
    input  logic        message_ready_i,
    output logic [63:0] message_addr_o,
    output logic [31:0] message_data_o,

    output logic idle_o  // no vector is being counted, none is due that may be sent
);
  typedef logic [VectorBits-1:0] vector_t;
  typedef logic [VECTORS-1:0] vectors_t;
  localparam int unsigned Scanned = 4;  // vectors whose timers are looked at in one cycle
  // A full turn, and the way of a message through ep_tx.
  localparam logic [31:0] ScanCycles = 32'(VECTORS / Scanned + 4);
  localparam int unsigned GroupBits = $clog2(VECTORS / Scanned);

  // Table and moderation.
  logic     [63:0] address_q[VECTORS];
  logic     [31:0] data_q   [VECTORS];
  vectors_t        masked_q;
  logic     [15:0] count_q  [VECTORS];
  logic     [31:0] timer_q  [VECTORS];
  // Events.
  vectors_t        due_q;               // a message is owed
  vectors_t        waiting_q;           // events are being counted
  logic     [15:0] unsent_q [VECTORS];  // events without a message; 0 unless due or waiting
  logic     [31:0] first_q  [VECTORS];  // when the first of them came
  logic     [31:0] now_q;
  logic            open_q;

  logic     open;  // nothing blocks all vectors
  vectors_t blocked;
  assign open    = enable_i && !function_mask_i && allowed_i;
  assign blocked = open ? masked_q : '1;
  assign idle_o  = waiting_q == '0 && (due_q & ~blocked) == '0;

  // ---- message ---------------------------------------------------------------------------------------------------------

  logic    chosen_valid;
  vector_t chosen;
  logic    sent;

  round_robin #(
      .Requesters(VECTORS)
  ) u_choice (
      .clk_i  (clk_i),
      .rst_i  (rst_i),
      .req_i  (due_q & ~blocked),
      .taken_i(sent),
      .valid_o(chosen_valid),
      .index_o(chosen)
  );

  assign sent            = chosen_valid && message_ready_i;
  assign message_valid_o = chosen_valid;
  assign message_addr_o  = address_q[chosen];
  assign message_data_o  = data_q[chosen];

  // ---- register bus ------------------------------------------------------------------------------------------------------

  logic    write;
  logic    in_table;
  logic    in_pba;
  vector_t entry;   // of the table
  vector_t vector;  // of the moderation registers
  vectors_t unmask;
  logic     rsp_valid_q;
  logic [63:0] rdata_q;

  assign write    = reg_req_valid_i && reg_req_i.op == RegWrite;
  assign in_table = reg_req_i.addr[13:12] == 2'(MSIX_TABLE_OFFSET >> 12);
  assign in_pba   = reg_req_i.addr[13:12] == 2'(MSIX_PBA_OFFSET >> 12);
  assign entry    = vector_t'(reg_req_i.addr >> 4);
  assign vector   = vector_t'(reg_req_i.addr >> 3);

  always_comb begin
    unmask = '0;
    if (write && in_table && reg_req_i.addr[3] && reg_req_i.be[4] && !reg_req_i.wdata[32]) begin
      unmask[entry] = 1'b1;
    end
    if (open && !open_q) unmask = '1;
  end

  always_ff @(posedge clk_i) begin
    open_q      <= open && !rst_i;
    rsp_valid_q <= reg_req_valid_i && !rst_i;
    if (reg_req_valid_i) begin
      if (in_table) begin
        rdata_q <= reg_req_i.addr[3] ? {31'b0, masked_q[entry], data_q[entry]} : address_q[entry];
      end else if (in_pba) begin
        rdata_q <= 64'(due_q);
      end else begin
        rdata_q <= {16'b0, timer_q[vector], count_q[vector]};
      end
    end
    if (write && in_table && !reg_req_i.addr[3]) begin
      if (reg_req_i.be[0]) address_q[entry][31:0] <= {reg_req_i.wdata[31:2], 2'b0};
      if (reg_req_i.be[4]) address_q[entry][63:32] <= reg_req_i.wdata[63:32];
    end
    if (write && in_table && reg_req_i.addr[3]) begin
      if (reg_req_i.be[0]) data_q[entry] <= reg_req_i.wdata[31:0];
      if (reg_req_i.be[4]) masked_q[entry] <= reg_req_i.wdata[32];
    end
    if (write && !in_table && !in_pba) begin
      if (reg_req_i.be[0]) count_q[vector] <= reg_req_i.wdata[15:0];
      if (reg_req_i.be[0]) timer_q[vector][15:0] <= reg_req_i.wdata[31:16];
      if (reg_req_i.be[4]) timer_q[vector][31:16] <= reg_req_i.wdata[47:32];
    end
    if (rst_i || clear_i) begin
      masked_q <= '1;
      for (int unsigned v = 0; v < VECTORS; v++) begin
        address_q[v] <= '0;
        data_q[v]    <= '0;
        count_q[v]   <= '0;
        timer_q[v]   <= '0;
      end
    end
  end

  logic unused_request;
  assign unused_request  = ^{reg_req_i.wdata2, reg_req_i.addr, reg_req_i.be};

  assign reg_rsp_valid_o = rsp_valid_q;
  assign reg_rsp_o       = '{err: 1'b0, rdata: rdata_q};

  // ---- events ------------------------------------------------------------------------------------------------------------

  logic [GroupBits-1:0] group_q;   // of vectors whose timers are looked at
  vectors_t             expired;
  vectors_t             event_due;
  vectors_t             event_waits;
  vectors_t             cleared;   // by the message that leaves
  logic                 more;      // the vector has further events, each a message of its own
  logic          [15:0] earlier;    // unsent events of the vector before this one
  logic          [15:0] unsent;    // with this one

  always_comb begin
    expired = '0;
    if (waiting_q != '0) begin
      for (int unsigned s = 0; s < Scanned; s++) begin
        automatic vector_t v = {group_q, 2'(s)};
        if (now_q - first_q[v] + ScanCycles >= timer_q[v]) expired[v] = waiting_q[v];
      end
    end
  end

  always_comb begin
    cleared = '0;
    more    = 1'b0;
    if (sent) begin
      more            = count_q[chosen] <= 16'd1 && unsent_q[chosen] > 16'd1;
      cleared[chosen] = !more;
    end
  end

  always_comb begin
    event_due   = '0;
    event_waits = '0;
    earlier     = '0;
    unsent      = '0;
    if (irq_valid_i) begin
      earlier = cleared[irq_vector_i] ? '0 : unsent_q[irq_vector_i];
      if (sent && more && chosen == irq_vector_i) earlier = earlier - 1'b1;
      unsent = (earlier == '1) ? earlier : earlier + 1'b1;
      // While blocked, events of a vector share one message.
      if (blocked[irq_vector_i]) unsent = 16'd1;
      if (blocked[irq_vector_i] || unsent >= count_q[irq_vector_i]
          || timer_q[irq_vector_i] <= ScanCycles) begin
        event_due[irq_vector_i] = 1'b1;
      end else begin
        event_waits[irq_vector_i] = 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    now_q   <= now_q + 1'b1;
    group_q <= group_q + 1'b1;
    if (irq_valid_i || sent || waiting_q != '0) begin
      due_q     <= ((due_q | expired | (unmask & waiting_q)) & ~cleared) | event_due;
      waiting_q <= (waiting_q & ~cleared & ~expired & ~unmask & ~event_due) | event_waits;
    end
    if (sent) unsent_q[chosen] <= more ? unsent_q[chosen] - 1'b1 : '0;
    if (irq_valid_i) begin
      unsent_q[irq_vector_i] <= unsent;
      if (earlier == '0) first_q[irq_vector_i] <= now_q;
    end
    if (rst_i || clear_i) begin
      due_q     <= '0;
      waiting_q <= '0;
      for (int unsigned v = 0; v < VECTORS; v++) unsent_q[v] <= '0;
    end
    if (rst_i) begin
      now_q   <= '0;
      group_q <= '0;
    end
  end
endmodule
