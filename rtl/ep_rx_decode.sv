// What an inbound TLP's header says: its class, what it asks for and whether it is malformed (PCIe Base 2.2, 2.3).
//
//   header ──► [ fmt and type ] ──► class, kind ──► [ length, enables, 4 KiB, alignment ] ──► malformed
//
// Combinational; works only while valid_i, so that an idle link costs one compare.
// Not modelled: prefixes, ECRC (a TLP that announces a digest is malformed, because the link carries none), 10-bit tags,
// deferrable writes. Traffic classes all map to VC0. Attributes and hints of requests are accepted and mean nothing.
module ep_rx_decode
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic valid_i,
    input header_t header_i,
    input logic [3:0] mps_log2_i,  // bytes
    output inbound_t inbound_o
);
  // Types that no emitted name covers, because the device neither sends nor supports them.
  localparam logic [4:0] TypeMemory = 5'b00000;
  localparam logic [4:0] TypeMemoryLocked = 5'b00001;
  localparam logic [4:0] TypeIo = 5'b00010;
  localparam logic [4:0] TypeCfg0 = 5'b00100;
  localparam logic [4:0] TypeCfg1 = 5'b00101;
  localparam logic [4:0] TypeCompletion = 5'b01010;
  localparam logic [4:0] TypeCompletionLocked = 5'b01011;
  localparam logic [4:0] TypeFetchAdd = 5'b01100;
  localparam logic [4:0] TypeSwap = 5'b01101;
  localparam logic [4:0] TypeCas = 5'b01110;

  typedef enum logic [2:0] {
    RulesNone,
    RulesMemory,  // byte enables, 4 KiB
    RulesSingle,  // configuration, I/O: one DW
    RulesAtomic   // operand size and alignment
  } rules_e;

  logic   [ 2:0] fmt;
  logic   [ 4:0] type_of;
  logic   [ 3:0] first_be;
  logic   [ 3:0] last_be;
  logic          data;
  logic          wide;
  logic          poisoned;
  rules_e        rules;
  logic          legal;

  assign fmt      = header_i[0][31:29];
  assign type_of  = header_i[0][28:24];
  assign first_be = header_i[1][3:0];
  assign last_be  = header_i[1][7:4];
  assign data     = fmt[1];
  assign wide     = fmt[0];
  assign poisoned = header_i[0][14] && data;

  always_comb begin
    inbound_o = '0;
    rules     = RulesNone;
    legal     = 1'b0;
    if (valid_i) begin
      inbound_o.has_data = data;
      inbound_o.poisoned = poisoned;
      inbound_o.dws = {header_i[0][9:0] == '0, header_i[0][9:0]};
      inbound_o.beats = data ? 7'((inbound_o.dws + 11'd15) >> 4) : 7'd1;
      inbound_o.addr             = wide ? {header_i[2], header_i[3][31:2], 2'b0}
                                        : {32'b0, header_i[2][31:2], 2'b0};
      inbound_o.posted_kind = PostedCounted;
      inbound_o.nonposted_kind = NonPostedUnsupported;
      inbound_o.op = RegFetchAdd;

      // Class and kind. What stays at the defaults is legal and not supported.
      unique casez ({
        fmt[2], type_of
      })
        {
          1'b0, TypeMemory
        } : begin
          rules = RulesMemory;
          if (data) begin
            inbound_o.class_of = InPosted;
            if (!poisoned) inbound_o.posted_kind = PostedWrite;
          end else begin
            inbound_o.class_of       = InNonPosted;
            inbound_o.nonposted_kind = NonPostedRead;
            inbound_o.memory_read    = 1'b1;
          end
        end
        {
          1'b0, TypeMemoryLocked
        } : begin
          rules                 = RulesMemory;
          inbound_o.class_of    = data ? InNone : InNonPosted;
          inbound_o.memory_read = 1'b1;
        end
        {
          1'b0, TypeIo
        }, {
          1'b0, TypeCfg1
        } : begin
          rules              = RulesSingle;
          inbound_o.class_of = wide ? InNone : InNonPosted;
        end
        {
          1'b0, TypeCfg0
        } : begin
          rules              = RulesSingle;
          inbound_o.class_of = wide ? InNone : InNonPosted;
          if (header_i[2][18:16] == '0 && !poisoned) begin  // other functions do not exist
            inbound_o.nonposted_kind = data ? NonPostedCfgWrite : NonPostedCfgRead;
          end
        end
        {
          1'b0, TypeFetchAdd
        }, {
          1'b0, TypeSwap
        }, {
          1'b0, TypeCas
        } : begin
          rules = RulesAtomic;
          inbound_o.class_of = data ? InNonPosted : InNone;
          inbound_o.op       = (type_of == TypeFetchAdd) ? RegFetchAdd
                             : (type_of == TypeSwap)     ? RegSwap : RegCas;
          // 64-bit operands only; a compare and swap carries two.
          if (!poisoned && inbound_o.dws == ((type_of == TypeCas) ? 11'd4 : 11'd2)) begin
            inbound_o.nonposted_kind = NonPostedAtomic;
          end
        end
        {
          1'b0, TypeCompletion
        }, {
          1'b0, TypeCompletionLocked
        } : begin
          inbound_o.class_of = wide ? InNone : InCompletion;
        end
        6'b0_10???: inbound_o.class_of = wide ? InPosted : InNone;
        default: inbound_o.class_of = InNone;
      endcase

      // Form.
      unique case (rules)
        RulesMemory: begin
          legal = 13'(inbound_o.addr[11:2]) + 13'(inbound_o.dws) <= 13'd1024;
          if (inbound_o.dws == 11'd1) begin
            legal &= last_be == '0;
          end else begin
            legal &= first_be != '0 && last_be != '0;
            // Holes in the enables: only in two DWs that are one aligned qword.
            if (inbound_o.dws != 11'd2 || inbound_o.addr[2]) begin
              legal &= first_be inside {4'hf, 4'he, 4'hc, 4'h8};
              legal &= last_be inside {4'hf, 4'h7, 4'h3, 4'h1};
            end
          end
        end
        RulesSingle: legal = inbound_o.dws == 11'd1 && last_be == '0;
        RulesAtomic: begin
          if (type_of == TypeCas) begin
            unique case (inbound_o.dws)
              11'd2:   legal = 1'b1;
              11'd4:   legal = inbound_o.addr[2] == '0;
              11'd8:   legal = inbound_o.addr[3:2] == '0;
              default: legal = 1'b0;
            endcase
          end else begin
            legal = inbound_o.dws == 11'd1 || (inbound_o.dws == 11'd2 && !inbound_o.addr[2]);
          end
        end
        default: legal = 1'b1;
      endcase
      if (data && {inbound_o.dws, 2'b0} > (13'd1 << mps_log2_i)) legal = 1'b0;
      if (header_i[0][15]) legal = 1'b0;
      inbound_o.malformed = !legal || inbound_o.class_of == InNone;
    end
  end
endmodule
