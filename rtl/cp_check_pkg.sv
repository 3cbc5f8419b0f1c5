// Validation of one packet: a pure function, called once per packet behind an enable.
//
// The checks stand in the order of the error codes, so the smallest code of several faults is the one reported
// (CP-PKT-001 to 021). The address is that of the offending operand for RECORD_ALIGNMENT, BAD_ALIGNMENT and OUT_OF_RANGE
// (the source before the destination), else 0.
package cp_check_pkg;
  import doorbell_pkg::*;
  import seams_pkg::*;

  typedef struct packed {
    error_e      code;
    logic [63:0] address;
  } verdict_t;

  localparam logic [7:0] KnownFlags = FLAG_BARRIER | FLAG_RECORD | FLAG_INTERRUPT;

  function automatic line_t bits_of(logic [63:0] bytes);
    for (int unsigned i = 0; i < 64; i++) bits_of[8*i+:8] = {8{bytes[i]}};
  endfunction

  localparam line_t NopReserved = bits_of(NOP_RESERVED_BYTES);
  localparam line_t CopyReserved = bits_of(COPY_RESERVED_BYTES);
  localparam line_t FillReserved = bits_of(FILL_RESERVED_BYTES);
  localparam line_t WriteReserved = bits_of(WRITE_RESERVED_BYTES);
  localparam line_t LaunchReserved = bits_of(LAUNCH_RESERVED_BYTES);
  localparam line_t WaitReserved = bits_of(WAIT_RESERVED_BYTES);
  localparam line_t SignalReserved = bits_of(SIGNAL_RESERVED_BYTES);

  function automatic logic is_write8(signal_packet_t p);
    return p.mode == SIGNAL_MODE_WRITE8;
  endfunction

  function automatic logic is_semaphore(signal_packet_t p);
    return p.mode == SIGNAL_MODE_SEMAPHORE_SET || p.mode == SIGNAL_MODE_SEMAPHORE_ADD;
  endfunction

  // A field that the opcode and its mode do not use is not zero. An unknown mode is a fault of its own (CP-PKT-012).
  function automatic logic operand_reserved(line_t line);
    write_packet_t  w;
    signal_packet_t s;
    w = line;
    s = line;
    unique case (w.opcode)
      OPCODE_NOP: return |(line & NopReserved);
      OPCODE_COPY: return |(line & CopyReserved);
      OPCODE_FILL: return |(line & FillReserved);
      // Inline bytes from length on are unused; a length that is too long is another fault.
      OPCODE_WRITE:
      return |(line & WriteReserved) || (w.length < WRITE_MAX_BYTES && (w.data >> {w.length[4:0], 3'b0}) != '0);
      OPCODE_LAUNCH: return |(line & LaunchReserved);
      OPCODE_WAIT: return |(line & WaitReserved);
      OPCODE_SIGNAL:
      return |(line & SignalReserved) || (is_semaphore(
          s
      ) && (s.destination_space != '0 || s.destination != '0)) || (is_write8(
          s
      ) && s.semaphore != '0);
      default: return 1'b1;
    endcase
  endfunction

  // A field that the flags do not use is not zero.
  function automatic logic frame_reserved(packet_t p);
    return ((p.flags & FLAG_INTERRUPT) == '0 && p.vector != '0)
        || ((p.flags & FLAG_RECORD) == '0 && (p.record_address != '0 || p.record_value != '0));
  endfunction

  function automatic logic unknown_space(logic [7:0] space);
    return space != SPACE_HOST && space != SPACE_DEVICE;
  endfunction

  function automatic logic bad_space(line_t line);
    copy_packet_t   c;
    write_packet_t  w;
    launch_packet_t l;
    signal_packet_t s;
    c = line;
    w = line;
    l = line;
    s = line;
    unique case (c.opcode)
      OPCODE_COPY:   return unknown_space(c.source_space) || unknown_space(c.destination_space);
      OPCODE_FILL:   return unknown_space(c.destination_space);
      OPCODE_WRITE:  return unknown_space(w.destination_space);
      OPCODE_LAUNCH: return unknown_space(l.arguments_space);
      OPCODE_SIGNAL: return is_write8(s) && unknown_space(s.destination_space);
      default:       return 1'b0;
    endcase
  endfunction

  // The range ends past its space. 65 bits, so that nothing wraps.
  function automatic logic outside(logic [7:0] space, logic [63:0] address, logic [31:0] length);
    logic [64:0] limit;
    limit = (space == SPACE_DEVICE) ? 65'(DEVICE_MEMORY_BYTES) : {1'b1, 64'b0};
    return {1'b0, address} + 65'(length) > limit;
  endfunction

  // Address checks of the operands: BAD_ALIGNMENT, then OUT_OF_RANGE.
  function automatic verdict_t check_operands(line_t line);
    copy_packet_t   c;
    write_packet_t  w;
    launch_packet_t l;
    signal_packet_t s;
    c = line;
    w = line;
    l = line;
    s = line;
    check_operands = '{code: ERROR_NONE, address: '0};
    unique case (c.opcode)
      OPCODE_COPY: begin
        if (outside(c.source_space, c.source, c.length)) begin
          check_operands = '{code: ERROR_OUT_OF_RANGE, address: c.source};
        end else if (outside(c.destination_space, c.destination, c.length)) begin
          check_operands = '{code: ERROR_OUT_OF_RANGE, address: c.destination};
        end
      end
      OPCODE_FILL:
      if (outside(c.destination_space, c.destination, c.length)) begin
        check_operands = '{code: ERROR_OUT_OF_RANGE, address: c.destination};
      end
      OPCODE_WRITE:
      if (outside(w.destination_space, w.destination, w.length)) begin
        check_operands = '{code: ERROR_OUT_OF_RANGE, address: w.destination};
      end
      OPCODE_LAUNCH: begin
        if (l.arguments % 64'(ARGUMENT_BYTES) != 0) begin
          check_operands = '{code: ERROR_BAD_ALIGNMENT, address: l.arguments};
        end else if (outside(l.arguments_space, l.arguments, ARGUMENT_BYTES)) begin
          check_operands = '{code: ERROR_OUT_OF_RANGE, address: l.arguments};
        end
      end
      OPCODE_SIGNAL:
      if (is_write8(s)) begin
        if (s.destination[2:0] != '0) begin
          check_operands = '{code: ERROR_BAD_ALIGNMENT, address: s.destination};
        end else if (outside(s.destination_space, s.destination, 32'd8)) begin
          check_operands = '{code: ERROR_OUT_OF_RANGE, address: s.destination};
        end
      end
      default: ;
    endcase
  endfunction

  function automatic error_e check_launch(launch_packet_t l);
    if (l.kernel >= 16'd64 || !KERNEL_IMPLEMENTED[l.kernel[5:0]]) return ERROR_BAD_KERNEL;
    if (l.grid_x - 1 >= GRID_MAX || l.grid_y - 1 >= GRID_MAX || l.grid_z - 1 >= GRID_MAX) begin
      return ERROR_BAD_GRID;
    end
    if (l.unit_mask == '0 || (l.unit_mask >> UNITS) != '0) return ERROR_BAD_UNITS;
    return ERROR_NONE;
  endfunction

  function automatic logic bad_mode(line_t line);
    signal_packet_t s;
    wait_packet_t   w;
    s = line;
    w = line;
    return (s.opcode == OPCODE_SIGNAL && !is_write8(
        s
    ) && !is_semaphore(
        s
    )) || (w.opcode == OPCODE_WAIT && w.condition != WAIT_CONDITION_GE &&
           w.condition != WAIT_CONDITION_EQ);
  endfunction

  function automatic logic bad_length(line_t line);
    write_packet_t  w;
    launch_packet_t l;
    w = line;
    l = line;
    return (w.opcode == OPCODE_WRITE && w.length > WRITE_MAX_BYTES)
        || (l.opcode == OPCODE_LAUNCH && l.arguments_length != ARGUMENT_BYTES);
  endfunction

  function automatic logic bad_semaphore(line_t line);
    signal_packet_t s;
    wait_packet_t   w;
    s = line;
    w = line;
    return (s.opcode == OPCODE_SIGNAL && is_semaphore(
        s
    ) && s.semaphore >= SEMAPHORES) || (w.opcode == OPCODE_WAIT && w.semaphore >= SEMAPHORES);
  endfunction

  function automatic verdict_t check_packet(line_t line);
    packet_t p;
    p = line;
    check_packet = '{code: ERROR_NONE, address: '0};
    if (p.opcode >= 8'd64 || !OPCODE_IMPLEMENTED[p.opcode[5:0]]) begin
      check_packet.code = ERROR_BAD_OPCODE;
    end else if ((p.flags & ~KnownFlags) != '0) begin
      check_packet.code = ERROR_BAD_FLAGS;
    end else if (operand_reserved(line) || frame_reserved(p)) begin
      check_packet.code = ERROR_RESERVED_FIELD;
    end else if ((p.flags & FLAG_INTERRUPT) != '0 && p.vector >= 16'(VECTORS)) begin
      check_packet.code = ERROR_BAD_VECTOR;
    end else if (p.record_address[3:0] != '0) begin
      check_packet = '{code: ERROR_RECORD_ALIGNMENT, address: p.record_address};
    end else if (bad_space(line)) begin
      check_packet.code = ERROR_BAD_SPACE;
    end else if (bad_mode(line)) begin
      check_packet.code = ERROR_BAD_MODE;
    end else if (bad_length(line)) begin
      check_packet.code = ERROR_BAD_LENGTH;
    end else begin
      check_packet = check_operands(line);
      if (check_packet.code == ERROR_NONE) begin
        if (bad_semaphore(line)) check_packet.code = ERROR_BAD_SEMAPHORE;
        else if (p.opcode == OPCODE_LAUNCH) check_packet.code = check_launch(line);
      end
    end
  endfunction
endpackage
