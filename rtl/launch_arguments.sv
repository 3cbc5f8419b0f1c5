// Checks a kernel's argument block, in the order and with the codes of contract/kernels.yaml.
//
//   start, kernel, line ─► fields ─► [ span of operand 0, 1, 2 ─► in memory? ] ─► done, code, tiles
//
// Two cycles for the fields, two for each of the three operands, with one multiplier. The first fault ends the check.
// Keeps EU-ARG-002 to EU-ARG-005.
module launch_arguments
  import doorbell_pkg::*;
  import seams_pkg::*;
(
    input logic clk_i,
    input logic rst_i,

    input logic    start_i,   // line_i is valid from the next cycle on, until done_o
    input kernel_e kernel_i,  // valid with start_i
    input line_t   line_i,

    output logic        done_o,         // pulse; the outputs below stay until the next start
    output error_e      code_o,
    output logic [11:0] last_tile_x_o,  // tiles that the output matrix has, less one
    output logic [11:0] last_tile_y_o
);
  typedef enum logic [1:0] {
    CheckIdle,
    CheckFields,
    CheckSpan,    // multiplies
    CheckRange    // compares
  } state_e;

  // One operand: rows of `bytes` bytes, `pitch` bytes apart.
  typedef struct packed {
    logic [63:0] addr;
    logic [16:0] rows;
    logic [31:0] pitch;
    logic [18:0] bytes;
  } operand_t;

  state_e      state_q;
  kernel_e     kernel_q;
  logic [ 1:0] operand_q;
  logic [48:0] span_q;
  logic        done_q;
  error_e      code_q;
  logic [63:0] addr_q;  // of the operand that is looked at
  logic [11:0] last_tile_x_q;
  logic [11:0] last_tile_y_q;

  function automatic logic dimension_ok(input logic [31:0] value);
    return value != '0 && value <= DIMENSION_MAX;
  endfunction

  // The block as each kernel's arguments. The functions below are called in one state each, so that a quiet check costs
  // nothing.
  gemm_s8_arguments_t    gemm;
  requantise_arguments_t requantise;
  logic                  is_gemm;

  assign gemm = gemm_s8_arguments_t'(line_i);
  assign requantise = requantise_arguments_t'(line_i);
  assign is_gemm = kernel_q == KERNEL_GEMM_S8;

  function automatic error_e gemm_fields();
    if (gemm.reserved_48 != '0) return ERROR_ARGUMENT_RESERVED;
    if (!dimension_ok(
            gemm.m
        ) || !dimension_ok(
            gemm.n
        ) || !dimension_ok(
            gemm.k
        ) || gemm.lda < gemm.k || gemm.ldb < gemm.n || gemm.ldc < {gemm.n[29:0], 2'd0}) begin
      return ERROR_ARGUMENT_SHAPE;
    end
    if (gemm.c[1:0] != '0 || gemm.ldc[1:0] != '0) return ERROR_ARGUMENT_ALIGNMENT;
    return ERROR_NONE;
  endfunction

  function automatic error_e requantise_fields();
    if (requantise.reserved_47 != '0) return ERROR_ARGUMENT_RESERVED;
    if (!dimension_ok(
            requantise.m
        ) || !dimension_ok(
            requantise.n
        ) || requantise.ldx < {requantise.n[29:0], 2'd0} || requantise.ldy < requantise.n ||
            requantise.multiplier[31] || 32'(requantise.shift) < SHIFT_MIN ||
            32'(requantise.shift) > SHIFT_MAX || requantise.lo > requantise.hi) begin
      return ERROR_ARGUMENT_SHAPE;
    end
    if (requantise.x[1:0] != '0 || requantise.ldx[1:0] != '0 || requantise.bias[1:0] != '0) begin
      return ERROR_ARGUMENT_ALIGNMENT;
    end
    return ERROR_NONE;
  endfunction

  // In the order of kernels.yaml. Dimensions are in range by now.
  function automatic operand_t gemm_operand();
    unique case (operand_q)
      2'd0:    return '{gemm.a, gemm.m[16:0], gemm.lda, gemm.k[18:0]};
      2'd1:    return '{gemm.b, gemm.k[16:0], gemm.ldb, gemm.n[18:0]};
      default: return '{gemm.c, gemm.m[16:0], gemm.ldc, {gemm.n[16:0], 2'd0}};
    endcase
  endfunction

  function automatic operand_t requantise_operand();
    unique case (operand_q)
      2'd0: begin
        return '{requantise.x, requantise.m[16:0], requantise.ldx, {requantise.n[16:0], 2'd0}};
      end
      2'd1: return '{requantise.bias, 17'd1, 32'd0, {requantise.n[16:0], 2'd0}};
      default: begin
        return '{requantise.y, requantise.m[16:0], requantise.ldy, requantise.n[18:0]};
      end
    endcase
  endfunction

  always_ff @(posedge clk_i) begin
    done_q <= 1'b0;
    unique case (state_q)
      CheckIdle: begin
        if (start_i) begin
          kernel_q  <= kernel_i;
          operand_q <= '0;
          state_q   <= CheckFields;
        end
      end
      CheckFields: begin : Fields
        automatic error_e code = is_gemm ? gemm_fields() : requantise_fields();
        automatic logic [31:0] m = is_gemm ? gemm.m : requantise.m;
        automatic logic [31:0] n = is_gemm ? gemm.n : requantise.n;
        code_q <= code;
        last_tile_x_q <= 12'((n - 32'd1) / GEMM_TILE_COLUMNS);
        last_tile_y_q <= 12'((m - 32'd1) / GEMM_TILE_ROWS);
        done_q <= code != ERROR_NONE;
        state_q <= (code != ERROR_NONE) ? CheckIdle : CheckSpan;
      end
      CheckSpan: begin : Span
        automatic operand_t operand = is_gemm ? gemm_operand() : requantise_operand();
        span_q  <= 49'(operand.rows - 17'd1) * 49'(operand.pitch) + 49'(operand.bytes);
        addr_q  <= operand.addr;
        state_q <= CheckRange;
      end
      CheckRange: begin
        operand_q <= operand_q + 1'b1;
        state_q   <= (operand_q == 2'd2) ? CheckIdle : CheckSpan;
        done_q    <= operand_q == 2'd2;
        if (65'(addr_q) + 65'(span_q) > 65'(DEVICE_MEMORY_BYTES)) begin
          code_q  <= ERROR_ARGUMENT_RANGE;
          done_q  <= 1'b1;
          state_q <= CheckIdle;
        end
      end
    endcase
    if (rst_i) begin
      state_q <= CheckIdle;
      done_q  <= 1'b0;
    end
  end

  assign done_o = done_q;
  assign code_o = code_q;
  assign last_tile_x_o = last_tile_x_q;
  assign last_tile_y_o = last_tile_y_q;
endmodule
