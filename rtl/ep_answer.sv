// Makes the completion of a non-posted request that has one completion: registers, configuration space, errors.
//
//   request + status + data ──► header, payload of at most two DWs
//
// Combinational; works only while valid_i. BAR2 reads are answered by ep_mem_reader.
// Promises (PCIe Base 2.2.9): a memory read's completion names its bytes by count and lower address, an AtomicOp's the
// size of its operand, any other the count 4; attributes and traffic class are the request's.
module ep_answer
  import doorbell_pkg::*;
  import seams_pkg::*;
  import ep_pkg::*;
(
    input logic               valid_i,
    input nonposted_t         request_i,
    input logic        [15:0] completer_i,  // id of this function
    input completion_status_e status_i,
    input logic               with_data_i,
    input logic        [63:0] data_i,       // the register's qword; configuration: bits 31:0

    output completion_t completion_o
);
  logic           atomic;
  completion_id_t id;
  logic [9:0]     dws;
  logic [11:0]    byte_count;
  logic [6:0]     lower_address;

  logic unused_request;
  assign unused_request = ^{
    request_i.op, request_i.order, request_i.addr[63:7], request_i.addr[1:0], request_i.data
  };

  always_comb begin
    atomic        = request_i.kind == NonPostedAtomic;
    id            = '0;
    dws           = '0;
    byte_count    = '0;
    lower_address = '0;
    completion_o  = '0;
    if (valid_i) begin
      id = '{
          requester: request_i.requester,
          tag: request_i.tag,
          tc: request_i.tc,
          attr: request_i.attr
      };
      dws = atomic ? 10'd2 : 10'(request_i.dws);
      byte_count = atomic ? 12'd8 : 12'd4;
      if (request_i.memory) begin
        byte_count    = 12'(read_bytes(request_i.dws, request_i.first_be, request_i.last_be));
        lower_address = {request_i.addr[6:2], first_byte(request_i.first_be)};
      end
      completion_o.header =
          completion_header(id, completer_i, status_i, with_data_i, dws, byte_count, lower_address);
      completion_o.data = (request_i.memory && request_i.addr[2]) ? {32'b0, data_i[63:32]} : data_i;
    end
  end
endmodule
