// Which planted bug acts in this run: +planted=NUMBER; without it, none.
package planted_pkg;
  function automatic int unsigned choose();
    if ($value$plusargs("planted=%d", choose) == 0) choose = 0;
  endfunction

  int unsigned chosen = choose();
endpackage
