// A toy in the device's place, to test the host side of the link alone: it sends whatever TLP a test asks for, streams
// reads or writes at full rate, and answers reads with the address as data, but for the MSI-X pending bits: none ever is.
// No device rule is kept here.
//
//   rx ──► registers (posted writes)      tx ◄── answers first, then one raw TLP, then the stream
//      ──► answers (reads, configuration)
//
// Offsets inside BAR0 (the low 12 bits count; any BAR address reaches them):
//   0x00 raw header DW1:DW0    0x08 DW3:DW2    0x10 raw go: beats[7:0], credits 8, no sop 9    0x40..0x7F raw line
//   0x20 stream address        0x28 bytes      0x30 stream go: writes 0
//   0x38 answer status[2:0] of the next read, read stall[3]; hold credits[4]
// Not modelled: everything else.
module doorbell_device
  import seams_pkg::*;
(
    input  logic     clk_i,
    input  logic     rst_i,
    output logic     tx_valid_o,
    input  logic     tx_ready_i,
    output logic     tx_sop_o,
    output logic     tx_last_o,
    output header_t  tx_hdr_o,
    output line_t    tx_data_o,
    input  credits_t tx_credits_i,
    input  logic     rx_valid_i,
    output logic     rx_ready_o,
    input  logic     rx_sop_i,
    input  logic     rx_last_i,
    input  header_t  rx_hdr_i,
    input  line_t    rx_data_i,
    output credits_t rx_credits_o
);
  localparam int unsigned ReadBytes = 512;
  localparam int unsigned WriteBytes = 256;
  localparam int unsigned Tags = 128;
  localparam logic [15:0] Id = 16'h0100;

  // ---- inbound ----
  logic rx_beat, posted, is_read, is_config;
  logic [7:0] kind;
  logic [63:0] rx_address;
  assign rx_beat = rx_valid_i && rx_ready_o;
  assign kind = rx_hdr_i[0][31:24];
  assign posted = (kind & 8'hDF) == 8'h40;
  assign is_read = (kind & 8'hDF) == 8'h00;
  assign is_config = (kind & 8'hBF) == 8'h04;
  assign rx_address = rx_hdr_i[0][29] ? {rx_hdr_i[2], rx_hdr_i[3]} : {32'b0, rx_hdr_i[2]};

  logic [63:0] raw_low_q, raw_high_q, stream_address_q, stream_left_q;
  line_t raw_line_q;
  logic [7:0] raw_beats_q;
  logic raw_go_q, raw_credits_q, raw_no_sop_q, stream_go_q, stream_write_q, stall_q, hold_q;
  logic [2:0] status_q;
  logic raw_done, stream_step;

  // ---- one answer at a time; a new request is taken only when it is done ----
  logic answer_q;
  header_t request_q;
  logic [31:0] config_q[64];
  logic [63:0] answer_address_q;
  logic [12:0] answer_left_q;  // bytes, from the enabled first one
  logic [31:0] config_data_q;
  localparam logic [7:0] PendingPage = 8'(doorbell_pkg::MSIX_PBA_OFFSET >> 12);
  logic answer_data;
  logic [12:0] answer_bytes;  // of this completion: to the next 64-byte boundary
  assign rx_ready_o = !(answer_q && rx_sop_i && (is_read || is_config || posted));
  assign answer_data = status_q == 3'd0 && !(request_q[0][30]);
  assign answer_bytes = 13'(7'd64 - {1'b0, answer_address_q[5:0]}) < answer_left_q ?
                        13'(7'd64 - {1'b0, answer_address_q[5:0]}) : answer_left_q;

  function automatic logic [1:0] first_byte(input logic [3:0] be);
    return be[0] ? 2'd0 : be[1] ? 2'd1 : be[2] ? 2'd2 : 2'd3;
  endfunction
  function automatic logic [1:0] last_gap(input logic [3:0] be);
    return be[3] ? 2'd0 : be[2] ? 2'd1 : be[1] ? 2'd2 : 2'd3;
  endfunction

  credits_t limit_q;  // towards the host
  assign rx_credits_o = limit_q;
  // ---- outbound ----
  logic [7:0] beat_q;
  credits_t used_q;
  logic [Tags-1:0] busy_q;
  logic [6:0] tag_q;
  logic sending_answer, sending_raw, sending_stream, credits_ok;
  logic [7:0] beats;
  credits_t left;
  assign left.ph   = tx_credits_i.ph - used_q.ph;
  assign left.pd   = tx_credits_i.pd - used_q.pd;
  assign left.nph  = tx_credits_i.nph - used_q.nph;
  assign left.npd  = tx_credits_i.npd - used_q.npd;
  assign left.cplh = '0;
  assign left.cpld = '0;
  // A raw TLP and the stream start only at their first beat with credits, and then go on.
  logic [1:0] owner_q;  // 0 none, 1 answer, 2 raw, 3 stream
  logic raw_ok;
  assign raw_ok = !raw_credits_q ||
                  ((raw_low_q[31:24] & 8'hDF) == 8'h40 ? left.ph != 0 && left.pd >= 12'(4 * raw_beats_q) :
                   left.nph != 0 && left.npd != 0);
  assign credits_ok = stream_write_q ? left.ph != 0 && left.pd >= 12'(WriteBytes / 16) :
                      left.nph != 0 && !busy_q[tag_q];
  assign sending_answer = owner_q == 2'd1 || (owner_q == 2'd0 && answer_q);
  assign sending_raw = owner_q == 2'd2 || (owner_q == 2'd0 && !answer_q && raw_go_q && raw_ok);
  assign sending_stream = owner_q == 2'd3 ||
                          (owner_q == 2'd0 && !answer_q && !(raw_go_q && raw_ok) && stream_go_q && credits_ok);
  assign tx_valid_o = sending_answer || sending_raw || sending_stream;
  assign beats = sending_raw ? raw_beats_q : sending_stream && stream_write_q ? 8'(WriteBytes / 64) : 8'd1;
  assign tx_sop_o = beat_q == 8'd0 && !(sending_raw && raw_no_sop_q);
  assign tx_last_o = beat_q + 8'd1 == beats;
  assign raw_done = sending_raw && tx_ready_i && tx_last_o;
  assign stream_step = sending_stream && tx_ready_i && tx_last_o;

  logic [1:0] answer_skip;
  logic [9:0] answer_dws;
  assign answer_skip = answer_address_q[1:0];
  assign answer_dws  = 10'((13'(answer_skip) + answer_bytes + 13'd3) >> 2);
  always_comb begin
    tx_hdr_o = '0;
    if (sending_answer) begin
      tx_hdr_o[0] = {answer_data ? 8'h4A : 8'h0A, 14'b0, answer_data ? answer_dws : 10'd0};
      tx_hdr_o[1] = {Id, status_q, 1'b0, 12'(answer_left_q)};
      tx_hdr_o[2] = {request_q[1][31:8], 1'b0, answer_address_q[6:0]};
    end else if (sending_raw) begin
      tx_hdr_o = {raw_high_q, raw_low_q};
    end else if (stream_write_q) begin
      tx_hdr_o = {
        stream_address_q[31:0],
        stream_address_q[63:32],
        {Id, 8'd0, 8'hFF},
        32'h6000_0000 | (WriteBytes / 4)
      };
    end else begin
      tx_hdr_o = {
        stream_address_q[31:0],
        stream_address_q[63:32],
        {Id, 1'b0, tag_q, 8'hFF},
        32'h2000_0000 | (ReadBytes / 4)
      };
    end
  end
  always_comb begin
    tx_data_o = raw_line_q;
    if (sending_answer) begin
      if ((request_q[0][31:24] & 8'hBF) == 8'h04) tx_data_o[31:0] = config_data_q;
      else begin
        for (int unsigned i = 0; i < 16; i++)
        tx_data_o[32*i+:32] = answer_address_q[19:12] == PendingPage ? '0 : {answer_address_q[31:2], 2'b0} + 32'(4 * i);
      end
    end else if (sending_stream) begin
      tx_data_o[63:0] = stream_address_q + 64'(beat_q) * 64;
    end
  end

  always_ff @(posedge clk_i) begin
    if (raw_done) raw_go_q <= 1'b0;
    if (tx_valid_o && tx_ready_i) begin
      beat_q  <= tx_last_o ? 8'd0 : beat_q + 8'd1;
      owner_q <= tx_last_o ? 2'd0 : sending_answer ? 2'd1 : sending_raw ? 2'd2 : 2'd3;
      if (sending_answer) begin
        answer_address_q <= answer_address_q + 64'(answer_bytes);
        answer_left_q <= answer_left_q - answer_bytes;
        if (!answer_data || answer_left_q == answer_bytes) begin
          answer_q <= 1'b0;
          status_q <= '0;
        end
      end
      if (sending_raw && tx_last_o) begin
        if ((raw_low_q[31:24] & 8'hDF) == 8'h40) begin
          used_q.ph <= used_q.ph + 8'd1;
          used_q.pd <= used_q.pd + 12'((raw_low_q[9:0] + 10'd3) >> 2);
        end else if (raw_low_q[27:25] != 3'b101) begin
          used_q.nph <= used_q.nph + 8'd1;
          if (raw_low_q[30]) used_q.npd <= used_q.npd + 12'd1;
        end
      end
      if (stream_step) begin
        if (stream_write_q) begin
          used_q.ph <= used_q.ph + 8'd1;
          used_q.pd <= used_q.pd + 12'(WriteBytes / 16);
        end else begin
          used_q.nph <= used_q.nph + 8'd1;
          busy_q[tag_q] <= 1'b1;
          tag_q <= tag_q + 7'd1;
        end
        stream_address_q <= stream_address_q + (stream_write_q ? 64'(WriteBytes) : 64'(ReadBytes));
        stream_left_q <= stream_left_q - (stream_write_q ? 64'(WriteBytes) : 64'(ReadBytes));
        if (stream_left_q <= (stream_write_q ? 64'(WriteBytes) : 64'(ReadBytes)))
          stream_go_q <= 1'b0;
      end
    end
    if (rx_beat && rx_last_i && !hold_q) begin
      if (posted) begin
        limit_q.ph <= limit_q.ph + 8'd1;
        limit_q.pd <= limit_q.pd + 12'((rx_hdr_i[0][9:0] + 10'd3) >> 2);
      end else if (kind[3:0] != 4'hA) begin
        limit_q.nph <= limit_q.nph + 8'd1;
        if (rx_hdr_i[0][30]) limit_q.npd <= limit_q.npd + 12'((rx_hdr_i[0][9:0] + 10'd3) >> 2);
      end
    end
    if (rx_beat && rx_sop_i) begin
      if (posted) begin
        case (rx_address[11:0] & ~12'h7)
          12'h000: raw_low_q <= rx_data_i[63:0];
          12'h008: raw_high_q <= rx_data_i[63:0];
          12'h010: begin
            raw_beats_q <= rx_data_i[7:0];
            raw_credits_q <= rx_data_i[8];
            raw_no_sop_q <= rx_data_i[9];
            raw_go_q <= 1'b1;
          end
          12'h020: stream_address_q <= rx_data_i[63:0];
          12'h028: stream_left_q <= rx_data_i[63:0];
          12'h030: begin
            stream_write_q <= rx_data_i[0];
            stream_go_q <= 1'b1;
          end
          12'h038: {hold_q, stall_q, status_q} <= rx_data_i[4:0];
          12'h040: raw_line_q <= rx_data_i;
          default: ;
        endcase
      end
      if (is_config && rx_hdr_i[0][30]) begin
        // BAR0 is 1 MiB and 64-bit; its size shows after all ones; the other registers keep what they get.
        config_q[rx_hdr_i[2][7:2]] <= rx_hdr_i[2][7:2] == 6'd4 ? (rx_data_i[31:0] & 32'hFFF0_0000) | 32'h4 :
                                      rx_data_i[31:0];
      end
      if ((is_read || is_config || (kind & 8'hDF) >= 8'h4C) && !posted && kind[3:0] != 4'hA && !stall_q) begin
        answer_q <= 1'b1;
        request_q <= rx_hdr_i;
        config_data_q <= config_q[rx_hdr_i[2][7:2]];
        answer_address_q <= is_read ? rx_address + 64'(first_byte(rx_hdr_i[1][3:0])) : 64'd0;
        answer_left_q <= !is_read ? 13'd4 :
                         13'({rx_hdr_i[0][9:0] == 10'd0, rx_hdr_i[0][9:0], 2'b0}) -
                         13'(first_byte(
            rx_hdr_i[1][3:0]
        )) - 13'(last_gap(
            rx_hdr_i[0][9:0] == 10'd1 ? rx_hdr_i[1][3:0] : rx_hdr_i[1][7:4]
        ));
      end
      // The stream frees its tag with the last completion.
      if (kind[6:0] == 7'h4A && {20'b0, rx_hdr_i[1][11:0]} == {20'b0, rx_hdr_i[0][9:0], 2'b0})
        busy_q[rx_hdr_i[2][14:8]] <= 1'b0;
    end
    if (rst_i) begin
      beat_q <= '0;
      owner_q <= '0;
      used_q <= '0;
      limit_q <= '{ph: 8'd32, pd: 12'd256, nph: 8'd16, npd: 12'd16, cplh: 8'd0, cpld: 12'd0};
      busy_q <= '0;
      tag_q <= '0;
      answer_q <= 1'b0;
      raw_go_q <= 1'b0;
      stream_go_q <= 1'b0;
      status_q <= '0;
      stall_q <= 1'b0;
      hold_q <= 1'b0;
      config_q[6'h34/4] <= 32'h40;
      config_q[6'd16] <= 32'h0002_0010;  // PCI Express capability at 0x40
      config_q[6'd4] <= 32'h4;
    end
  end
endmodule
