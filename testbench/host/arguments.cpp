// A simulator that is forked before simulated time begins (fork_server.py): it has one thread, and a fork is told here
// what plusargs it has.
#include <verilated.h>

#include "host_api.h"

namespace {
// Before main() makes the model. Verilator's second thread would have nothing to do, and no fork would have it.
const bool one_thread = (Verilated::threadContextp()->threads(1), true);
}  // namespace

extern "C" void dbh_add_argument(const char* text) { Verilated::threadContextp()->commandArgsAdd(1, &text); }
