// What the parts of the command processor share: counts, packet places, decoded heads, failures, round-robin choice.
//
// A packet is known by the low 6 bits of its count (mark_t): all marks that are compared lie at most 32 apart, because
//   retired <= started <= get <= fetched <= retired + 32    (at most WINDOW started, Prefetch ahead of the next start).
// Its place in the packet RAM is the low 5 bits of the count, its window slot (owner_t.slot) the low 4.
package cp_pkg;
  import doorbell_pkg::*;
  import seams_pkg::*;

  localparam int unsigned Prefetch = 16;  // packets read ahead of the next start
  localparam int unsigned Places = 32;  // packet RAM lines of a queue
  localparam int unsigned PlaceBits = 5;  // log2(Places)
  localparam int unsigned MarkBits = 6;

  typedef logic [QUEUES-1:0] queues_t;  // one bit per queue
  typedef logic [QueueBits-1:0] queue_t;
  typedef logic [SlotBits-1:0] slot_t;
  typedef logic [VectorBits-1:0] vector_t;
  typedef logic [MarkBits-1:0] mark_t;
  typedef logic [QueueBits+PlaceBits-1:0] place_t;  // queue and place: a line of the packet RAM

  // Narrow state of all queues is packed: one register, cheap to copy and to compare.
  typedef mark_t [QUEUES-1:0] marks_t;

  // What a command needs in order to start.
  typedef enum logic [1:0] {
    ClassLight,  // NOP, SIGNAL: nothing
    ClassWait,   // WAIT: nothing shared
    ClassDma,    // COPY, FILL, WRITE: a context of the DMA engine
    ClassLaunch  // LAUNCH: the dispatcher
  } class_e;

  // A validated packet that has not started. Operands are read again from the packet RAM.
  typedef struct packed {
    class_e cls;
    logic   barrier;
    logic   has_record;
    logic   has_signal;   // acts at retirement
    logic   signal_host;  // by a write to HOST
  } head_t;

  typedef head_t [QUEUES-1:0] heads_t;

  // A failure of one command, or of the packet that would have been next.
  typedef struct packed {
    logic        valid;
    queue_t      queue;
    mark_t       mark;
    error_e      code;
    logic [63:0] address;
  } failure_t;

  // A queue begins anew: put, get and all marks take `count`, everything else of it empties. One queue at a time.
  typedef struct packed {
    logic        valid;
    queue_t      queue;
    logic        cleared;  // after a reset of the device: registers take their reset values
    logic        was_reset;  // not by enable
    logic [63:0] count;
  } load_t;

  // What the upstream engine does for a queue in one visit.
  typedef enum logic [1:0] {
    VisitSignal,     // signal of the window's head
    VisitFinal,      // record, interrupt and retirement of the window's head
    VisitWriteBack,  // write-back of get
    VisitHalt        // error record, error vector, HALTED
  } visit_e;

  // What the acceptance of a HOST write completes.
  typedef struct packed {
    visit_e  visit;
    queue_t  queue;
    mark_t   mark;       // VisitWriteBack: the count written
    logic    has_event;  // raises `vector` once the write is accepted
    vector_t vector;
  } purpose_t;

  // The queue after `last`, in cyclic order, that requests. Of no meaning when nobody does.
  function automatic queue_t next_of(queues_t request, queue_t last);
    queues_t behind;
    next_of = '0;
    behind  = request & ~((queues_t'(2) << last) - queues_t'(1));
    if (behind == '0) behind = request;
    for (int unsigned q = QUEUES; q > 0; q--) begin
      if (behind[q-1]) next_of = queue_t'(q - 1);
    end
  endfunction

  function automatic queues_t one_hot(logic valid, queue_t queue);
    one_hot = '0;
    one_hot[queue] = valid;
  endfunction

  // Queues whose marks differ.
  function automatic queues_t differ(marks_t a, marks_t b);
    for (int unsigned q = 0; q < QUEUES; q++) differ[q] = a[q] != b[q];
  endfunction

  // `mark` of the window slot `slot`, counted from the oldest started command.
  function automatic mark_t slot_mark(slot_t slot, mark_t retired);
    slot_t ahead;
    ahead = slot - retired[SlotBits-1:0];
    return retired + mark_t'(ahead);
  endfunction

  // A register after a write of the enabled halves.
  function automatic logic [63:0] merged(logic [63:0] old, reg_req_t request);
    return {
      request.be[4] ? request.wdata[63:32] : old[63:32],
      request.be[0] ? request.wdata[31:0] : old[31:0]
    };
  endfunction
endpackage
