// Types inside the PCIe endpoint: what its modules hand to each other. The seams to the rest of the device are in
// seams_pkg.sv.
package ep_pkg;
  import doorbell_pkg::*;
  import seams_pkg::*;

  // Receive buffers, as advertised in rx_credits_o. A data credit is 16 bytes. A TLP of c data credits fills at most
  // c / 4 + 3 / 4 lines, so PostedHeaders + PostedData / 4 lines hold whatever the credits allow.
  localparam int unsigned PostedHeaders = 32;
  localparam int unsigned PostedData = 128;
  localparam int unsigned PostedLines = PostedHeaders + PostedData / 4;
  localparam int unsigned NonPostedHeaders = 32;
  localparam int unsigned NonPostedData = 32;
  localparam int unsigned MaxLines = MPS_BYTES_MAX / 64;  // of one TLP
  localparam int unsigned LineCountBits = $clog2(MaxLines + 1);

  localparam int unsigned Bar0Bits = $clog2(BAR0_BYTES);
  localparam int unsigned LowTags = 32;  // usable while Extended Tag is off

  // Places in an order of posted requests, as counts of TLPs. What waits for its place may be passed by any number of
  // later ones while it lacks credits, so the range is far beyond what a queue holds.
  typedef logic [31:0] inbound_count_t;
  typedef logic [31:0] posted_mark_t;

  // ---- inbound -----------------------------------------------------------------------------------------------------

  typedef enum logic [1:0] {
    InNone,       // not a TLP type that PCIe defines
    InPosted,
    InNonPosted,
    InCompletion
  } inbound_class_e;

  typedef enum logic [1:0] {
    PostedWrite,
    PostedCounted,  // dropped and counted: poisoned, or a message
    PostedIgnored   // malformed: only its credits come back
  } posted_kind_e;
  typedef struct packed {
    posted_kind_e             kind;
    logic [63:0]              addr;      // of the first DW
    logic [LineCountBits-1:0] lines;     // payload lines held
    logic [6:0]               dws;       // payload, 1..64
    logic [3:0]               first_be;
    logic [3:0]               last_be;
  } posted_t;

  typedef enum logic [2:0] {
    NonPostedRead,
    NonPostedCfgRead,
    NonPostedCfgWrite,
    NonPostedAtomic,
    NonPostedUnsupported,
    NonPostedIgnored       // malformed: only its credits come back
  } nonposted_kind_e;
  typedef struct packed {
    nonposted_kind_e kind;
    reg_op_e         op;         // NonPostedAtomic
    inbound_count_t  order;      // posted requests that arrived before
    logic [15:0]     requester;
    logic [7:0]      tag;
    logic [2:0]      tc;
    logic [2:0]      attr;       // IDO, relaxed ordering, no snoop: a completion copies them
    logic            memory;     // byte count and lower address follow the memory read rules
    logic [63:0]     addr;       // of the first DW; configuration: ids and register, as in DW2
    logic [10:0]     dws;        // asked for, or payload; 1..1024
    logic [3:0]      first_be;
    logic [3:0]      last_be;
    logic [127:0]    data;
  } nonposted_t;

  // What the decoder says of a TLP's header.
  typedef struct packed {
    inbound_class_e class_of;
    logic           malformed;
    logic           poisoned;
    logic           has_data;
    logic [10:0]    dws;       // Length, 1..1024
    logic [6:0]     beats;     // that the payload takes on the link; 1 without payload
    logic [63:0]    addr;
    posted_kind_e    posted_kind;
    nonposted_kind_e nonposted_kind;
    reg_op_e         op;
    logic            memory_read;
  } inbound_t;

  // ---- completions to the host --------------------------------------------------------------------------------------

  // The part of a request that each of its completions repeats.
  typedef struct packed {
    logic [15:0] requester;
    logic [7:0]  tag;
    logic [2:0]  tc;
    logic [2:0]  attr;
  } completion_id_t;

  typedef struct packed {
    logic [2:0][31:0]         header;
    logic [63:0]              data;   // payload of a completion without lines
    logic [LineCountBits-1:0] lines;  // payload lines, taken from the line buffer
  } completion_t;

  function automatic logic [2:0][31:0] completion_header(
      completion_id_t id, logic [15:0] completer, completion_status_e status, logic has_data,
      logic [9:0] dws, logic [11:0] byte_count, logic [6:0] lower_address);
    logic [7:0] kind;
    kind = has_data ? TLP_KIND_CPLD : TLP_KIND_CPL;
    completion_header[0] = {
      kind, 1'b0, id.tc, 1'b0, id.attr[2], 4'b0, id.attr[1:0], 2'b0, has_data ? dws : 10'd0
    };
    completion_header[1] = {completer, status, 1'b0, byte_count};
    completion_header[2] = {id.requester, id.tag, 1'b0, lower_address};
  endfunction

  // First enabled byte of a DW; 0 when none is.
  function automatic logic [1:0] first_byte(logic [3:0] be);
    first_byte = be[0] ? 2'd0 : be[1] ? 2'd1 : be[2] ? 2'd2 : be[3] ? 2'd3 : 2'd0;
  endfunction

  // Bytes from the last enabled byte of a DW to its end.
  function automatic logic [1:0] bytes_after(logic [3:0] be);
    bytes_after = be[3] ? 2'd0 : be[2] ? 2'd1 : be[1] ? 2'd2 : be[0] ? 2'd3 : 2'd0;
  endfunction

  // Byte count of a memory read (PCIe Base 2.3.1.1, table 2-39): first to last enabled byte; 1 when none is.
  function automatic logic [12:0] read_bytes(logic [10:0] dws, logic [3:0] first_be,
                                             logic [3:0] last_be);
    logic [1:0] after;
    after = (dws == 11'd1) ? bytes_after(first_be) : bytes_after(last_be);
    if (dws == 11'd1 && first_be == '0) read_bytes = 13'd1;
    else read_bytes = {dws, 2'b0} - 13'(first_byte(first_be)) - 13'(after);
  endfunction

  // How a non-posted request is answered without any access.
  typedef enum logic [1:0] {
    AnswerNone,
    AnswerUr,
    AnswerCa,
    AnswerZero   // one DW that means nothing
  } answer_e;

  // ---- requests of the device -----------------------------------------------------------------------------------------

  // Byte enables of a request's first DW (PCIe Base 2.2.5): bytes from offset on, at most `len` of them.
  function automatic logic [3:0] request_first_be(logic [1:0] offset, logic [12:0] len);
    logic [3:0] from;
    logic [3:0] upto;
    from = 4'hf << offset;
    upto = (13'(offset) + len >= 13'd4) ? 4'hf : ~(4'hf << (3'(offset) + 3'(len[2:0])));
    request_first_be = from & upto;
  endfunction

  // Byte enables of its last DW; 0 when it has only one.
  function automatic logic [3:0] request_last_be(logic [1:0] offset, logic [12:0] len);
    logic [12:0] bytes_to_end;
    bytes_to_end = 13'(offset) + len;
    if (bytes_to_end <= 13'd4) request_last_be = '0;
    else request_last_be = 4'hf >> (2'd0 - bytes_to_end[1:0]);
  endfunction

  // Header of a memory request. No attribute, traffic class or hint is ever set (ORD-ATTR-001); the address form follows
  // the address (EP-TLP-006); the enables select exactly the bytes meant (EP-TLP-005).
  function automatic header_t request_header(logic write, logic [15:0] requester, logic [7:0] tag,
                                             logic [63:0] addr, logic [12:0] len);
    logic [9:0] dws;
    logic       wide;
    dws = 10'((13'(addr[1:0]) + len + 13'd3) >> 2);
    wide = addr[63:32] != '0;
    request_header[0] = {1'b0, write, wide, 5'b0, 14'b0, dws};
    request_header[1] = {
      requester, tag, request_last_be(addr[1:0], len), request_first_be(addr[1:0], len)
    };
    request_header[2] = wide ? addr[63:32] : {addr[31:2], 2'b0};
    request_header[3] = wide ? {addr[31:2], 2'b0} : '0;
  endfunction

  // ---- read tags ---------------------------------------------------------------------------------------------------------

  typedef enum logic [2:0] {
    TagFree,
    TagQueued,       // the request waits in ep_tx
    TagOutstanding,
    TagQuarantined,  // abandoned; a late completion may still come
    TagVoid          // abandoned before it left: ep_tx drops it when its turn comes, then it rests
  } tag_state_e;
  // What stays as the client asked.
  typedef struct packed {
    client_e     client;
    logic [QueueBits-1:0] queue;
    logic [7:0]  info;
    logic [63:0] addr;
  } tag_request_t;
  // What moves with each completion.
  typedef struct packed {
    logic        poisoned;
    logic [6:0]  lower;      // lower address that the next completion must have
    logic [9:0]  remaining;  // bytes
    logic [31:0] dst;        // of the next byte
  } tag_progress_t;

  // What one completion means for the read of its tag.
  typedef struct packed {
    logic         known;    // answers an outstanding read
    logic         late;     // answers an abandoned one
    logic         final_of; // the last completion of its read
    logic         good;     // data in the right place
    read_status_e status;   // when not good
    logic [9:0]   bytes;    // meant by this completion
  } verdict_t;

  // ---- errors for the status registers of configuration space ----------------------------------------------------------

  typedef struct packed {
    logic ur_sent;
    logic ca_sent;
    logic ur_received;
    logic ca_received;
    logic poisoned_received;
    logic timeout;
    logic fatal;
  } error_events_t;
endpackage
