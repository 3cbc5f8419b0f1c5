// Type 0 configuration space (PCIe Base 7.5, 7.7), one function.
//
//   000 header      040 power management (D0 only)   050 PCI Express   0a0 MSI-X   100 device serial number
//
//   req (from ep_completer) ──► registers ──► rsp one cycle later ──► command, BARs, sizes, MSI-X control, ids
//
// Promises: byte enables hold for every writable bit; what is not implemented reads as zero and ignores writes
// (EP-CFG-002); a write is in force before its completion is made; ids follow the latest configuration write (EP-CFG-003).
// Device reset leaves all of it alone. Not modelled: function level reset, D3hot, AER (planned); INTx; link control.
module ep_config
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
#(
    parameter logic [63:0] SerialNumber = '0
) (
    input logic clk_i,
    input logic rst_i,

    // One request at a time; rsp_valid_o one cycle after req_valid_i.
    input  logic        req_valid_i,
    input  logic        req_write_i,
    input  logic [12:0] req_id_i,     // bus and device that the request is addressed to
    input  logic [ 9:0] req_dw_i,     // register
    input  logic [ 3:0] req_be_i,
    input  logic [31:0] req_data_i,
    output logic        rsp_valid_o,
    output logic [31:0] rsp_data_o,

    input error_events_t errors_i,               // pulses
    input logic          transactions_pending_i,

    output logic [15:0] id_o,             // bus, device, function
    output logic        memory_space_o,
    output logic        bus_master_o,
    output logic [63:Bar0Bits]    bar0_o,
    output logic [63:MemAddrBits] bar2_o,
    output logic [ 3:0] mps_o,            // log2 bytes
    output logic [ 3:0] mrrs_o,           // log2 bytes
    output logic        extended_tag_o,
    output logic        msix_enable_o,
    output logic        msix_mask_o
);
  // Registers, as dword numbers.
  localparam logic [9:0] RegId = 10'h000;
  localparam logic [9:0] RegCommand = 10'h001;
  localparam logic [9:0] RegClass = 10'h002;
  localparam logic [9:0] RegBar0Low = 10'h004;
  localparam logic [9:0] RegBar0High = 10'h005;
  localparam logic [9:0] RegBar2Low = 10'h006;
  localparam logic [9:0] RegBar2High = 10'h007;
  localparam logic [9:0] RegSubsystem = 10'h00b;
  localparam logic [9:0] RegCapPointer = 10'h00d;
  localparam logic [9:0] RegInterrupt = 10'h00f;
  localparam logic [9:0] RegPmCap = 10'h010;
  localparam logic [9:0] RegPcieCap = 10'h014;
  localparam logic [9:0] RegDeviceCap = 10'h015;
  localparam logic [9:0] RegDeviceControl = 10'h016;
  localparam logic [9:0] RegLinkCap = 10'h017;
  localparam logic [9:0] RegLinkControl = 10'h018;
  localparam logic [9:0] RegDeviceCap2 = 10'h01d;
  localparam logic [9:0] RegLinkCap2 = 10'h01f;
  localparam logic [9:0] RegLinkControl2 = 10'h020;
  localparam logic [9:0] RegMsixCap = 10'h028;
  localparam logic [9:0] RegMsixTable = 10'h029;
  localparam logic [9:0] RegMsixPba = 10'h02a;
  localparam logic [9:0] RegSerialCap = 10'h040;
  localparam logic [9:0] RegSerialLow = 10'h041;
  localparam logic [9:0] RegSerialHigh = 10'h042;

  localparam logic [31:0] Bar0Mask = 32'(-BAR0_BYTES);
  localparam logic [31:0] Bar2Mask = 32'(-DEVICE_MEMORY_BYTES);
  localparam logic [2:0] MpsSupported = 3'($clog2(MPS_BYTES_MAX) - 7);

  typedef struct packed {
    logic interrupt_disable;
    logic bus_master;
    logic memory_space;
  } command_t;
  typedef struct packed {  // set by events, cleared by writing 1
    logic parity;        // poisoned TLP received
    logic master_abort;  // UR received
    logic target_abort;  // CA received
    logic sent_abort;    // CA sent
  } status_t;
  typedef struct packed {
    logic [2:0] mrrs;
    logic       extended_tag;
    logic [2:0] mps;
    logic [3:0] reporting;
  } control_t;
  typedef struct packed {  // set by events, cleared by writing 1
    logic unsupported;
    logic fatal;
    logic nonfatal;
  } device_status_t;

  logic        rsp_valid_q;
  logic [31:0] rsp_data_q;
  logic [15:0] id_q;
  command_t command_q;
  status_t status_q;
  logic [31:0] bar0_low_q;
  logic [31:0] bar0_high_q;
  logic [31:0] bar2_low_q;
  logic [31:0] bar2_high_q;
  logic [7:0] interrupt_line_q;
  control_t control_q;
  device_status_t device_status_q;
  logic msix_enable_q;
  logic msix_mask_q;

  // ---- reads -------------------------------------------------------------------------------------------------------

  logic [31:0] read_data;
  always_comb begin
    read_data = '0;
    if (req_valid_i) begin
      unique case (req_dw_i)
        RegId:           read_data = {16'(DEVICE_ID), 16'(VENDOR_ID)};
        RegCommand: begin
          // Status bit 4: there is a capability list.
          read_data = {
            status_q.parity,
            1'b0,
            status_q.master_abort,
            status_q.target_abort,
            status_q.sent_abort,
            6'b0,
            1'b1,
            4'b0,
            5'b0,
            command_q.interrupt_disable,
            7'b0,
            command_q.bus_master,
            command_q.memory_space,
            1'b0
          };
        end
        RegClass:        read_data = {24'(CLASS_CODE), 8'h00};
        RegBar0Low:      read_data = bar0_low_q | 32'h4;  // 64-bit
        RegBar0High:     read_data = bar0_high_q;
        RegBar2Low:      read_data = bar2_low_q | 32'hc;  // 64-bit, prefetchable
        RegBar2High:     read_data = bar2_high_q;
        RegSubsystem:    read_data = {16'(DEVICE_ID), 16'(VENDOR_ID)};
        RegCapPointer:   read_data = 32'h40;
        RegInterrupt:    read_data = {24'b0, interrupt_line_q};
        // Power management version 3, D0 only: its control register is all zero.
        RegPmCap:        read_data = {16'h0003, 8'h50, 8'h01};
        RegPcieCap:      read_data = {16'h0002, 8'ha0, 8'h10};  // version 2, endpoint
        // Role-based error reporting, extended tag.
        RegDeviceCap:    read_data = {16'b0, 1'b1, 9'b0, 1'b1, 2'b0, MpsSupported};
        RegDeviceControl: begin
          read_data = {
            10'b0,
            transactions_pending_i,
            1'b0,
            device_status_q.unsupported,
            device_status_q.fatal,
            device_status_q.nonfatal,
            1'b0,
            1'b0,
            control_q.mrrs,
            3'b0,
            control_q.extended_tag,
            control_q.mps,
            1'b0,
            control_q.reporting
          };
        end
        // 8 GT/s, 16 lanes: what 64 bytes per 250 MHz cycle come to. ASPM optionality compliance.
        RegLinkCap:      read_data = {8'h00, 2'b01, 12'b0, 6'd16, 4'd3};
        RegLinkControl:  read_data = {6'b0, 6'd16, 4'd3, 16'b0};
        RegDeviceCap2:   read_data = 32'h0000_0100;  // 64-bit AtomicOp completer
        RegLinkCap2:     read_data = 32'h0000_000e;
        RegLinkControl2: read_data = 32'h0000_0003;
        RegMsixCap:      read_data = {msix_enable_q, msix_mask_q, 3'b0, 11'(VECTORS - 1), 16'h0011};
        RegMsixTable:    read_data = 32'(MSIX_TABLE_OFFSET);  // BAR0
        RegMsixPba:      read_data = 32'(MSIX_PBA_OFFSET);  // BAR0
        RegSerialCap:    read_data = 32'h0001_0003;
        RegSerialLow:    read_data = SerialNumber[31:0];
        RegSerialHigh:   read_data = SerialNumber[63:32];
        default:         read_data = '0;
      endcase
    end
  end

  // ---- writes ------------------------------------------------------------------------------------------------------

  logic [31:0] mask;  // bits that the byte enables select
  assign mask = {{8{req_be_i[3]}}, {8{req_be_i[2]}}, {8{req_be_i[1]}}, {8{req_be_i[0]}}};

  function automatic logic [31:0] merge(logic [31:0] old, logic [31:0] data, logic [31:0] select);
    merge = (old & ~select) | (data & select);
  endfunction

  always_ff @(posedge clk_i) begin
    rsp_valid_q <= req_valid_i;
    if (req_valid_i) rsp_data_q <= read_data;

    if (req_valid_i && req_write_i) begin
      id_q <= {req_id_i, 3'b0};
      unique case (req_dw_i)
        RegCommand: begin
          if (req_be_i[0]) command_q.memory_space <= req_data_i[1];
          if (req_be_i[0]) command_q.bus_master <= req_data_i[2];
          if (req_be_i[1]) command_q.interrupt_disable <= req_data_i[10];
          if (req_be_i[3]) begin
            status_q <= status_q & ~{
              req_data_i[31], req_data_i[29], req_data_i[28], req_data_i[27]
            };
          end
        end
        RegBar0Low: bar0_low_q <= merge(bar0_low_q, req_data_i, mask) & Bar0Mask;
        RegBar0High: bar0_high_q <= merge(bar0_high_q, req_data_i, mask);
        RegBar2Low: bar2_low_q <= merge(bar2_low_q, req_data_i, mask) & Bar2Mask;
        RegBar2High: bar2_high_q <= merge(bar2_high_q, req_data_i, mask);
        RegInterrupt: if (req_be_i[0]) interrupt_line_q <= req_data_i[7:0];
        RegDeviceControl: begin
          if (req_be_i[0]) control_q.reporting <= req_data_i[3:0];
          if (req_be_i[0]) control_q.mps <= req_data_i[7:5];
          if (req_be_i[1]) control_q.extended_tag <= req_data_i[8];
          if (req_be_i[1]) control_q.mrrs <= req_data_i[14:12];
          if (req_be_i[2]) device_status_q <= device_status_q & ~req_data_i[19:17];
        end
        RegMsixCap: begin
          if (req_be_i[3]) msix_mask_q <= req_data_i[30];
          if (req_be_i[3]) msix_enable_q <= req_data_i[31];
        end
        default: ;
      endcase
    end

    // An event in the cycle of its clearing wins.
    if (errors_i != '0) begin
      if (errors_i.poisoned_received) status_q.parity <= 1'b1;
      if (errors_i.ur_received) status_q.master_abort <= 1'b1;
      if (errors_i.ca_received) status_q.target_abort <= 1'b1;
      if (errors_i.ca_sent) status_q.sent_abort <= 1'b1;
      if (errors_i.ur_sent) device_status_q.unsupported <= 1'b1;
      if (errors_i.fatal) device_status_q.fatal <= 1'b1;
      if (errors_i.poisoned_received || errors_i.timeout || errors_i.ca_sent) begin
        device_status_q.nonfatal <= 1'b1;
      end
    end

    if (rst_i) begin
      rsp_valid_q      <= 1'b0;
      id_q             <= '0;
      command_q        <= '0;
      status_q         <= '0;
      bar0_low_q       <= '0;
      bar0_high_q      <= '0;
      bar2_low_q       <= '0;
      bar2_high_q      <= '0;
      interrupt_line_q <= '0;
      control_q        <= '{mrrs: 3'd2, default: '0};
      device_status_q  <= '0;
      msix_enable_q    <= 1'b0;
      msix_mask_q      <= 1'b0;
    end
  end

  assign rsp_valid_o = rsp_valid_q;
  assign rsp_data_o = rsp_data_q;
  assign id_o = id_q;
  assign memory_space_o = command_q.memory_space;
  assign bus_master_o = command_q.bus_master;
  assign bar0_o = {bar0_high_q, bar0_low_q[31:Bar0Bits]};
  assign bar2_o = {bar2_high_q, bar2_low_q[31:MemAddrBits]};
  assign extended_tag_o = control_q.extended_tag;
  assign msix_enable_o = msix_enable_q;
  assign msix_mask_o = msix_mask_q;
  // Sizes are 128 bytes shifted by the field; larger settings than the device can use act as its own limit.
  assign mps_o = (control_q.mps > MpsSupported) ? 4'($clog2(
      MPS_BYTES_MAX
  )) : 4'd7 + 4'(control_q.mps);
  assign mrrs_o = (control_q.mrrs > 3'd2) ? 4'($clog2(MRRS_BYTES_MAX)) : 4'd7 + 4'(control_q.mrrs);
endmodule
