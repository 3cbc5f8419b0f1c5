// The part of the output matrix that one work-group covers: 16 rows by 64 columns, clipped to m by n.
//
//   group (x, y, z), m, n ─► inside?, rows 1..16, columns 1..64
//
// Combinational. rows_o and columns_o mean nothing when inside_o is 0.
module eu_tile
  import doorbell_pkg::*;
(
    input logic [15:0] x_i,
    input logic [15:0] y_i,
    input logic [15:0] z_i,
    input logic [16:0] m_i,      // rows of the output, 1..65536
    input logic [16:0] n_i,      // columns of the output, 1..65536

    output logic       inside_o,  // the group has something to do
    output logic [4:0] rows_o,
    output logic [6:0] columns_o
);
  logic [19:0] first_row;
  logic [21:0] first_column;
  logic [19:0] rows_left;
  logic [21:0] columns_left;

  assign first_row = {y_i, 4'd0};
  assign first_column = {x_i, 6'd0};
  assign rows_left = 20'(m_i) - first_row;
  assign columns_left = 22'(n_i) - first_column;

  assign inside_o = z_i == '0 && first_row < 20'(m_i) && first_column < 22'(n_i);
  assign rows_o = (rows_left > 20'(GEMM_TILE_ROWS)) ? 5'(GEMM_TILE_ROWS) : rows_left[4:0];
  assign columns_o = (columns_left > 22'(GEMM_TILE_COLUMNS)) ? 7'(GEMM_TILE_COLUMNS)
                                                             : columns_left[6:0];
endmodule
