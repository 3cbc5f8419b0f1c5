// What the kernels of an execution unit share: the tile that a work-group covers.
package eu_pkg;
  import doorbell_pkg::*;
  import seams_pkg::*;

  typedef logic [MemAddrBits-1:0] mem_addr_t;

  // The part of an output matrix of m by n that work-group (x, y, 0) covers, clipped at the edges.
  typedef struct packed {
    logic [4:0] rows;     // 1..16
    logic [6:0] columns;  // 1..64
  } tile_t;

  // m and n are 1..65536; the group covers something: 16 y < m and 64 x < n.
  function automatic tile_t tile_of(input logic [15:0] x, input logic [15:0] y,
                                    input logic [16:0] m, input logic [16:0] n);
    logic [16:0] rows_left;
    logic [16:0] columns_left;
    rows_left = m - 17'({y, 4'd0});
    columns_left = n - 17'({x, 6'd0});
    tile_of.rows = (rows_left > 17'(GEMM_TILE_ROWS)) ? 5'(GEMM_TILE_ROWS) : rows_left[4:0];
    tile_of.columns = (columns_left > 17'(GEMM_TILE_COLUMNS)) ? 7'(GEMM_TILE_COLUMNS)
                                                              : columns_left[6:0];
  endfunction

  // First byte of the tile's first row: row 16 y of `pitch` bytes, and `offset` bytes into it.
  function automatic mem_addr_t tile_addr(input mem_addr_t base, input logic [15:0] y,
                                          input mem_addr_t pitch, input logic [23:0] offset);
    return base + mem_addr_t'({y, 4'd0}) * pitch + mem_addr_t'(offset);
  endfunction

  // The last of the groups of 16 columns that a tile has.
  function automatic logic [1:0] last_quarter_of(input logic [6:0] columns);
    return 2'((columns - 7'd1) >> 4);
  endfunction

  // Byte enables of the first `bytes` bytes of a line, 1 or more; 64 and more: all.
  function automatic logic [63:0] first_bytes(input logic [8:0] bytes);
    return (bytes >= 9'd64) ? '1 : (64'd1 << bytes[5:0]) - 64'd1;
  endfunction
endpackage
