// A small device of another kind, to show how a foreign one is attached: one queue, NOP only, two vectors, 4 KiB of memory.
//
//   rx ──► posted writes, completions: done on arrival ─────► registers, memory, queue
//      ──► non-posted requests ──► list of 16 ──► completer ─┐
//   queue (fetch ► check ► record ► retire, one at a time) ──┼──► tx
//   MSI-X messages ──────────────────────────────────────────┘
//
// Written from contract/gen/reference.md and PCIe alone: it shares no line, type or idea of structure with rtl/, and is a
// behavioural model rather than hardware to build (one clocked process, state in variables). What it lacks it says in
// its capability registers: no copies, units, kernels; nothing overlaps, so that a barrier is always met.
module little_device (
    input  logic         clk_i,
    input  logic         rst_i,
    output logic         tx_valid_o,
    input  logic         tx_ready_i,
    output logic         tx_sop_o,
    output logic         tx_last_o,
    output logic [127:0] tx_hdr_o,
    output logic [511:0] tx_data_o,
    input  logic [ 59:0] tx_credits_i,
    input  logic         rx_valid_i,
    output logic         rx_ready_o,
    input  logic         rx_sop_i,
    input  logic         rx_last_i,
    input  logic [127:0] rx_hdr_i,
    input  logic [511:0] rx_data_i,
    output logic [ 59:0] rx_credits_o
);
  localparam int Vectors = 2;
  localparam int Semaphores = 1024;
  localparam int MemoryWords = 1024;
  localparam int Tags = 8;
  localparam int LogMin = 1;
  localparam int LogMax = 8;

  typedef logic [63:0] qword_t;
  typedef enum {
    Idle,
    Reading,
    Sending,
    Retire,
    Halt
  } engine_e;
  typedef enum logic [1:0] {
    Disabled,
    Running,
    Draining,
    Halted
  } queue_e;

  // ---- state: configuration space ----
  logic [15:0] own_id, command, status, device_control, device_control2;
  logic [3:0] device_errors;
  logic [7:0] interrupt_line;
  qword_t bar0, bar2;
  logic msix_on, msix_masked;
  // ---- state: device registers ----
  qword_t cycles, since_reset, scratch, dropped_writes, unexpected;
  logic [31:0] completion_timeout, quarantine;
  logic dropped_doorbell, resetting;
  logic [7:0] fatal;
  qword_t
      counter[8],
      frozen[8];  // cycles tx_bytes rx_bytes tx_tlps rx_tlps commands interrupts doorbells
  qword_t semaphore[Semaphores];
  logic [Semaphores-1:0] poisoned;
  logic [31:0] memory[MemoryWords];
  // ---- state: MSI-X ----
  qword_t m_address[Vectors];
  logic [31:0] m_data[Vectors], m_timer[Vectors], mod_timer[Vectors];
  logic [15:0] m_unsent[Vectors], m_messages[Vectors], mod_count[Vectors];
  logic [Vectors-1:0] m_mask, m_pending;
  // ---- state: the queue ----
  queue_e state;
  engine_e engine, after;
  logic q_resetting;
  qword_t
      put,
      get,
      start,
      ring_base,
      writeback,
      error_record,
      wait_limit,
      watchdog_limit,
      retired,
      written;
  logic [7:0] ring_log2, weight;
  logic [31:0] error_vector, staged, refused;
  qword_t generation;
  logic [511:0] errors, packet, report;
  logic [15:0] doorbell_error, fetch_error;
  qword_t fetch_address;
  // ---- state: the one read, and the packets it brought ----
  logic [31:0] words[128];
  int at_word, whole_words, packet_now, packets;
  int read_left, read_tag;
  logic [31:0] read_age;
  logic [11:0] read_next;
  logic [15:0] read_error;
  logic [Tags-1:0] resting;
  logic [31:0] rest_age[Tags];
  // ---- state: what the queue wants to send ----
  logic wants, wants_write, taken, sent;
  qword_t want_address;
  logic [10:0] want_words;
  logic [511:0] want_data;
  // ---- state: transmitter ----
  logic t_busy, t_upstream, t_queue;
  int t_beats, t_beat;
  logic [127:0] t_header;
  logic [1023:0] t_data;
  logic [7:0] used_ph, used_nph;
  logic [11:0] used_pd;
  // ---- state: receiver ----
  logic [7:0] grant_ph, grant_nph, got_ph, got_nph;
  logic [11:0] grant_pd, grant_npd;
  logic [127:0] in_header, list_header[16], list_data[16];
  logic [4:0] list_in, list_out;
  int in_beats, in_words, in_target;  // target of a write: 0 none, 1 BAR0, 2 BAR2
  logic in_first, in_bad;
  logic [63:0] in_address;
  // ---- state: completer ----
  logic c_active, c_memory, c_has_data;
  logic [2:0] c_status;
  logic [127:0] c_request;
  int c_words, c_bytes, c_skip;
  logic [9:0] c_word;
  logic [6:0] c_lower;
  qword_t c_value;

  function automatic int first_byte(input logic [3:0] be);
    return be[0] ? 0 : be[1] ? 1 : be[2] ? 2 : be[3] ? 3 : 0;
  endfunction
  function automatic int last_gap(input logic [3:0] be);
    return be[3] ? 0 : be[2] ? 1 : be[1] ? 2 : be[0] ? 3 : 0;
  endfunction
  function automatic int words_of(input logic [127:0] header);
    return header[9:0] == 0 ? 1024 : int'(header[9:0]);
  endfunction
  function automatic int bytes_of(
      input logic [127:0] header
  );  // of a memory request; 1 for one of length zero
    int count = words_of(header);
    logic [3:0] first = header[35:32], last = header[39:36];
    if (count == 1) return first == 0 ? 1 : 4 - first_byte(first) - last_gap(first);
    return 4 * count - first_byte(first) - last_gap(last);
  endfunction
  function automatic qword_t address_of(input logic [127:0] header);
    return header[29] ? {header[95:64], header[127:98], 2'b0} : {32'b0, header[95:66], 2'b0};
  endfunction
  function automatic int hit(input qword_t address);
    if (!command[1]) return 0;
    if (address[63:20] == bar0[63:20]) return 1;
    if (address[63:12] == bar2[63:12]) return 2;
    return 0;
  endfunction
  function automatic logic queue_idle();
    return engine == Idle && !(state == Running && (put != get || packet_now != packets || fetch_error != 0 ||
           doorbell_error != 0 || (writeback[0] && written != get))) && state != Draining && !q_resetting;
  endfunction
  function automatic logic all_sent();
    for (int v = 0; v < Vectors; v++) if (m_messages[v] != 0) return 1'b0;
    return !(t_busy && t_upstream);
  endfunction

  // ---- configuration space ----
  function automatic logic [31:0] configuration(input logic [9:0] register);
    case (register)
      10'h00:  return 32'hD00B_1DB7;
      10'h01:  return {status | 16'h0010, command};
      10'h02:  return 32'h1200_0001;
      10'h04:  return {bar0[31:20], 20'h4};
      10'h05:  return bar0[63:32];
      10'h06:  return {bar2[31:12], 12'hC};
      10'h07:  return bar2[63:32];
      10'h0D:  return 32'h40;
      10'h0F:  return {24'h0, interrupt_line};
      10'h10:  return 32'h0002_8010;  // PCI Express, then MSI-X at 0x80
      10'h11:  return 32'h0000_8021;  // 256-byte payloads, extended tags
      10'h12:  return {10'h0, engine == Reading && taken, 1'b0, device_errors, device_control};
      10'h13:  return 32'h0000_0011;
      10'h14:  return 32'h0011_0000;
      10'h19:  return 32'h0000_0100;  // 64-bit AtomicOps
      10'h1A:  return {16'h0, device_control2};
      10'h20:  return {msix_on, msix_masked, 14'(Vectors - 1), 16'h0011};
      10'h21:  return 32'h0000_1000;
      10'h22:  return 32'h0000_2000;
      default: return '0;
    endcase
  endfunction
  task automatic configure(input logic [9:0] register, input logic [3:0] be,
                           input logic [31:0] data);
    logic [31:0] mask, value;
    mask  = {{8{be[3]}}, {8{be[2]}}, {8{be[1]}}, {8{be[0]}}};
    value = (configuration(register) & ~mask) | (data & mask);
    case (register)
      10'h01: begin
        command = value[15:0] & 16'h0546;
        status &= ~(data[31:16] & mask[31:16]);
      end
      10'h04:  bar0[31:20] = value[31:20];
      10'h05:  bar0[63:32] = value;
      10'h06:  bar2[31:12] = value[31:12];
      10'h07:  bar2[63:32] = value;
      10'h0F:  interrupt_line = value[7:0];
      10'h12: begin
        device_control = value[15:0] & 16'h7FFF;
        device_errors &= ~(data[19:16] & mask[19:16]);
      end
      10'h1A:  device_control2 = value[15:0] & 16'h001F;
      10'h20:  {msix_on, msix_masked} = value[31:30];
      default: ;
    endcase
  endtask

  // ---- registers: one table for reads, one for writes; false: there is none at that address ----
  function automatic logic is_semaphore(input logic [19:0] at);
    return at[19:18] == 2'b11 && at[17:16] != 2'b11 && at[15:13] == 0;
  endfunction
  function automatic logic read_register(input logic [19:0] at, output qword_t value);
    value = '0;
    if (is_semaphore(at)) begin
      value = at[17:16] == 2'b10 ? qword_t'(poisoned[at[12:3]]) : semaphore[at[12:3]];
      return 1'b1;
    end
    if (at >= 20'h00800 && at < 20'h00800 + 8 * Vectors) begin
      value = {16'h0, mod_timer[at[3]], mod_count[at[3]]};
      return 1'b1;
    end
    if (at >= 20'h01000 && at < 20'h01000 + 16 * Vectors) begin
      value = at[3] ? {31'h0, m_mask[at[4]], m_data[at[4]]} : m_address[at[4]];
      return 1'b1;
    end
    if (at >= 20'h10080 && at < 20'h100C0) begin
      value = errors[64*at[5:3]+:64];
      return 1'b1;
    end
    if (at >= 20'h00100 && at < 20'h00140) begin
      value = frozen[at[5:3]];
      return 1'b1;
    end
    case (at)
      20'h00000: value = 64'h4C4C_4542_524F_4F44;
      20'h00008: value = 64'h0001_0000;
      20'h00010: value = {24'h0, 16'(Vectors), 8'd0, 8'd0, 8'd1};
      20'h00018: value = Semaphores;
      20'h00020: value = 4 * MemoryWords;
      20'h00028: value = {40'h0, 8'd8, 8'(LogMax), 8'(LogMin)};
      20'h00030: value = Tags;
      20'h00038: value = 64'd250_000_000;
      20'h00040: value = 64'h2;  // NOP
      20'h00048: value = '0;
      20'h00050: value = 64'd32768;
      20'h00058: value = 64'd32768;
      20'h00060: value = {32'd8, 32'd512};
      20'h00068: value = 64'd16384;
      20'h00070: value = cycles;
      20'h00078: value = scratch;
      20'h00080, 20'h000C0, 20'h10000: value = '0;
      20'h00088:
      value = {48'h0, fatal, 5'h0, resetting, queue_idle() && all_sent() && !resetting, fatal != 0};
      20'h00090: value = qword_t'(dropped_doorbell);
      20'h00098: value = dropped_writes;
      20'h000A0: value = qword_t'(completion_timeout);
      20'h000A8: value = qword_t'(quarantine);
      20'h000B0:
      value = {
        32'h0,
        16'($countones(resting)),
        16'(Tags - $countones(resting) - int'(engine == Reading && taken))
      };
      20'h000B8: value = unexpected;
      20'h02000: value = qword_t'(m_pending);
      20'h10008: value = {54'h0, q_resetting, queue_idle(), 6'h0, state};
      20'h10010: value = ring_base;
      20'h10018: value = qword_t'(ring_log2);
      20'h10020: value = start;
      20'h10028, 20'h80000: value = put;
      20'h10030: value = get;
      20'h10038: value = writeback;
      20'h10040: value = error_record;
      20'h10048: value = qword_t'(error_vector);
      20'h10050: value = wait_limit;
      20'h10058: value = watchdog_limit;
      20'h10060: value = qword_t'(weight);
      20'h10068: value = retired;
      default: return 1'b0;
    endcase
    return 1'b1;
  endfunction

  task automatic write_register(input logic [19:0] at, input logic [1:0] half, input qword_t data);
    qword_t mask, old, value;
    mask = {{32{half[1]}}, {32{half[0]}}};
    if (!read_register(at, old) || (is_semaphore(at) && half != 2'b11)) begin
      dropped_writes += 1;
      return;
    end
    value = (old & ~mask) | (data & mask);
    if (is_semaphore(at)) begin
      case (at[17:16])
        2'b00:   semaphore[at[12:3]] = data;
        2'b01:   semaphore[at[12:3]] += data;
        default: poisoned[at[12:3]] = data[0];
      endcase
      return;
    end
    if (at >= 20'h00800 && at < 20'h01000) {mod_timer[at[3]], mod_count[at[3]]} = value[47:0];
    if (at >= 20'h01000 && at < 20'h02000) begin
      if (!at[3]) m_address[at[4]] = value;
      else {m_mask[at[4]], m_data[at[4]]} = value[32:0];
    end
    case (at)
      20'h00078: scratch = value;
      20'h00080: if ((data & mask) != 0 && data[0] && half[0]) begin_reset();
      20'h00090: if (half[0] && data[0]) dropped_doorbell = 1'b0;
      20'h000A0: completion_timeout = value[31:0];
      20'h000A8: quarantine = value[31:0];
      20'h000C0: frozen = counter;
      20'h10000: if (half[0]) control_queue(data[2:0]);
      20'h10050: wait_limit = value;
      20'h10058: watchdog_limit = value;
      20'h10060: weight = value[7:0];
      20'h80000: ring(half, data);
      default:   ;
    endcase
    if (state == Disabled) begin
      case (at)
        20'h10010: ring_base = value & ~64'hFFF;
        20'h10018:
        ring_log2 = value[7:0] < LogMin ? 8'(LogMin) : value[7:0] > LogMax ? 8'(LogMax) : value[7:0];
        20'h10020: start = value;
        20'h10038: writeback = value & ~64'h6;
        20'h10040: error_record = value & ~64'h3E;
        20'h10048: error_vector = value[31:0] & 32'h8000_FFFF;
        default: ;
      endcase
    end
  endtask

  task automatic control_queue(input logic [2:0] bits);
    if (bits[2]) q_resetting = 1'b1;
    else if (bits[1]) begin
      if (state == Running) state = Draining;
    end else if (bits[0] && state == Disabled && !q_resetting) begin
      state = Running;
      put = start;
      get = start;
      written = start;
      retired = '0;
    end
  endtask

  task automatic ring(input logic [1:0] half, input qword_t data);
    qword_t fresh;
    if (half[0]) staged = data[31:0];
    if (!half[1]) return;
    fresh = {data[63:32], staged};
    if (state == Disabled) dropped_doorbell = 1'b1;
    if (state != Running || doorbell_error != 0 || fresh == put) return;
    if (fresh - put >= 64'h8000_0000_0000_0000) doorbell_error = 16'h10;
    else if (fresh - get > (64'd1 << ring_log2)) doorbell_error = 16'h11;
    else begin
      put = fresh;
      counter[7] += 1;
    end
    if (doorbell_error != 0) refused = fresh[31:0];
  endtask

  // ---- resets ----
  task automatic power_on();
    own_id = '0;
    command = '0;
    device_control = 16'h2000;
    status = '0;
    device_errors = '0;
    device_control2 = '0;
    interrupt_line = '0;
    bar0 = '0;
    bar2 = '0;
    {msix_on, msix_masked} = '0;
    cycles = '0;
    {t_busy, t_upstream, t_queue} = '0;
    {used_ph, used_nph, used_pd} = '0;
    {grant_ph, grant_pd, grant_nph, grant_npd} = {8'd32, 12'd512, 8'd16, 12'd64};
    {got_ph, got_nph} = '0;
    {list_in, list_out} = '0;
    {in_first, in_bad} = '0;
    in_beats = 0;
    c_active = 1'b0;
    resting = '0;
    clear_device();
  endtask
  task automatic begin_reset();
    resetting = 1'b1;
    completion_timeout = 32'd12500;
  endtask
  task automatic clear_device();
    resetting = 1'b0;
    fatal = '0;
    {scratch, dropped_writes, unexpected} = '0;
    completion_timeout = 32'd12500;
    quarantine = 32'd50000;
    dropped_doorbell = 1'b0;
    for (int i = 0; i < 8; i++) {counter[i], frozen[i]} = '0;
    for (int i = 0; i < Semaphores; i++) semaphore[i] = '0;
    poisoned = '0;
    for (int v = 0; v < Vectors; v++) begin
      m_address[v] = '0;
      {m_data[v], mod_timer[v], mod_count[v], m_unsent[v], m_messages[v], m_timer[v]} = '0;
    end
    m_mask = '1;
    m_pending = '0;
    {put, get, start, ring_base, writeback, error_record, wait_limit, watchdog_limit, retired} = '0;
    ring_log2 = 8'd1;
    weight = 8'd1;
    error_vector = '0;
    generation = '0;
    clear_queue();
  endtask
  task automatic clear_queue();
    state = Disabled;
    engine = Idle;
    q_resetting = 1'b0;
    put = get;
    written = get;
    staged = '0;
    errors = '0;
    {doorbell_error, fetch_error} = '0;
    {wants, taken, sent} = '0;
    packets = 0;
    packet_now = 0;
  endtask

  // ---- interrupts ----
  function automatic logic masked(input int v);
    return m_mask[v] || msix_masked || !msix_on;
  endfunction
  task automatic raise(input int v);
    if (masked(v)) m_pending[v] = 1'b1;
    else begin
      if (m_unsent[v] == 0) m_timer[v] = mod_timer[v];
      m_unsent[v] += 1;
    end
  endtask
  task automatic moderate();
    for (int v = 0; v < Vectors; v++) begin
      if (masked(v)) begin
        if (m_unsent[v] != 0 || m_messages[v] != 0) m_pending[v] = 1'b1;
        m_unsent[v]   = '0;
        m_messages[v] = '0;
      end else if (m_pending[v]) begin
        m_pending[v] = 1'b0;
        m_unsent[v]  = '0;
        m_messages[v] += 1;
      end else if (m_unsent[v] != 0 && (m_unsent[v] >= mod_count[v] || m_timer[v] == 0)) begin
        m_unsent[v] = '0;
        m_messages[v] += 1;
      end else if (m_timer[v] != 0) m_timer[v] -= 1;
    end
  endtask

  // ---- the queue's engine: one thing at a time ----
  task automatic want(input logic write, input qword_t address, input int count,
                      input logic [511:0] data, input engine_e then_do);
    wants = 1'b1;
    taken = 1'b0;
    sent = 1'b0;
    wants_write = write;
    want_address = address;
    want_words = 11'(count);
    want_data = data;
    after = then_do;
    engine = write ? Sending : Reading;
  endtask

  task automatic fail(input logic [15:0] code, input logic [7:0] opcode, input logic [31:0] tag,
                      input qword_t index, input logic [31:0] detail, input qword_t address);
    generation += 1;
    report = {
      generation, 128'h0, cycles, address, detail, 32'hFFFF_FFFF, index, tag, 8'd0, opcode, code
    };
    if (error_record[0]) want(1'b1, error_record & ~64'h1, 16, report, Halt);
    else engine = Halt;
  endtask

  function automatic logic [15:0] fault(input logic [511:0] p, output qword_t address);
    address = '0;
    if (p[7:0] != 8'd1) return 16'h30;
    if (p[15:11] != 0) return 16'h31;
    if (p[383:64] != 0 || (!p[9] && p[511:384] != 0) || (!p[10] && p[31:16] != 0)) return 16'h32;
    if (p[10] && p[31:16] >= Vectors) return 16'h33;
    if (p[9] && p[387:384] != 0) begin
      address = p[447:384];
      return 16'h34;
    end
    return 16'h0;
  endfunction

  task automatic fetch();
    qword_t left, place;
    int count, most;
    place = get & ((64'd1 << ring_log2) - 1);
    most = 128 << device_control[14:12] > 512 ? 8 : 2 << device_control[14:12];  // packets of one read
    left = put - get;
    count = most - int'(place[2:0]) % most;
    if (left < qword_t'(count)) count = int'(left);
    if ((64'd1 << ring_log2) - place < qword_t'(count)) count = int'((64'd1 << ring_log2) - place);
    read_tag = -1;
    for (int t = Tags - 1; t >= 0; t--) if (!resting[t]) read_tag = t;
    if (read_tag < 0) return;
    fetch_address = ring_base + 64 * place;
    at_word = 0;
    whole_words = -1;
    read_left = 64 * count;
    read_next = fetch_address[11:0];
    read_age = '0;
    read_error = '0;
    want(1'b0, fetch_address, 16 * count, '0, Idle);
  endtask

  task automatic end_read(input logic rest);
    packets = (whole_words < 0 ? at_word : whole_words) / 16;
    packet_now = 0;
    fetch_error = read_error;
    wants = 1'b0;
    engine = Idle;
    if (rest) begin
      resting[read_tag]  = 1'b1;
      rest_age[read_tag] = '0;
      if (&resting && fatal == 0) fatal = 8'd3;
    end
  endtask

  task automatic step_queue();
    logic [15:0] code;
    qword_t address;
    if ((q_resetting || resetting) && wants && !taken) begin  // what has not begun to leave is dropped
      wants  = 1'b0;
      engine = Idle;
    end
    case (engine)
      Reading:
      if (taken) begin
        read_age += 1;
        if (read_age >= completion_timeout) begin
          read_error = 16'h22;
          device_errors[1] = 1'b1;
          end_read(1'b1);
        end
      end
      Sending: if (sent) engine = after;
      Retire: begin
        engine = Idle;
        retired += 1;
        counter[5] += 1;
        get += 1;
        packet_now += 1;
        if (packet[10]) raise(int'(packet[31:16]));
      end
      Halt: begin
        engine = Idle;
        errors = report;
        state  = Halted;
        if (error_vector[31] && error_vector[15:0] < Vectors) raise(int'(error_vector[15:0]));
      end
      default:
      if (q_resetting) clear_queue();
      else if (!resetting && fatal == 0 && (state == Running || state == Draining)) begin
        if (packet_now == packets && writeback[0] && written != get) begin
          written = get;
          want(1'b1, writeback & ~64'h1, 2, 512'(get), Idle);
        end else if (state == Draining) begin
          if (writeback[0] && written != get) begin
            written = get;
            want(1'b1, writeback & ~64'h1, 2, 512'(get), Idle);
          end else begin
            state = Disabled;
            {doorbell_error, fetch_error} = '0;
            packets = packet_now;
          end
        end else if (packet_now != packets) begin
          for (int i = 0; i < 16; i++) packet[32*i+:32] = words[16*packet_now+i];
          code = fault(packet, address);
          if (code != 0 && writeback[0] && written != get) begin  // a halt leaves nothing to write back
            written = get;
            want(1'b1, writeback & ~64'h1, 2, 512'(get), Idle);
          end else if (code != 0) fail(code, packet[7:0], packet[63:32], get, 32'h0, address);
          else if (packet[9])
            want(1'b1, packet[447:384], 4, 512'({packet[511:448], cycles}), Retire);
          else engine = Retire;
        end else if (fetch_error != 0) fail(fetch_error, 8'd0, 32'd0, get, 32'd0, fetch_address);
        else if (put != get) fetch();
        else if (doorbell_error != 0) fail(doorbell_error, 8'd0, 32'd0, put, refused, 64'd0);
      end
    endcase
    for (int t = 0; t < Tags; t++) begin
      if (resting[t]) begin
        rest_age[t] += 1;
        if (rest_age[t] >= quarantine) resting[t] = 1'b0;
      end
    end
    if (resetting && (engine == Idle || engine == Retire || engine == Halt) && !(t_busy && t_upstream))
      clear_device();
  endtask

  // ---- receiver ----
  task automatic overflow();
    if (fatal == 0) fatal = 8'd2;
    device_errors[2] = 1'b1;
  endtask

  task automatic poison(input logic answer);
    status[15] = 1'b1;
    if (answer && command[6]) status[8] = 1'b1;
    device_errors[1] = 1'b1;
  endtask

  task automatic receive();
    logic [7:0] kind;
    logic [3:0] first, last, be;
    int count, size;
    logic done;
    if (rx_sop_i) begin
      in_header  = rx_hdr_i;
      in_first   = 1'b1;
      in_beats   = 0;
      in_words   = words_of(rx_hdr_i);
      in_address = address_of(rx_hdr_i);
      counter[4] += 1;
    end
    kind  = in_header[31:24];
    first = in_header[35:32];
    last  = in_header[39:36];
    count = words_of(in_header);
    size  = kind[6] ? (count + 15) / 16 : 1;
    in_beats += 1;
    if (in_first) begin
      in_bad = 1'b0;
      in_target = 0;
      if (kind[4:1] == 4'b0 || kind == 8'h40 || kind == 8'h60) begin  // memory
        if (count == 1 ? last != 0 : (first == 0 || last == 0)) in_bad = 1'b1;
        if (int'(in_address[11:0]) + 4 * count > 4096) in_bad = 1'b1;
        if (kind[6] && 4 * count > 128 << device_control[7:5]) in_bad = 1'b1;
        if (kind[6]) in_target = in_header[14] ? 0 : hit(in_address);
      end else if (kind[4:0] == 5'h04 || kind[4:0] == 5'h05 || kind[4:0] == 5'h02) begin
        if (count != 1 || last != 0) in_bad = 1'b1;
      end else if (kind[6:5] == 2'b10 || kind[6:5] == 2'b11) begin
        if (kind[4:0] == 5'h0C || kind[4:0] == 5'h0D) in_bad = count > 2;
        else if (kind[4:0] == 5'h0E) in_bad = count != 2 && count != 4 && count != 8;
        else if (kind != 8'h4A && kind[4:3] != 2'b10) in_bad = 1'b1;
      end else if (kind != 8'h0A && kind[4:3] != 2'b10) in_bad = 1'b1;
      if (kind[7]) in_bad = 1'b1;
    end
    if (in_beats > size || (rx_last_i && in_beats != size)) in_bad = 1'b1;
    done = rx_last_i;
    if (in_bad) begin
      if (fatal == 0) fatal = 8'd1;
      device_errors[2] = 1'b1;
    end else if (kind == 8'h40 || kind == 8'h60) begin
      if (in_first && in_header[14]) poison(1'b0);
      if (in_target == 2) begin
        for (int k = 0; k < 16 && k < in_words; k++) begin
          be = in_first && k == 0 ? first : k == in_words - 1 && count > 1 ? last : 4'hF;
          for (int b = 0; b < 4; b++)
          if (be[b]) memory[10'(in_address[11:2]+10'(k))][8*b+:8] = rx_data_i[32*k+8*b+:8];
        end
        in_words -= 16;
        in_address += 64;
      end else if (in_target == 1 && in_first) begin
        if (count == 1 && first == 4'hF)
          write_register({in_address[19:3], 3'b0}, in_address[2] ? 2'b10 : 2'b01,
                         {2{rx_data_i[31:0]}});
        else if (count == 2 && first == 4'hF && last == 4'hF && !in_address[2])
          write_register(in_address[19:0], 2'b11, rx_data_i[63:0]);
        else dropped_writes += 1;
      end
    end else if (kind == 8'h4A || kind == 8'h0A) landing(count);
    else if (kind[4:3] != 2'b10 && in_first) begin
      list_header[list_in[3:0]] = in_header;
      list_data[list_in[3:0]]   = rx_data_i[127:0];
      list_in += 1;
    end
    in_first = 1'b0;
    if (done) begin
      if (kind == 8'h40 || kind == 8'h60 || kind[4:3] == 2'b10) begin
        got_ph += 1;
        if (8'(grant_ph - got_ph) >= 8'h80) overflow();
        grant_ph += 1;
        grant_pd += 12'(kind[6] ? (count + 3) / 4 : 0);
      end else if (kind != 8'h4A && kind != 8'h0A) begin
        got_nph += 1;
        if (8'(grant_nph - got_nph) >= 8'h80) overflow();
        if (in_bad) grant_nph += 1;
        grant_npd += 12'(kind[6] ? (count + 3) / 4 : 0);
      end
    end
  endtask

  task automatic landing(input int count);
    logic mine;
    int fits, tag;
    logic [2:0] ended;
    tag   = int'(in_header[79:72]);
    ended = in_header[47:45];
    mine  = engine == Reading && taken && tag == read_tag && in_header[95:80] == own_id;
    fits  = in_header[43:32] == 0 ? 4096 : int'(in_header[43:32]);
    if (in_first && in_header[30]) counter[2] += 64'(4 * count);
    if (!mine) begin
      if (in_first) unexpected += 1;
      if (in_first && tag < Tags && in_header[95:80] == own_id && (!in_header[30] || fits <= 4 * count))
        resting[tag] = 1'b0;
      return;
    end
    if (ended != 0) begin
      read_error = ended == 3'd4 ? 16'h21 : 16'h20;
      if (ended == 3'd4) status[12] = 1'b1;
      else status[13] = 1'b1;
      end_read(1'b0);
    end else if (in_first && (!in_header[30] || fits != read_left || 4 * count > read_left ||
                              in_header[70:64] != read_next[6:0])) begin
      read_error = 16'h24;
      end_read(1'b1);
    end else begin
      if (in_header[14] && whole_words < 0) begin
        whole_words = at_word;
        read_error  = 16'h23;
        poison(1'b1);
      end
      for (int k = 0; k < 16 && k < in_words; k++) begin
        words[7'(at_word)] = rx_data_i[32*k+:32];
        at_word += 1;
        read_left -= 4;
        read_next += 4;
      end
      in_words -= 16;
      if (read_left == 0) end_read(1'b0);
    end
  endtask

  // ---- completer ----
  task automatic complete();
    logic [127:0] header, data;
    logic [7:0] kind;
    int target, count;
    logic [3:0] first, last;
    qword_t address, operand;
    logic [9:0] register;
    logic known;
    header = list_header[list_out[3:0]];
    data   = list_data[list_out[3:0]];
    list_out += 1;
    grant_nph += 1;
    kind = header[31:24];
    count = words_of(header);
    first = header[35:32];
    last = header[39:36];
    address = address_of(header);
    c_active = 1'b1;
    c_request = header;
    c_status = 3'd1;
    c_has_data = 1'b0;
    c_memory = 1'b0;
    c_words = 1;
    c_skip = 0;
    c_bytes = 4;
    c_lower = '0;
    c_value = '0;
    if (header[14] && kind[6]) poison(1'b0);
    if (kind == 8'h04 || (kind == 8'h44 && !header[14])) begin
      register = header[75:66];
      c_status = 3'd0;
      c_has_data = kind == 8'h04;
      c_value = qword_t'(configuration(register));
      if (kind == 8'h44) begin
        own_id = header[95:80];
        configure(register, first, data[31:0]);
      end
    end else if (kind == 8'h00 || kind == 8'h20) begin
      target  = hit(address);
      c_bytes = bytes_of(header);
      c_skip  = first_byte(first);
      c_lower = 7'(address[6:0] + 7'(c_skip));
      c_words = count;
      c_word  = address[11:2];
      if (target == 2) begin
        c_status   = 3'd0;
        c_has_data = 1'b1;
        c_memory   = 1'b1;
      end else if (target == 1) begin
        known = read_register({address[19:3], 3'b0}, c_value);
        c_status = 3'd4;
        if (count == 1 && first == 0) c_status = 3'd0;
        if (known && count == 1 && first == 4'hF && !is_semaphore(address[19:0])) c_status = 3'd0;
        if (known && count == 2 && first == 4'hF && last == 4'hF && !address[2]) c_status = 3'd0;
        c_has_data = c_status == 0;
        if (address[2]) c_value = qword_t'(c_value[63:32]);
      end
    end else if (kind[6] && kind[4:2] == 3'b011) begin
      operand = data[63:0];
      c_bytes = kind[1] ? 2 * count : 4 * count;
      if (hit(
              address
          ) == 1 && address[19:13] == 7'h60 && !address[2] && !header[14] &&
              count == (kind[1] ? 4 : 2)) begin
        c_status = 3'd0;
        c_has_data = 1'b1;
        c_words = 2;
        c_bytes = 8;
        c_value = semaphore[address[12:3]];
        if (kind[1:0] == 2'b00) semaphore[address[12:3]] = c_value + operand;
        else if (kind[1:0] == 2'b01) semaphore[address[12:3]] = operand;
        else if (c_value == operand) semaphore[address[12:3]] = data[127:64];
      end
    end
    if (c_status == 3'd1) device_errors[3] = 1'b1;
    if (c_status == 3'd4) status[11] = 1'b1;
  endtask

  // ---- transmitter ----
  task automatic load(input logic [127:0] header, input logic [1023:0] data, input int beats);
    t_busy = 1'b1;
    t_upstream = 1'b0;
    t_queue = 1'b0;
    t_header = header;
    t_data = data;
    t_beats = beats;
    t_beat = 0;
    counter[3] += 1;
  endtask
  task automatic send_request(input logic write, input qword_t address, input int count,
                              input int tag, input logic [511:0] data);
    logic [127:0] header;
    header = '0;
    header[31:0] = {1'b0, write, address[63:32] != 0, 19'h0, 10'(count)};
    header[63:32] = {own_id, 8'(tag), count > 1 ? 8'hFF : 8'h0F};
    if (address[63:32] != 0) header[127:64] = {address[31:0], address[63:32]};
    else header[95:64] = address[31:0];
    load(header, 1024'(data), 1);
    t_upstream = 1'b1;
    if (write) begin
      used_ph += 1;
      used_pd += 12'((count + 3) / 4);
      counter[1] += 64'(4 * count);
    end else used_nph += 1;
  endtask

  task automatic transmit();
    logic [127:0] header;
    logic [1023:0] data;
    int count, vector;
    logic posted_ok, read_ok;
    posted_ok = tx_credits_i[59:52] != used_ph && 12'(tx_credits_i[51:40] - used_pd) >= 12'd4;
    read_ok = tx_credits_i[39:32] != used_nph;
    vector = -1;
    for (int v = Vectors - 1; v >= 0; v--) if (m_messages[v] != 0) vector = v;
    if (c_active) begin
      count = c_words;
      if (c_memory && count > 32 - int'(c_word[4:0])) count = 32 - int'(c_word[4:0]);
      data = 1024'(c_value);
      if (c_memory) for (int k = 0; k < 32; k++) data[32*k+:32] = memory[10'(c_word+10'(k))];
      header = '0;
      header[31:0] = {
        c_has_data ? 8'h4A : 8'h0A,
        1'b0,
        c_request[22:20],
        1'b0,
        c_request[18],
        4'b0,
        c_request[13:12],
        2'b0,
        c_has_data ? 10'(count) : 10'd0
      };
      header[63:32] = {own_id, c_status, 1'b0, 12'(c_bytes)};
      header[95:64] = {c_request[63:40], 1'b0, c_lower};
      load(header, data, c_has_data && count > 16 ? 2 : 1);
      c_words -= count;
      c_word += 10'(count);
      c_bytes -= 4 * count - c_skip;
      c_skip  = 0;
      c_lower = '0;
      if (!c_has_data || c_words == 0) c_active = 1'b0;
    end else if (command[2] && fatal == 0 && !resetting) begin
      if (vector >= 0 && posted_ok) begin
        m_messages[vector] -= 1;
        counter[6] += 1;
        send_request(1'b1, m_address[vector] & ~64'h3, 1, 0, 512'(m_data[vector]));
      end else if (wants && !taken && (wants_write ? posted_ok : read_ok)) begin
        taken = 1'b1;
        send_request(wants_write, want_address, int'(want_words), wants_write ? 0 : read_tag,
                     want_data);
        t_queue = wants_write;
      end
    end
  endtask

  assign rx_ready_o   = 1'b1;
  assign rx_credits_o = {grant_ph_q, grant_pd_q, grant_nph_q, grant_npd_q, 20'h0};
  logic [7:0] grant_ph_q, grant_nph_q;
  logic [11:0] grant_pd_q, grant_npd_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      power_on();
    end else begin
      cycles += 1;
      counter[0] += 1;
      if (tx_valid_o && tx_ready_i) begin
        t_beat += 1;
        if (t_beat == t_beats) begin
          t_busy = 1'b0;
          if (t_queue) begin
            wants = 1'b0;
            sent  = 1'b1;
          end
        end
      end
      if (rx_valid_i) receive();
      step_queue();
      moderate();
      if (!c_active && list_in != list_out) complete();
      if (!t_busy) transmit();
    end
    tx_valid_o <= t_busy && !rst_i;
    tx_sop_o   <= t_beat == 0;
    tx_last_o  <= t_beat == t_beats - 1;
    tx_hdr_o   <= t_header;
    if (t_busy) tx_data_o <= t_beat == 0 ? t_data[511:0] : t_data[1023:512];
    grant_ph_q  <= grant_ph;
    grant_pd_q  <= grant_pd;
    grant_nph_q <= grant_nph;
    grant_npd_q <= grant_npd;
  end
endmodule
