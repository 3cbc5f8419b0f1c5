"""The numbered rules of the contract as data.

Generated from contract/ by `make contract`; do not edit.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """A promise of the contract.

    `text` is one "shall" sentence. `status` is `active`, `planned` or `retired`. `since` is the
    contract version that introduced the rule.
    """

    id: str
    area: str
    text: str
    rationale: str
    status: str
    since: str


RULES: Final[dict[str, Rule]] = {
    "CP-ARB-001": Rule(
        id="CP-ARB-001",
        area="CP",
        text=(
            "In its turn of the round-robin a queue shall start at most WEIGHT packets, 0 counting "
            "as 1, while another queue has a packet that can start."
        ),
        rationale="One queue with many small commands would otherwise starve the others.",
        status="active",
        since="0.1.0",
    ),
    "CP-ARB-002": Rule(
        id="CP-ARB-002",
        area="CP",
        text=(
            "A queue whose next packet can start shall see at most as many starts of other queues "
            "before its own as the sum of their weights."
        ),
        rationale="Starvation needs a number, or a test for it could never fail.",
        status="active",
        since="0.1.0",
    ),
    "CP-ARB-003": Rule(
        id="CP-ARB-003",
        area="CP",
        text=(
            "A command that waits for a busy resource shall not delay a command of another queue "
            "that does not need it."
        ),
        rationale=(
            "A full copy engine that blocks a shared front end stalls every queue, and with waits "
            "between queues it is a deadlock."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-CALL-001": Rule(
        id="CP-CALL-001",
        area="CP",
        text=(
            "A CALL shall run the packets of its buffer in order as if they stood in the ring at "
            "its place."
        ),
        rationale="Recorded command buffers are replayed without copying them into the ring.",
        status="planned",
        since="0.1.0",
    ),
    "CP-CALL-002": Rule(
        id="CP-CALL-002",
        area="CP",
        text="A CALL inside a called buffer shall fail with BAD_OPCODE.",
        rationale="Nesting needs a stack in hardware and can loop without end.",
        status="planned",
        since="0.1.0",
    ),
    "CP-CALL-003": Rule(
        id="CP-CALL-003",
        area="CP",
        text=(
            "An error in a called packet shall report the index of the CALL and the inner index of "
            "the packet."
        ),
        rationale="With the outer index alone nobody finds the one bad packet among thousands.",
        status="planned",
        since="0.1.0",
    ),
    "CP-CALL-004": Rule(
        id="CP-CALL-004",
        area="CP",
        text=(
            "Each called packet and each list entry shall be validated when it is read, so that "
            "those before a bad one take effect."
        ),
        rationale=(
            "A long buffer cannot be held whole; the rule says what a late error leaves behind."
        ),
        status="planned",
        since="0.1.0",
    ),
    "CP-CFG-001": Rule(
        id="CP-CFG-001",
        area="CP",
        text=(
            "RING_BASE, RING_LOG2, START, WRITEBACK, ERROR_RECORD and ERROR_VECTOR of a queue "
            "shall keep their values when written in any state but DISABLED."
        ),
        rationale=(
            "A base or size that changes under a running fetch makes the device read memory that "
            "was never a ring."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-CFG-002": Rule(
        id="CP-CFG-002",
        area="CP",
        text="Enabling a queue shall set both put and get to QUEUE.START.",
        rationale=(
            "A chosen start value lets tests and migrations begin next to a wrap instead of after "
            "2^64 packets."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-CFG-003": Rule(
        id="CP-CFG-003",
        area="CP",
        text=(
            "A RING_LOG2 value outside CAP_RING.log2_min to CAP_RING.log2_max shall be stored as "
            "the nearest limit."
        ),
        rationale=(
            "An out-of-range size would give a slot mask that neither side expects; software reads "
            "back what it got."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-CFG-004": Rule(
        id="CP-CFG-004",
        area="CP",
        text=(
            "The address bits that RING_BASE, WRITEBACK and ERROR_RECORD do not implement shall "
            "read as zero and count as zero in the addresses used."
        ),
        rationale=(
            "A device that keeps low bits would read packets or write counts at addresses that "
            "software did not allocate."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-DB-001": Rule(
        id="CP-DB-001",
        area="CP",
        text="A doorbell with signed(new - put) = 0 shall have no effect.",
        rationale=(
            "Software repeats a doorbell when it is unsure; a device that takes the repeat for a "
            "full lap runs old packets (ROCR amd_aql_queue.cpp)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-DB-002": Rule(
        id="CP-DB-002",
        area="CP",
        text=(
            "A doorbell of a RUNNING queue with signed(new - put) < 0 shall act as a failing "
            "packet at index put with DOORBELL_BACKWARDS."
        ),
        rationale=(
            "A doorbell that goes back means that two writers race or a half was lost "
            "(raspberrypi/linux #4158); running on would execute a lap of stale slots."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-DB-003": Rule(
        id="CP-DB-003",
        area="CP",
        text=(
            "A doorbell of a RUNNING queue with signed(new - put) > 0 and new - get above the ring "
            "size shall act as a failing packet at index put with DOORBELL_OVERFLOW."
        ),
        rationale=(
            "Such a doorbell says that software overwrote slots which the device may still read, "
            "so what the ring holds is unknown."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-DB-004": Rule(
        id="CP-DB-004",
        area="CP",
        text="From a refused doorbell until the queue is reset QUEUE.PUT shall not move.",
        rationale=(
            "The error index names put; a put that moved, by that doorbell or a good one behind "
            "it, would start packets behind an error that is already decided."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-DB-005": Rule(
        id="CP-DB-005",
        area="CP",
        text=(
            "A doorbell of a DISABLED queue shall be dropped and set that queue's bit in "
            "DROPPED_DOORBELLS."
        ),
        rationale=(
            "Work rung into a queue that is not enabled would otherwise vanish without trace (ROCR "
            "amd_aql_queue.cpp)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-DB-006": Rule(
        id="CP-DB-006",
        area="CP",
        text="A doorbell of a HALTED or DRAINING queue shall be dropped without any status.",
        rationale=(
            "Software may ring before it has seen the error interrupt; this normal race is not a "
            "second error."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-DB-007": Rule(
        id="CP-DB-007",
        area="CP",
        text="A 4-byte write of the low half of DOORBELL shall only stage that half.",
        rationale=(
            "Hosts split a 64-bit store in two (raspberrypi/linux #4158, riscv-rpmi #90); acting "
            "on the first half would move put to a mixture of old and new."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-DB-008": Rule(
        id="CP-DB-008",
        area="CP",
        text=(
            "A write that holds the high half of DOORBELL shall ring with that half and the low "
            "half last written to this page, its own included, or zero if none was written since "
            "the last reset of the queue or device."
        ),
        rationale=(
            "The second half of a split store is the commit point and 8 bytes do both; a lone high "
            "half has one defined meaning instead of a random one."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-DB-009": Rule(
        id="CP-DB-009",
        area="CP",
        text="A read of DOORBELL shall return QUEUE.PUT.",
        rationale=(
            "A debugger that maps only the doorbell page can then see what the device has "
            "accepted, not what was staged."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-DB-010": Rule(
        id="CP-DB-010",
        area="CP",
        text=(
            "A doorbell accepted in the cycles in which a queue goes idle shall be executed "
            "without another doorbell."
        ),
        rationale=(
            "A check for work that ends just before the doorbell lands leaves the packet asleep "
            "for ever (amdgpu 21a550d)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-FETCH-001": Rule(
        id="CP-FETCH-001",
        area="CP",
        text=(
            "A failed ring read shall act as a failing packet at the count of the first packet "
            "that it did not deliver whole."
        ),
        rationale=(
            "Earlier packets are whole and must still finish; without one defined index software "
            "could not tell which commands ran."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-FETCH-002": Rule(
        id="CP-FETCH-002",
        area="CP",
        text="A ring read answered with Unsupported Request shall give FETCH_UR.",
        rationale=(
            "The ring is not mapped; executing the filler data of a failed read runs random "
            "commands."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-FETCH-003": Rule(
        id="CP-FETCH-003",
        area="CP",
        text="A ring read answered with Completer Abort shall give FETCH_CA.",
        rationale=(
            "The host refused the address; software needs to tell this from an unmapped ring."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-FETCH-004": Rule(
        id="CP-FETCH-004",
        area="CP",
        text=(
            "A ring read not wholly answered within COMPLETION_TIMEOUT cycles shall give "
            "FETCH_TIMEOUT."
        ),
        rationale="A queue that waits for ever for its packets looks like a hang of the device.",
        status="active",
        since="0.1.0",
    ),
    "CP-FETCH-005": Rule(
        id="CP-FETCH-005",
        area="CP",
        text="A ring read answered with poisoned data shall give FETCH_POISONED.",
        rationale=(
            "Poison marks bytes that memory could not deliver; executing them is silent corruption."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-FETCH-006": Rule(
        id="CP-FETCH-006",
        area="CP",
        text=(
            "A ring read whose completion has a byte count, lower address or length that does not "
            "fit the request shall give FETCH_MALFORMED."
        ),
        rationale="Packets placed by a wrong byte count land in wrong slots (pcileech-fpga #203).",
        status="active",
        since="0.1.0",
    ),
    "CP-NOP-001": Rule(
        id="CP-NOP-001",
        area="CP",
        text="A NOP shall have no effect other than those of its flags.",
        rationale="It is the means to place a record, an interrupt or a barrier alone.",
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-001": Rule(
        id="CP-PKT-001",
        area="CP",
        text="A packet shall be validated whole before any effect of it can be observed.",
        rationale=(
            "A command that is refused half-way leaves memory in a state that no one can describe."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-002": Rule(
        id="CP-PKT-002",
        area="CP",
        text="A packet with several faults shall report the smallest of their codes.",
        rationale=(
            "One packet has one right answer on every implementation, whatever order it checks in."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-003": Rule(
        id="CP-PKT-003",
        area="CP",
        text=(
            "A packet whose opcode is INVALID or has no bit set in CAP_OPCODES shall fail with "
            "BAD_OPCODE."
        ),
        rationale=(
            "Zeroed memory and commands of later devices must stop the queue, not pass as "
            "no-operations."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-004": Rule(
        id="CP-PKT-004",
        area="CP",
        text=(
            "A packet with a flag bit other than BARRIER, RECORD and INTERRUPT shall fail with "
            "BAD_FLAGS."
        ),
        rationale="A flag that is silently ignored today could not get a meaning tomorrow.",
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-005": Rule(
        id="CP-PKT-005",
        area="CP",
        text=(
            "A packet with a non-zero byte in a field or gap that its opcode does not use shall "
            "fail with RESERVED_FIELD."
        ),
        rationale="Unchecked fields fill with rubbish and can never be given a meaning.",
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-006": Rule(
        id="CP-PKT-006",
        area="CP",
        text=(
            "A packet with a non-zero vector without INTERRUPT, or a non-zero record address or "
            "value without RECORD, shall fail with RESERVED_FIELD."
        ),
        rationale=(
            "A record address without its flag is a forgotten flag; software would wait for a "
            "record that never comes."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-007": Rule(
        id="CP-PKT-007",
        area="CP",
        text=(
            "A WRITE whose length is below 24 shall fail with RESERVED_FIELD when an inline byte "
            "at or beyond length is not zero."
        ),
        rationale="Non-zero bytes past the length show that encoder and length disagree.",
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-008": Rule(
        id="CP-PKT-008",
        area="CP",
        text=(
            "A SIGNAL with mode WRITE8 and a non-zero semaphore, or with a semaphore mode and a "
            "non-zero destination or destination space, shall fail with RESERVED_FIELD."
        ),
        rationale=(
            "Operands of the other mode show that the mode is wrong; acting on it would signal the "
            "wrong waiter."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-009": Rule(
        id="CP-PKT-009",
        area="CP",
        text=(
            "A packet with INTERRUPT and a vector at or above CAP_COUNTS.vectors shall fail with "
            "BAD_VECTOR."
        ),
        rationale=(
            "A vector past the table would read a message from unrelated registers (verilog-pcie "
            "#65)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-010": Rule(
        id="CP-PKT-010",
        area="CP",
        text=(
            "A packet with RECORD and a record address that is not a multiple of 16 shall fail "
            "with RECORD_ALIGNMENT."
        ),
        rationale="A record that crosses a boundary could land in two pieces and be read half new.",
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-011": Rule(
        id="CP-PKT-011",
        area="CP",
        text=(
            "A packet whose used space field is neither HOST nor DEVICE shall fail with BAD_SPACE."
        ),
        rationale="Guessing a space sends data to the wrong memory.",
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-012": Rule(
        id="CP-PKT-012",
        area="CP",
        text=(
            "A SIGNAL with an unknown mode or a WAIT with an unknown condition shall fail with "
            "BAD_MODE."
        ),
        rationale=(
            "A wait with a guessed condition never ends or ends at once. An unknown mode uses no "
            "operand, so that BAD_MODE is all it can report."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-013": Rule(
        id="CP-PKT-013",
        area="CP",
        text=(
            "A WRITE longer than 24 bytes or a LAUNCH whose arguments_length is not 64 shall fail "
            "with BAD_LENGTH."
        ),
        rationale=(
            "A longer write would send bytes that the packet does not hold, and shorter arguments "
            "would be filled with stale ones."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-014": Rule(
        id="CP-PKT-014",
        area="CP",
        text=(
            "A SIGNAL with mode WRITE8 and a destination that is not a multiple of 8, or a LAUNCH "
            "whose arguments are not a multiple of 64, shall fail with BAD_ALIGNMENT."
        ),
        rationale=(
            "An unaligned 8-byte write may be split and read torn, and arguments across a boundary "
            "need two reads."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-015": Rule(
        id="CP-PKT-015",
        area="CP",
        text=(
            "An operand in DEVICE space whose address plus length exceeds CAP_DEVICE_MEMORY shall "
            "fail with OUT_OF_RANGE."
        ),
        rationale=(
            "Wrapping or clipping at the end of memory destroys somebody else's tensor without an "
            "error."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-016": Rule(
        id="CP-PKT-016",
        area="CP",
        text=(
            "An operand in HOST space whose address plus length exceeds 2^64 shall fail with "
            "OUT_OF_RANGE."
        ),
        rationale="A range that wraps to address 0 writes where nobody meant to.",
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-017": Rule(
        id="CP-PKT-017",
        area="CP",
        text=(
            "An operand of length 0 shall pass the range check for every address up to and "
            "including the end of its space."
        ),
        rationale=(
            "Empty slices at the end of a buffer are normal; refusing them breaks software that "
            "computes ranges."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-018": Rule(
        id="CP-PKT-018",
        area="CP",
        text=(
            "A WAIT or a SIGNAL with a semaphore mode whose semaphore is at or above "
            "CAP_SEMAPHORES shall fail with BAD_SEMAPHORE."
        ),
        rationale=(
            "An index that is cut to fewer bits waits on or signals another stream's semaphore."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-019": Rule(
        id="CP-PKT-019",
        area="CP",
        text=(
            "A LAUNCH whose kernel is INVALID or has no bit set in CAP_KERNELS shall fail with "
            "BAD_KERNEL."
        ),
        rationale="A kernel that is missing must not retire as if it had computed something.",
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-020": Rule(
        id="CP-PKT-020",
        area="CP",
        text="A LAUNCH with a grid dimension of 0 or above GRID_MAX shall fail with BAD_GRID.",
        rationale="A zero dimension underflows a work-group counter into a launch without end.",
        status="active",
        since="0.1.0",
    ),
    "CP-PKT-021": Rule(
        id="CP-PKT-021",
        area="CP",
        text=(
            "A LAUNCH whose unit mask is zero or names a unit at or above CAP_COUNTS.units shall "
            "fail with BAD_UNITS."
        ),
        rationale=(
            "An empty mask waits for ever for a unit; an absent unit means that software has the "
            "wrong device."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-REC-001": Rule(
        id="CP-REC-001",
        area="CP",
        text=(
            "A record shall be one 16-byte memory write with the timestamp at offset 0 and the "
            "value at offset 8."
        ),
        rationale=(
            "The value, which tells new from old, is the last word; a valid word that lands first "
            "shows a phantom completion (openvmm #506, propolis #502)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-REC-002": Rule(
        id="CP-REC-002",
        area="CP",
        text=(
            "The timestamp of a record shall be the value of CYCLES in the cycle in which its "
            "command retires."
        ),
        rationale=(
            "Profiles compare times of several queues, so all must come from the same clock at the "
            "same point."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-RETIRE-001": Rule(
        id="CP-RETIRE-001",
        area="CP",
        text="The commands of a queue shall retire in the order of their counts.",
        rationale=(
            "A record then covers all earlier commands, and one timeline per queue is enough."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-RETIRE-002": Rule(
        id="CP-RETIRE-002",
        area="CP",
        text=(
            "At its retirement a command shall have its signal, its record and its interrupt take "
            "effect in this order."
        ),
        rationale=(
            "An interrupt that is visible before the record makes software find nothing and sleep "
            "(switchtec-kernel #65)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-RETIRE-003": Rule(
        id="CP-RETIRE-003",
        area="CP",
        text=(
            "Each successful command with RECORD shall write exactly one record, with its own "
            "record_value."
        ),
        rationale=(
            "Several completions merged into one leave a stale count and a waiter that never wakes "
            "(XRT #3125)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-RETIRE-004": Rule(
        id="CP-RETIRE-004",
        area="CP",
        text=(
            "A command that failed, was aborted or never started shall cause no signal, no record "
            "and no interrupt of its own."
        ),
        rationale="A record means success; one that failure also writes makes bad data look good.",
        status="active",
        since="0.1.0",
    ),
    "CP-RING-001": Rule(
        id="CP-RING-001",
        area="CP",
        text="The device shall not read a ring slot whose count is at or above QUEUE.PUT.",
        rationale=(
            "Slots beyond put still belong to software; a device that looks ahead executes "
            "half-written or stale packets (tt-metal #8062)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-RING-002": Rule(
        id="CP-RING-002",
        area="CP",
        text="The packet of count c shall be read at RING_BASE + 64 * (c mod 2^RING_LOG2).",
        rationale=(
            "Both sides must agree on the slot of every count, or one executes what the other "
            "never wrote."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-RING-003": Rule(
        id="CP-RING-003",
        area="CP",
        text="Every comparison of put and get shall use their 64-bit difference modulo 2^64.",
        rationale=(
            "Plain comparison fails where a count wraps (linux gve 7d9c470); the cases are 2^16, "
            "2^32 and 2^64."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-RING-004": Rule(
        id="CP-RING-004",
        area="CP",
        text="A queue shall accept and execute a full ring, with put - get equal to the ring size.",
        rationale=(
            "A design that cannot tell full from empty loses a whole ring of work or needs one "
            "slot left free (ROCR queue_full_workaround)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-RING-005": Rule(
        id="CP-RING-005",
        area="CP",
        text="The device shall not read a ring slot again once QUEUE.GET is above its count.",
        rationale=(
            "Software reuses a slot as soon as get has passed it; a later read executes the next "
            "packet twice or a mixture of two."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-RING-006": Rule(
        id="CP-RING-006",
        area="CP",
        text=(
            "QUEUE.GET shall only move forward and never past QUEUE.PUT until the queue is next "
            "reset or enabled."
        ),
        rationale=(
            "Software computes free space from put - get; a get that moves back or past put makes "
            "that space wrong and packets are overwritten."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-RING-007": Rule(
        id="CP-RING-007",
        area="CP",
        text=(
            "A RUNNING queue shall execute every packet below QUEUE.PUT that precedes its first "
            "failure, whatever the number of packets executed before."
        ),
        rationale=(
            "Faults that need hundreds of thousands of commands to show, such as a leaked slot, "
            "end in a hang (tt-metal #7064, #6374)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-SIGNAL-001": Rule(
        id="CP-SIGNAL-001",
        area="CP",
        text=(
            "A SIGNAL with mode WRITE8 shall write its value at its destination as one aligned "
            "8-byte write."
        ),
        rationale="A peer polls that word; two halves show it a value that was never signalled.",
        status="active",
        since="0.1.0",
    ),
    "CP-START-001": Rule(
        id="CP-START-001",
        area="CP",
        text="The commands of a queue shall start in the order of their counts.",
        rationale=(
            "Order of start is the only thing that software needs to know to reason about overlap."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-START-002": Rule(
        id="CP-START-002",
        area="CP",
        text=(
            "A command with BARRIER shall start only when every earlier command of its queue has "
            "retired."
        ),
        rationale=(
            "Without it a dependent command reads data that the earlier one has not yet written."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-START-003": Rule(
        id="CP-START-003",
        area="CP",
        text="BARRIER shall put no condition on commands after its own, beyond the order of start.",
        rationale=(
            "The barrier is one-sided; a device that fences both sides loses the overlap that "
            "software asked for."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-START-004": Rule(
        id="CP-START-004",
        area="CP",
        text=(
            "A queue shall be able to hold CAP_RING.window commands that are started and not "
            "retired."
        ),
        rationale=(
            "A smaller window than reported serialises copies that software counted on to overlap."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-START-005": Rule(
        id="CP-START-005",
        area="CP",
        text="No command after a WAIT shall start before that WAIT has succeeded.",
        rationale=(
            "A command that slips past its wait uses data that another queue has not finished."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-STATE-001": Rule(
        id="CP-STATE-001",
        area="CP",
        text=(
            "A queue shall change state only from DISABLED to RUNNING by enable, RUNNING to "
            "DRAINING by drain, DRAINING to DISABLED when drained, RUNNING or DRAINING to HALTED "
            "by an error, and any state to DISABLED by reset."
        ),
        rationale=(
            "Hidden transitions make software configure a queue that is still fetching; an enable "
            "or drain in another state has no effect, so a late drain cannot hide a HALTED queue."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-STATE-002": Rule(
        id="CP-STATE-002",
        area="CP",
        text="A write of QUEUE.CONTROL with several bits set shall act as its highest bit alone.",
        rationale=(
            "Two actions in one write would depend on the order in which a device looks at the "
            "bits."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-STATE-003": Rule(
        id="CP-STATE-003",
        area="CP",
        text=(
            "A DRAINING queue shall start no command, whether or not it reports the failure of a "
            "packet or doorbell that comes after the last command started."
        ),
        rationale=(
            "Software drains in order to free buffers; a command that still starts uses them "
            "(aws-fpga #287)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-STATE-004": Rule(
        id="CP-STATE-004",
        area="CP",
        text=(
            "A DRAINING queue shall become DISABLED within BOUND_DRAIN cycles after its last "
            "started command has retired."
        ),
        rationale='"Drained in the end" cannot be tested; a number can.',
        status="active",
        since="0.1.0",
    ),
    "CP-STATE-005": Rule(
        id="CP-STATE-005",
        area="CP",
        text=(
            "QUEUE.STATUS.idle shall be set only when nothing of that queue is started, held "
            "unstarted in the device, or outstanding on the link."
        ),
        rationale=(
            "Idle that ignores a pipeline register lets software free memory under a last write "
            "(Vortex #386, #387)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-WB-001": Rule(
        id="CP-WB-001",
        area="CP",
        text=(
            "With WRITEBACK.enable set, get shall be written back as one aligned 8-byte memory "
            "write to WRITEBACK.address."
        ),
        rationale=(
            "Software reads the count without MMIO; two halves would be read torn (linux amdgpu "
            "a8d0fb2)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-WB-002": Rule(
        id="CP-WB-002",
        area="CP",
        text=(
            "A written-back count shall be a value that QUEUE.GET has reached and not below the "
            "one written before it."
        ),
        rationale=(
            "A stale get only hides free space, but one that is ahead lets software overwrite "
            "unread packets (XRT xgq_impl.h)."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-WB-003": Rule(
        id="CP-WB-003",
        area="CP",
        text=(
            "A write-back shall be issued at the latest when get has moved BOUND_WRITEBACK.packets "
            "packets or BOUND_WRITEBACK.cycles cycles after it moved, not counting cycles in which "
            "the link accepts no write."
        ),
        rationale=(
            "Software that waits for ring space would otherwise stall with a ring that is in fact "
            "empty."
        ),
        status="active",
        since="0.1.0",
    ),
    "CP-WB-004": Rule(
        id="CP-WB-004",
        area="CP",
        text=(
            "When STATUS.idle of a RUNNING queue is set and its get has moved since it was "
            "enabled, the last written-back count shall equal QUEUE.GET."
        ),
        rationale="A last write-back that never comes leaves software waiting for space for ever.",
        status="active",
        since="0.1.0",
    ),
    "DEV-CAP-001": Rule(
        id="DEV-CAP-001",
        area="DEV",
        text=(
            "CONTRACT_VERSION, UNIT.MACS and every CAP_ and BOUND_ register shall each read one "
            "constant value that is true of the device."
        ),
        rationale=(
            "Software assumes no count; a capability that is wrong makes it wait for a queue, a "
            "unit or a bound that does not exist."
        ),
        status="active",
        since="0.1.0",
    ),
    "DEV-CAP-002": Rule(
        id="DEV-CAP-002",
        area="DEV",
        text="CAP_RING.window shall be at least 8 and CAP_SEMAPHORES at least 1024.",
        rationale=(
            "Software written for the least device must run on every one, or it deadlocks where "
            "fewer commands overlap or fewer semaphores exist."
        ),
        status="active",
        since="0.1.0",
    ),
    "DEV-ID-001": Rule(
        id="DEV-ID-001",
        area="DEV",
        text=(
            "DEVICE.IDENTITY shall read 0x4C4C4542524F4F44 at every time at which the device "
            "answers memory reads."
        ),
        rationale=(
            "It tells a lost device from a register that is truly all ones; without it software "
            "uses the all-ones of a dead link as data (dma_ip_drivers #19)."
        ),
        status="active",
        since="0.1.0",
    ),
    "DEV-IDLE-001": Rule(
        id="DEV-IDLE-001",
        area="DEV",
        text=(
            "DEVICE.STATUS.idle shall be set only when no request, completion or write is in "
            "flight and no command waits."
        ),
        rationale=(
            "Software frees memory and removes power on idle; work left in a pipeline register "
            "then writes to freed memory (Vortex #386, #387)."
        ),
        status="active",
        since="0.1.0",
    ),
    "DEV-PAGE-001": Rule(
        id="DEV-PAGE-001",
        area="DEV",
        text="The doorbell of a queue shall be alone on its own 4 KiB page.",
        rationale=(
            "One page can then be mapped to one process, which cannot ring the queue of another."
        ),
        status="active",
        since="0.1.0",
    ),
    "DEV-REG-001": Rule(
        id="DEV-REG-001",
        area="DEV",
        text=(
            "BAR0 shall take aligned 4- and 8-byte accesses, and at the semaphores aligned 8-byte "
            "accesses only."
        ),
        rationale=(
            "Hosts differ in the width of their stores; a register of one width is unreachable for "
            "some, while a semaphore written in halves takes a value that no one signalled."
        ),
        status="active",
        since="0.1.0",
    ),
    "DEV-REG-002": Rule(
        id="DEV-REG-002",
        area="DEV",
        text=(
            "A 4-byte write shall change only its half of a 64-bit register, except on a doorbell "
            "page."
        ),
        rationale=(
            "A write that clears the other half loses configuration when a compiler splits a store."
        ),
        status="active",
        since="0.1.0",
    ),
    "DEV-REG-003": Rule(
        id="DEV-REG-003",
        area="DEV",
        text=(
            "A write to BAR0 of another size or alignment, or to an address that no register maps, "
            "shall change nothing and add one to DROPPED_WRITES."
        ),
        rationale=(
            "A write with odd byte enables that is half taken leaves a value that nobody wrote; "
            "the count makes the mistake visible."
        ),
        status="active",
        since="0.1.0",
    ),
    "DEV-REG-004": Rule(
        id="DEV-REG-004",
        area="DEV",
        text=(
            "A read of BAR0 of another size or alignment, or of an address that no register maps, "
            "shall be answered Completer Abort."
        ),
        rationale="Invented data hides a wrong offset until it is used as an address.",
        status="active",
        since="0.1.0",
    ),
    "DEV-REG-005": Rule(
        id="DEV-REG-005",
        area="DEV",
        text=(
            "Bits that no field names shall read as zero and, like read-only fields, ignore writes."
        ),
        rationale=(
            "Read-modify-write of today's software must stay harmless when a later version gives "
            "those bits a meaning."
        ),
        status="active",
        since="0.1.0",
    ),
    "DEV-REG-006": Rule(
        id="DEV-REG-006",
        area="DEV",
        text=(
            "A writable field shall read back the value last written to it, in little-endian byte "
            "order."
        ),
        rationale=(
            "Bring-up starts with SCRATCH; a swapped or cut value there spoils every later address."
        ),
        status="active",
        since="0.1.0",
    ),
    "DEV-REG-007": Rule(
        id="DEV-REG-007",
        area="DEV",
        text=(
            "A bit of DROPPED_DOORBELLS, once set, shall be cleared only by writing 1 to it or by "
            "a device reset."
        ),
        rationale="Software that handles one queue must not wipe the report of another.",
        status="active",
        since="0.1.0",
    ),
    "DEV-REG-008": Rule(
        id="DEV-REG-008",
        area="DEV",
        text=(
            "After power-on every register that is not a capability shall hold the reset value "
            "that registers.rdl gives."
        ),
        rationale=(
            "Drivers rely on what they do not write; an unknown start value makes each boot "
            "different."
        ),
        status="active",
        since="0.1.0",
    ),
    "DMA-ATOMIC-001": Rule(
        id="DMA-ATOMIC-001",
        area="DMA",
        text=(
            "An ATOMIC shall issue exactly one PCIe AtomicOp and store the old value at its result "
            "address before it retires."
        ),
        rationale="An operation that is repeated after a lost completion counts twice.",
        status="planned",
        since="0.1.0",
    ),
    "DMA-CHAN-001": Rule(
        id="DMA-CHAN-001",
        area="DMA",
        text=(
            "The device shall be able to hold CAP_COUNTS.channels COPY commands in flight at once, "
            "in both directions together."
        ),
        rationale=(
            "One copy at a time leaves the link idle for a whole read latency between copies."
        ),
        status="active",
        since="0.1.0",
    ),
    "DMA-COPY-001": Rule(
        id="DMA-COPY-001",
        area="DMA",
        text=(
            "A COPY shall leave at its destination exactly the bytes of its source, for every pair "
            "of spaces, every alignment of both addresses and every length."
        ),
        rationale=(
            "Wrong lane shifts show only at some pairs of offsets, and a network then computes "
            "with wrong weights."
        ),
        status="active",
        since="0.1.0",
    ),
    "DMA-COPY-002": Rule(
        id="DMA-COPY-002",
        area="DMA",
        text=(
            "A command shall change no byte outside its destinations, its record, its signal and "
            "the write-back of get."
        ),
        rationale=(
            "Rounding a tail up to a whole beat overwrites the neighbour (Vortex command processor "
            "DMA)."
        ),
        status="active",
        since="0.1.0",
    ),
    "DMA-COPY-003": Rule(
        id="DMA-COPY-003",
        area="DMA",
        text=(
            "A COPY whose source and destination overlap shall retire without error, with "
            "unspecified bytes inside the destination."
        ),
        rationale=(
            "One defined limit keeps an overlap from being a hang on one device and a fault on the "
            "next."
        ),
        status="active",
        since="0.1.0",
    ),
    "DMA-COPY-004": Rule(
        id="DMA-COPY-004",
        area="DMA",
        text=(
            "A COPY, FILL or WRITE of length 0 shall retire without issuing any request for its "
            "operands."
        ),
        rationale=(
            "A length counter that starts at 0 and counts down hangs or moves 4 GiB (pulp iDMA "
            "#194, XRT #6805)."
        ),
        status="active",
        since="0.1.0",
    ),
    "DMA-ERR-001": Rule(
        id="DMA-ERR-001",
        area="DMA",
        text=(
            "A read of COPY or LAUNCH that is answered with Unsupported Request shall fail its "
            "command with DMA_UR."
        ),
        rationale=(
            "The address is not mapped; the filler data of the failed read must not be taken for a "
            "tensor."
        ),
        status="active",
        since="0.1.0",
    ),
    "DMA-ERR-002": Rule(
        id="DMA-ERR-002",
        area="DMA",
        text=(
            "A read of COPY or LAUNCH that is answered with Completer Abort shall fail its command "
            "with DMA_CA."
        ),
        rationale=(
            "The host refused the address, which is a different mistake from an unmapped one."
        ),
        status="active",
        since="0.1.0",
    ),
    "DMA-ERR-003": Rule(
        id="DMA-ERR-003",
        area="DMA",
        text=(
            "A read of COPY or LAUNCH that is not wholly answered within COMPLETION_TIMEOUT cycles "
            "shall fail its command with DMA_TIMEOUT."
        ),
        rationale="A lost completion would otherwise hold the queue for ever.",
        status="active",
        since="0.1.0",
    ),
    "DMA-ERR-004": Rule(
        id="DMA-ERR-004",
        area="DMA",
        text=(
            "A read of COPY or LAUNCH that returns poisoned data shall fail its command with "
            "DMA_POISONED."
        ),
        rationale="Poisoned bytes that are stored as good ones are silent corruption.",
        status="active",
        since="0.1.0",
    ),
    "DMA-ERR-005": Rule(
        id="DMA-ERR-005",
        area="DMA",
        text=(
            "A read of COPY or LAUNCH whose completion has a byte count, lower address or length "
            "that does not fit shall fail its command with DMA_MALFORMED."
        ),
        rationale=(
            "Data placed by a wrong byte count lands in the wrong part of the buffer "
            "(pcileech-fpga #203, verilog-pcie #46)."
        ),
        status="active",
        since="0.1.0",
    ),
    "DMA-FILL-001": Rule(
        id="DMA-FILL-001",
        area="DMA",
        text="Byte i of the destination of a FILL shall become byte i mod 8 of its pattern.",
        rationale=(
            "The phase counts from the first byte; one taken from the address rotates the pattern "
            "at odd destinations."
        ),
        status="active",
        since="0.1.0",
    ),
    "DMA-LIST-001": Rule(
        id="DMA-LIST-001",
        area="DMA",
        text=(
            "A COPY_LIST shall move the bytes between its linear range and its 16-byte list "
            "entries in list order."
        ),
        rationale=(
            "Host buffers are scattered pages; a wrong order of pieces mixes pages of a tensor."
        ),
        status="planned",
        since="0.1.0",
    ),
    "DMA-READ-001": Rule(
        id="DMA-READ-001",
        area="DMA",
        text=(
            "The device shall read from host memory only ring slots below put, sources of COPY and "
            "arguments of LAUNCH, without bytes outside those ranges."
        ),
        rationale="A read beyond the buffer faults in the IOMMU or leaks a neighbour's data.",
        status="active",
        since="0.1.0",
    ),
    "DMA-RECT-001": Rule(
        id="DMA-RECT-001",
        area="DMA",
        text=(
            "A COPY_2D shall move rows * width bytes with its own pitch on each side and touch no "
            "byte between the rows."
        ),
        rationale=(
            "Padding belongs to other tensors; a copy that treats the area as one range overwrites "
            "it."
        ),
        status="planned",
        since="0.1.0",
    ),
    "DMA-WRITE-001": Rule(
        id="DMA-WRITE-001",
        area="DMA",
        text="A WRITE shall store the first length bytes of its inline data at its destination.",
        rationale=(
            "Constants and flags travel in the packet; a lost or extra byte corrupts the word "
            "beside it."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-ATOMIC-001": Rule(
        id="EP-ATOMIC-001",
        area="EP",
        text=(
            "A 64-bit FetchAdd, Swap or CAS to SEMAPHORE_SET shall act on that semaphore in one "
            "step and return its old value."
        ),
        rationale=(
            "Peers count arrivals with it; a read and a write in two steps lose one of two "
            "arrivals."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-ATOMIC-002": Rule(
        id="EP-ATOMIC-002",
        area="EP",
        text=(
            "An AtomicOp of another width or to any other address shall be answered Unsupported "
            "Request and change nothing."
        ),
        rationale="An operation that is half supported returns an old value that was never stored.",
        status="active",
        since="0.1.0",
    ),
    "EP-BAR-001": Rule(
        id="EP-BAR-001",
        area="EP",
        text=(
            "BAR0 shall size as a 64-bit non-prefetchable range of 1 MiB and BAR2 as a 64-bit "
            "prefetchable range of CAP_DEVICE_MEMORY bytes."
        ),
        rationale=(
            "A wrong size overlaps another device's range; prefetching BAR0 would let a bridge "
            "read registers on its own."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-BAR-002": Rule(
        id="EP-BAR-002",
        area="EP",
        text="BAR2 shall take reads and writes of any length and byte enables that PCIe allows.",
        rationale=(
            "Hosts combine stores to prefetchable memory; one that is refused or rounded corrupts "
            "a tensor."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-BAR-003": Rule(
        id="EP-BAR-003",
        area="EP",
        text=(
            "A memory read that hits no enabled BAR shall be answered Unsupported Request, and a "
            "memory write there dropped."
        ),
        rationale="A device that answers for addresses it does not own hides a routing mistake.",
        status="active",
        since="0.1.0",
    ),
    "EP-BM-001": Rule(
        id="EP-BM-001",
        area="EP",
        text=(
            "The device shall send no memory request and no interrupt while bus master enable is "
            "off."
        ),
        rationale=(
            "A device that writes before memory is mapped, or after the driver has gone, corrupts "
            "the host (litex_m2sdr #145, tinygrad #16536)."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-BM-002": Rule(
        id="EP-BM-002",
        area="EP",
        text=(
            "Requests and interrupts held back while bus master enable is off shall be sent, none "
            "lost, when it is set again."
        ),
        rationale="A lost one leaves a command that never retires or a waiter that never wakes.",
        status="active",
        since="0.1.0",
    ),
    "EP-CFG-001": Rule(
        id="EP-CFG-001",
        area="EP",
        text=(
            "Configuration space shall have a type 0 header with vendor 0x1DB7, device 0xD00B and "
            "class 0x120000, and the PCI Express and MSI-X capabilities."
        ),
        rationale=(
            "Software finds the device and sets payload sizes and interrupts through these; a "
            "missing one leaves it unusable."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-CFG-002": Rule(
        id="EP-CFG-002",
        area="EP",
        text=(
            "A configuration read of a register that is not implemented shall complete "
            "successfully with zero."
        ),
        rationale=(
            "Capability walkers stop at zero; an error answer there ends enumeration on many hosts."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-CFG-003": Rule(
        id="EP-CFG-003",
        area="EP",
        text=(
            "Requests and completions of the device shall carry the bus and device number of the "
            "latest configuration write it received."
        ),
        rationale=(
            "With a stale number completions are routed elsewhere and the IOMMU refuses the "
            "requests."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-CFG-004": Rule(
        id="EP-CFG-004",
        area="EP",
        text=(
            "Configuration space shall have the power management, AER and serial number "
            "capabilities."
        ),
        rationale="Later hosts sleep, log errors and tell two equal devices apart through them.",
        status="planned",
        since="0.1.0",
    ),
    "EP-CPL-001": Rule(
        id="EP-CPL-001",
        area="EP",
        text=(
            "The device shall answer each non-posted request with all its completions exactly "
            "once, or with one Unsupported Request when it does not support it."
        ),
        rationale="A request without an answer times out at the host and can stop the machine.",
        status="active",
        since="0.1.0",
    ),
    "EP-CPL-002": Rule(
        id="EP-CPL-002",
        area="EP",
        text=(
            "Completions of the device shall carry at most Max_Payload_Size bytes and be split "
            "only at multiples of 128 bytes, with byte count and lower address right in each."
        ),
        rationale=(
            "Hosts place data by these two fields; a wrong one in a later part shifts it "
            "(pcileech-fpga #203, verilog-pcie #46)."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-CPL-003": Rule(
        id="EP-CPL-003",
        area="EP",
        text=(
            "A zero-length read shall be answered with one DW of unspecified data and change "
            "nothing."
        ),
        rationale="Hosts use it to flush writes; without an answer the flush hangs.",
        status="active",
        since="0.1.0",
    ),
    "EP-CPL-004": Rule(
        id="EP-CPL-004",
        area="EP",
        text=(
            "Results shall not depend on the delay, the order between requests or the legal split "
            "of completions, nor on back-pressure."
        ),
        rationale=(
            "A device tried only against a quick and orderly host hangs on hardware (Vortex #262, "
            "#366, aws-fpga #776)."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-CPL-005": Rule(
        id="EP-CPL-005",
        area="EP",
        text=(
            "A completion that answers no outstanding request shall be dropped, counted in "
            "UNEXPECTED_COMPLETIONS and otherwise without effect."
        ),
        rationale=(
            "A stray completion that is taken for an answer writes foreign data into a buffer "
            "(litepcie #173)."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-CPL-006": Rule(
        id="EP-CPL-006",
        area="EP",
        text=(
            "A completion of a memory read with a status other than successful and Completer Abort "
            "shall count as Unsupported Request."
        ),
        rationale="A reserved status that is taken for success delivers data which never came.",
        status="active",
        since="0.1.0",
    ),
    "EP-CREDIT-001": Rule(
        id="EP-CREDIT-001",
        area="EP",
        text="The device shall send a TLP only within the credits that the receiver has granted.",
        rationale="A TLP beyond them overflows the receiver and is lost.",
        status="active",
        since="0.1.0",
    ),
    "EP-CREDIT-002": Rule(
        id="EP-CREDIT-002",
        area="EP",
        text=(
            "The device shall issue a read only with space reserved for all its data and never "
            "hold back completions."
        ),
        rationale=(
            "A requester that throttles completions deadlocks against a host that must deliver "
            "them before anything else."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-CREDIT-003": Rule(
        id="EP-CREDIT-003",
        area="EP",
        text=(
            "The device shall accept inbound writes and completions without waiting for a "
            "transmission of its own."
        ),
        rationale="Two partners that each wait for the other to receive are in deadlock.",
        status="active",
        since="0.1.0",
    ),
    "EP-ERR-001": Rule(
        id="EP-ERR-001",
        area="EP",
        text=(
            "An error bit of Status (8 and 11 to 15) and of Device Status (0 to 3) shall stay set, "
            "over device resets too, until a configuration write with a 1 in its place, which "
            "clears the bits that it has a 1 for and no other."
        ),
        rationale=(
            "Error handlers read the bits after recovery and clear what they have seen; one that "
            "goes with its neighbour, or with a device reset, is an error that nobody hears of."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-ERR-002": Rule(
        id="EP-ERR-002",
        area="EP",
        text=(
            "A completion that ends a read of the device shall set Received Target Abort if its "
            "status is Completer Abort, Received Master Abort if it counts as Unsupported Request, "
            "and nothing else shall set these bits."
        ),
        rationale=(
            "The two tell an address that nobody owns from one whose owner refused; a stray "
            "completion is not the device's error."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-ERR-003": Rule(
        id="EP-ERR-003",
        area="EP",
        text=(
            "A request that the device answers Completer Abort shall set Signaled Target Abort, "
            "one that it answers Unsupported Request shall set Unsupported Request Detected, and "
            "nothing else shall set these bits, but that a memory write which hits no enabled BAR "
            "may set the latter."
        ),
        rationale=(
            "A driver that reads at a wrong offset finds its own mistake here. PCI Express wants "
            "unsupported posted requests logged too; today's devices drop such writes without a "
            "trace, so software must not rely on it."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-ERR-004": Rule(
        id="EP-ERR-004",
        area="EP",
        text=(
            "Poisoned data received, in a completion of an outstanding read or in a memory write, "
            "AtomicOp or configuration write, shall set Detected Parity Error, and such a "
            "completion, and nothing else, also Master Data Parity Error while Parity Error "
            "Response in Command is 1."
        ),
        rationale=(
            "Poison says that data were lost on the way; it must be seen even when the command "
            "that used them is gone. Parity Error Response may be fixed at 0, as may SERR# Enable."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-ERR-005": Rule(
        id="EP-ERR-005",
        area="EP",
        text=(
            "Poisoned data that set Detected Parity Error and a read that times out shall each set "
            "Correctable or Non-Fatal Error Detected, a malformed TLP or receiver overflow that "
            "makes the device fatal shall set Fatal Error Detected, and nothing but a fatal cause "
            "shall set the latter."
        ),
        rationale=(
            "Role-based error reporting lets a device that goes on call the first two correctable; "
            "whether other errors, such as an answered Unsupported Request or an unexpected "
            "completion, set one of the two is open."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-ERR-006": Rule(
        id="EP-ERR-006",
        area="EP",
        text=(
            "Transactions Pending shall be set while a read of the device has neither its last "
            "byte, nor a failing completion, nor been abandoned, and be clear when there is none."
        ),
        rationale=(
            "Hosts wait for it to clear before they take power or the address away; one that is "
            "stuck hangs them, one that is never set lets a completion find nobody."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-ERR-007": Rule(
        id="EP-ERR-007",
        area="EP",
        text=(
            "Traffic without an error shall set no error bit, and Signaled System Error shall not "
            "be set while SERR# Enable is 0."
        ),
        rationale=(
            "A bit that comes by itself makes error handlers reset healthy devices. Whether the "
            "device sends error messages, and so ever sets Signaled System Error, is open."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-ERR-008": Rule(
        id="EP-ERR-008",
        area="EP",
        text=(
            "A poisoned memory write to BAR0 shall change no register, and a poisoned AtomicOp or "
            "configuration write be answered Unsupported Request and change nothing."
        ),
        rationale=(
            "Data that are known to be wrong must not ring a doorbell; what a poisoned write "
            "leaves in the bytes of device memory that it names is open."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-FLR-001": Rule(
        id="EP-FLR-001",
        area="EP",
        text=(
            "The completion of the configuration write that starts FLR shall be the function's "
            "last TLP until bus master enable is set again."
        ),
        rationale=(
            "A write that leaves after the reset was acknowledged corrupts memory already given to "
            "someone else (xenopsd #518, openvmm #4080)."
        ),
        status="planned",
        since="0.1.0",
    ),
    "EP-FLR-002": Rule(
        id="EP-FLR-002",
        area="EP",
        text=(
            "After FLR the device shall be ready within BOUND_FLR cycles and answer configuration "
            "requests with CRS until then."
        ),
        rationale="Without a bound the host either waits for ever or gives up on a healthy device.",
        status="planned",
        since="0.1.0",
    ),
    "EP-FLR-003": Rule(
        id="EP-FLR-003",
        area="EP",
        text="FLR shall reset the whole function except its sticky AER bits.",
        rationale="The cause of the trouble that led to the FLR is read after it.",
        status="planned",
        since="0.1.0",
    ),
    "EP-PM-001": Rule(
        id="EP-PM-001",
        area="EP",
        text=(
            "In D3hot the device shall answer memory requests with Unsupported Request and come "
            "back to D0 reset."
        ),
        rationale=(
            "A device that half keeps its queues over sleep fetches from a ring that is gone."
        ),
        status="planned",
        since="0.1.0",
    ),
    "EP-TAG-001": Rule(
        id="EP-TAG-001",
        area="EP",
        text=(
            "The tag of a read shall not be used again before its last byte has arrived, a failing "
            "completion has ended it, or its quarantine has ended."
        ),
        rationale=(
            "A tag that is freed at the first part mixes the data of two reads (litepcie #178)."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-TAG-002": Rule(
        id="EP-TAG-002",
        area="EP",
        text=(
            "The tag of a read that was abandoned by timeout or reset shall rest until its late "
            "final completion or QUARANTINE cycles have passed."
        ),
        rationale=(
            "The late data would otherwise land in the buffer of the tag's next user (litex_m2sdr "
            "#156). Whether a write of QUARANTINE, or the reset of that register, reaches tags "
            "that rest already is open; software sets it before."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-TAG-003": Rule(
        id="EP-TAG-003",
        area="EP",
        text=(
            "A failed read shall give its tag back, so that after any number of failures all "
            "CAP_TAGS tags are free again."
        ),
        rationale=(
            "A tag that leaks with each failed completion slows the device until it stops "
            "(litepcie #166)."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-TLP-001": Rule(
        id="EP-TLP-001",
        area="EP",
        text=(
            "No memory write of the device shall carry more payload than the Max_Payload_Size in "
            "Device Control."
        ),
        rationale="A larger TLP is malformed for the receiver and brings the link down.",
        status="active",
        since="0.1.0",
    ),
    "EP-TLP-002": Rule(
        id="EP-TLP-002",
        area="EP",
        text=(
            "No memory read of the device shall ask for more bytes than the Max_Read_Request_Size "
            "in Device Control or MRRS_BYTES_MAX."
        ),
        rationale="The host may have no buffer for a larger answer.",
        status="active",
        since="0.1.0",
    ),
    "EP-TLP-003": Rule(
        id="EP-TLP-003",
        area="EP",
        text="No request of the device shall cross a 4 KiB boundary.",
        rationale=(
            "The next page may belong to another device or be unmapped (verilog-axi #12, libtlp "
            "#5)."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-TLP-004": Rule(
        id="EP-TLP-004",
        area="EP",
        text=(
            "A transfer shall be cut only at addresses that are multiples of the payload or read "
            "request size in force, so that it uses the fewest such requests."
        ),
        rationale=(
            "An extra request of no bytes appears at an exact fit (verilog-pcie #35, surf #1429)."
        ),
        status="active",
        since="0.1.0",
    ),
    "EP-TLP-005": Rule(
        id="EP-TLP-005",
        area="EP",
        text=(
            "The byte enables of a request of the device shall select exactly the bytes of its "
            "transfer in its first and last DW."
        ),
        rationale="Enables that are rounded to whole DWs overwrite the bytes beside a destination.",
        status="active",
        since="0.1.0",
    ),
    "EP-TLP-006": Rule(
        id="EP-TLP-006",
        area="EP",
        text=(
            "A request of the device shall use the 32-bit address form below 4 GiB and the 64-bit "
            "form from there on."
        ),
        rationale="PCIe calls the other choice malformed, and real root ports drop it.",
        status="active",
        since="0.1.0",
    ),
    "ERR-FATAL-001": Rule(
        id="ERR-FATAL-001",
        area="ERR",
        text=(
            "The device shall become fatal only for a malformed TLP received (MALFORMED_TLP), a "
            "receiver overflow (RECEIVER_OVERFLOW), every tag that requests may carry in "
            "quarantine (TAGS_EXHAUSTED) or a failed internal check (INTERNAL), with that "
            "fatal_cause."
        ),
        rationale=(
            "The list is closed, so software knows that everything else costs one queue only. With "
            "Extended Tag Field Enable off requests carry tags 0 to 31 alone; what counts when "
            "that bit changes while reads are outstanding or tags rest is open, as PCI Express "
            "leaves it."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-FATAL-002": Rule(
        id="ERR-FATAL-002",
        area="ERR",
        text=(
            "A fatal device shall start no command and send no memory request, and still answer "
            "register reads."
        ),
        rationale=(
            "After a malformed TLP nothing that the device holds can be trusted, but the cause "
            "must be readable."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-FATAL-003": Rule(
        id="ERR-FATAL-003",
        area="ERR",
        text="STATUS.fatal and the first fatal_cause shall stay until device reset or FLR.",
        rationale="Later causes follow from the first; only the first tells where to look.",
        status="active",
        since="0.1.0",
    ),
    "ERR-HALT-001": Rule(
        id="ERR-HALT-001",
        area="ERR",
        text="After a failure no further command of that queue shall start.",
        rationale="A command that runs on wrong data spreads the damage.",
        status="active",
        since="0.1.0",
    ),
    "ERR-HALT-002": Rule(
        id="ERR-HALT-002",
        area="ERR",
        text=(
            "All commands before the lowest failing one shall finish and retire before the queue "
            "is HALTED."
        ),
        rationale=(
            "Software trusts records; work before the error must not be lost for a fault behind it."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-HALT-003": Rule(
        id="ERR-HALT-003",
        area="ERR",
        text="A queue shall report the error of its lowest failing position.",
        rationale=(
            "Overlapped commands fail in any order of time; the report must not depend on luck."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-HALT-004": Rule(
        id="ERR-HALT-004",
        area="ERR",
        text=(
            "A queue shall become HALTED only when nothing of it is in flight and its error record "
            "has been issued."
        ),
        rationale=(
            "Software frees buffers when it sees HALTED; a late write lands in memory of a new "
            "owner (aws-fpga #287)."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-HALT-005": Rule(
        id="ERR-HALT-005",
        area="ERR",
        text=(
            "An error of one queue shall leave the results of all other queues as they were "
            "without it."
        ),
        rationale="Streams belong to different users; one bad packet must not be everybody's.",
        status="active",
        since="0.1.0",
    ),
    "ERR-HALT-006": Rule(
        id="ERR-HALT-006",
        area="ERR",
        text=(
            "A waiting, failed or resetting queue shall leave the other queues at least 0.99 of "
            "their throughput."
        ),
        rationale="Error handling that occupies the shared path is a denial of service.",
        status="active",
        since="0.1.0",
    ),
    "ERR-RECORD-001": Rule(
        id="ERR-RECORD-001",
        area="ERR",
        text=(
            "A queue that halts shall fill its ERROR registers, which are zero in every other "
            "state, with the error record's eight words."
        ),
        rationale=(
            "Without them a fault of the host mapping would also hide the report of that fault."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-RECORD-002": Rule(
        id="ERR-RECORD-002",
        area="ERR",
        text=(
            "With ERROR_RECORD.enable set, the error record shall be issued as one 64-byte memory "
            "write equal to the ERROR registers."
        ),
        rationale="Software decodes one picture of the failure; two pieces could be of two errors.",
        status="active",
        since="0.1.0",
    ),
    "ERR-RECORD-003": Rule(
        id="ERR-RECORD-003",
        area="ERR",
        text=(
            "With ERROR_VECTOR.enable set and its vector below the vector count, that vector shall "
            "be raised after the error record."
        ),
        rationale="The interrupt that comes first finds no record and is dismissed as spurious.",
        status="active",
        since="0.1.0",
    ),
    "ERR-RECORD-004": Rule(
        id="ERR-RECORD-004",
        area="ERR",
        text=(
            "The error record shall carry code, opcode, queue, tag, count, inner index, detail, "
            "address and timestamp of the failure as packets.yaml defines them."
        ),
        rationale=(
            "The tag leads software to the line of code that submitted the command; without it an "
            "error has no owner. When several reads of one command fail, the address is that of "
            "any one of them."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-RECORD-005": Rule(
        id="ERR-RECORD-005",
        area="ERR",
        text=(
            "The generation of an error record shall be the number of errors of that queue since "
            "device reset, from 1."
        ),
        rationale=(
            "Old memory looks like a new error when nothing tells the two apart (openvmm #506, "
            "propolis #502)."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-RESET-001": Rule(
        id="ERR-RESET-001",
        area="ERR",
        text=(
            "A queue reset from any state shall end in DISABLED with put equal to get within "
            "BOUND_RESET cycles, not counting cycles in which the device is fatal, bus master "
            "enable is off or the link accepts no write."
        ),
        rationale=(
            "A reset that can hang leaves no way back but power. Writes already on their way must "
            "leave first; where they cannot, a device reset drops them."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-RESET-002": Rule(
        id="ERR-RESET-002",
        area="ERR",
        text=(
            "When a queue or device reset ends, nothing of what it stopped shall be in flight, nor "
            "be sent later; a read that nobody has answered by then is abandoned (EP-TAG-002)."
        ),
        rationale="Abort means that buffers can be freed (aws-fpga #287, dma_ip_drivers #24).",
        status="active",
        since="0.1.0",
    ),
    "ERR-RESET-003": Rule(
        id="ERR-RESET-003",
        area="ERR",
        text=(
            "A queue or device reset shall write no error record and raise no vector for the "
            "commands that it stops."
        ),
        rationale=(
            "Software asked for it; a report would look like a new fault, and a success like "
            "finished data."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-RESET-004": Rule(
        id="ERR-RESET-004",
        area="ERR",
        text=(
            "A device reset shall end within BOUND_RESET cycles, whatever the device and the link "
            "wait for, with configuration space and CYCLES unchanged, every other register at its "
            "reset value, and every semaphore 0 and not poisoned."
        ),
        rationale=(
            "A forgotten register carries the fault that the reset was to clear into the next run."
        ),
        status="active",
        since="0.1.0",
    ),
    "ERR-WATCHDOG-001": Rule(
        id="ERR-WATCHDOG-001",
        area="ERR",
        text=(
            "A command other than WAIT that has not retired WATCHDOG_LIMIT cycles after its start "
            "shall fail with WATCHDOG, unless the limit is 0."
        ),
        rationale="A kernel that never ends would otherwise hold its units for ever.",
        status="active",
        since="0.1.0",
    ),
    "EU-ARG-001": Rule(
        id="EU-ARG-001",
        area="EU",
        text=(
            "The 64 argument bytes shall be read whole, after the LAUNCH starts, and validated "
            "before its first work-group."
        ),
        rationale="A bad pitch that is found half-way leaves half a result.",
        status="active",
        since="0.1.0",
    ),
    "EU-ARG-002": Rule(
        id="EU-ARG-002",
        area="EU",
        text=(
            "Arguments with a non-zero reserved byte shall fail their LAUNCH with "
            "ARGUMENT_RESERVED."
        ),
        rationale="Rubbish in unused bytes shows that software filled in another kernel's block.",
        status="active",
        since="0.1.0",
    ),
    "EU-ARG-003": Rule(
        id="EU-ARG-003",
        area="EU",
        text=(
            "Arguments with a dimension, pitch, multiplier, shift or clamp outside the limits of "
            "kernels.yaml shall fail their LAUNCH with ARGUMENT_SHAPE."
        ),
        rationale=(
            "A dimension of 0 underflows a loop and a pitch below the row width makes rows overlap."
        ),
        status="active",
        since="0.1.0",
    ),
    "EU-ARG-004": Rule(
        id="EU-ARG-004",
        area="EU",
        text=(
            "Arguments with an address or pitch not aligned as kernels.yaml asks shall fail their "
            "LAUNCH with ARGUMENT_ALIGNMENT."
        ),
        rationale="An int32 across two words is computed from halves of two numbers.",
        status="active",
        since="0.1.0",
    ),
    "EU-ARG-005": Rule(
        id="EU-ARG-005",
        area="EU",
        text=(
            "Arguments with an operand that ends past device memory shall fail their LAUNCH with "
            "ARGUMENT_RANGE."
        ),
        rationale="Addresses that wrap at the end of memory destroy the first tensor instead.",
        status="active",
        since="0.1.0",
    ),
    "EU-ARITH-001": Rule(
        id="EU-ARITH-001",
        area="EU",
        text="GEMM_S8 and REQUANTISE shall give the bytes that kernels.yaml defines, bit for bit.",
        rationale=(
            "A rounding that differs by one between device and reference hides every real error."
        ),
        status="active",
        since="0.1.0",
    ),
    "EU-ARITH-002": Rule(
        id="EU-ARITH-002",
        area="EU",
        text=(
            "A kernel shall write only the elements of its output that the work-groups of its grid "
            "cover."
        ),
        rationale=(
            "Whole-word writes at the edge of a matrix destroy the padding or the next tensor."
        ),
        status="active",
        since="0.1.0",
    ),
    "EU-KERNEL-001": Rule(
        id="EU-KERNEL-001",
        area="EU",
        text=(
            "ELEMENTWISE, LOOKUP and REDUCE shall give the bytes that kernels.yaml defines, bit "
            "for bit."
        ),
        rationale=(
            "Networks with residual connections and pooling need them with the same certainty."
        ),
        status="planned",
        since="0.1.0",
    ),
    "EU-LAUNCH-001": Rule(
        id="EU-LAUNCH-001",
        area="EU",
        text=(
            "A LAUNCH shall run each work-group of its grid exactly once, and retire when all have "
            "finished."
        ),
        rationale=(
            "A group that is left out leaves old bytes in the result, and one that runs after "
            "retirement writes to freed memory."
        ),
        status="active",
        since="0.1.0",
    ),
    "EU-LAUNCH-002": Rule(
        id="EU-LAUNCH-002",
        area="EU",
        text="A work-group shall run only on a unit of the LAUNCH's mask.",
        rationale="Software partitions units between users; a group elsewhere delays a stranger.",
        status="active",
        since="0.1.0",
    ),
    "EU-LAUNCH-003": Rule(
        id="EU-LAUNCH-003",
        area="EU",
        text="The work-groups of a LAUNCH shall use every free unit of its mask.",
        rationale="A dispatcher that keeps to one unit wastes the others without any error.",
        status="active",
        since="0.1.0",
    ),
    "INT-EVENT-001": Rule(
        id="INT-EVENT-001",
        area="INT",
        text=(
            "Every event, in whatever cycle it arrives, shall be followed by a message of its "
            "vector or be pending."
        ),
        rationale=(
            "Drain, re-arm and arrival race in a window of a few cycles (qaic qaic_data.c, genode "
            "#4684)."
        ),
        status="active",
        since="0.1.0",
    ),
    "INT-EVENT-002": Rule(
        id="INT-EVENT-002",
        area="INT",
        text="Each successful command with INTERRUPT shall be one event of its vector.",
        rationale=(
            "Moderation counts events; one that is merged before the count delays the message that "
            "software waits for."
        ),
        status="active",
        since="0.1.0",
    ),
    "INT-EVENT-003": Rule(
        id="INT-EVENT-003",
        area="INT",
        text="The device shall send no message for a vector without an event of that vector.",
        rationale=(
            "Software that counts interrupts, or shares a vector, reacts to work that does not "
            "exist."
        ),
        status="active",
        since="0.1.0",
    ),
    "INT-MASK-001": Rule(
        id="INT-MASK-001",
        area="INT",
        text=(
            "An event of a vector that is masked, by its entry, the function mask or MSI-X enable "
            "being off, shall set its pending bit and send nothing."
        ),
        rationale=(
            "A dropped event is a waiter that never wakes (rocm-ernic #111), an ignored function "
            "mask an interrupt into a dead handler (libvfio-user #806)."
        ),
        status="active",
        since="0.1.0",
    ),
    "INT-MASK-002": Rule(
        id="INT-MASK-002",
        area="INT",
        text=(
            "When a vector with its pending bit set becomes unmasked, its message shall be sent at "
            "once, whatever its moderation, and the bit cleared."
        ),
        rationale=(
            "Software masks, works and unmasks; an event that waits further after that is a lost "
            "one."
        ),
        status="active",
        since="0.1.0",
    ),
    "INT-MASK-003": Rule(
        id="INT-MASK-003",
        area="INT",
        text=(
            "After power-on and device reset every MSI-X table entry shall be masked and have no "
            "event pending."
        ),
        rationale=(
            "An entry whose address is not yet written would send its first message to address 0."
        ),
        status="active",
        since="0.1.0",
    ),
    "INT-MOD-001": Rule(
        id="INT-MOD-001",
        area="INT",
        text=(
            "An unmasked vector shall send when its unsent events reach MODERATION.count, with 0 "
            "and 1 sending each event at once."
        ),
        rationale="Without moderation small commands drown the host in interrupts (qaic docs).",
        status="active",
        since="0.1.0",
    ),
    "INT-MOD-002": Rule(
        id="INT-MOD-002",
        area="INT",
        text=(
            "An unmasked vector with unsent events shall send at the latest MODERATION.timer "
            "cycles after the first of them."
        ),
        rationale=(
            "The last event of a burst never reaches the count; without the timer it is lost."
        ),
        status="active",
        since="0.1.0",
    ),
    "INT-MOD-003": Rule(
        id="INT-MOD-003",
        area="INT",
        text=(
            "An unmasked vector whose MODERATION has a count of 2 or more shall send no message "
            "before its unsent events reach the count or timer cycles have passed since the first "
            "of them, unless it was unmasked or MODERATION was written meanwhile."
        ),
        rationale=(
            "A message that comes early is right but defeats the moderation that software asked "
            "for; what a write of MODERATION does to events counted before it is open."
        ),
        status="active",
        since="0.1.0",
    ),
    "INT-MSIX-001": Rule(
        id="INT-MSIX-001",
        area="INT",
        text=(
            "An interrupt shall be one 4-byte memory write of its table entry's data to its table "
            "entry's address."
        ),
        rationale=(
            "Hosts decode address and data as a pair; another size is refused by their interrupt "
            "remapping."
        ),
        status="active",
        since="0.1.0",
    ),
    "OBS-CLOCK-001": Rule(
        id="OBS-CLOCK-001",
        area="OBS",
        text=(
            "The device shall give pairs of its cycle counter and the host's clock that were "
            "sampled together."
        ),
        rationale="Without them device events cannot be put beside host events.",
        status="planned",
        since="0.1.0",
    ),
    "OBS-COUNT-001": Rule(
        id="OBS-COUNT-001",
        area="OBS",
        text=(
            "Each counter register, QUEUE.RETIRED and the counts of a unit shall count exactly "
            "what registers.rdl says of it."
        ),
        rationale=(
            "Efficiency figures come from these; a counter that counts beats for bytes flatters "
            "the device."
        ),
        status="active",
        since="0.1.0",
    ),
    "OBS-CYCLES-001": Rule(
        id="OBS-CYCLES-001",
        area="OBS",
        text=(
            "DEVICE.CYCLES shall rise by one each device cycle and not be changed by FLR or device "
            "reset."
        ),
        rationale="Timestamps before and after a reset must stand on one time line.",
        status="active",
        since="0.1.0",
    ),
    "OBS-SNAPSHOT-001": Rule(
        id="OBS-SNAPSHOT-001",
        area="OBS",
        text=(
            "A write of SNAPSHOT shall copy all running counters in one cycle to the COUNTER "
            "registers, which change at no other time but reset."
        ),
        rationale="Counters that are read one after another while running give impossible ratios.",
        status="active",
        since="0.1.0",
    ),
    "OBS-TRACE-001": Rule(
        id="OBS-TRACE-001",
        area="OBS",
        text=(
            "Trace records of 32 bytes shall be dropped and counted when the host ring is full, "
            "without delaying any command."
        ),
        rationale=(
            "Trace that blocks, or turns an overflow into an error, breaks what it should explain "
            "(tt-metal #34112)."
        ),
        status="planned",
        since="0.1.0",
    ),
    "ORD-ATTR-001": Rule(
        id="ORD-ATTR-001",
        area="ORD",
        text=(
            "Every request of the device shall have relaxed ordering, no-snoop, ID-based ordering "
            "and traffic class all zero."
        ),
        rationale="With any of them set a switch may let the record pass the data.",
        status="active",
        since="0.1.0",
    ),
    "ORD-DEVICE-001": Rule(
        id="ORD-DEVICE-001",
        area="ORD",
        text=(
            "A read of device memory, by BAR2, COPY or LAUNCH, shall return every DEVICE write "
            "performed before it."
        ),
        rationale=(
            "A read on another path that overtakes the write returns old data (tt-umd #3096, "
            "tt-metal #6716, #12678)."
        ),
        status="active",
        since="0.1.0",
    ),
    "ORD-IN-001": Rule(
        id="ORD-IN-001",
        area="ORD",
        text=(
            "A doorbell, semaphore write or AtomicOp shall take effect only after every earlier "
            "inbound write is performed, in either BAR."
        ),
        rationale=(
            "Software writes weights through BAR2 and rings through BAR0; a doorbell that is "
            "quicker starts on old weights."
        ),
        status="active",
        since="0.1.0",
    ),
    "ORD-PEER-001": Rule(
        id="ORD-PEER-001",
        area="ORD",
        text=(
            "HOST writes to one peer shall arrive in the order of retirement, so that a signal to "
            "that peer covers earlier data to it."
        ),
        rationale=(
            "Several devices hand over tensors directly; across two peers nothing is ordered and "
            "software must not assume it."
        ),
        status="planned",
        since="0.1.0",
    ),
    "ORD-POSTED-001": Rule(
        id="ORD-POSTED-001",
        area="ORD",
        text=(
            "A HOST write to an unmapped or refused address shall not stop its command from "
            "retiring as a success."
        ),
        rationale=(
            "Posted writes have no answer; one right outcome keeps devices alike, and the host's "
            "fault log is the witness."
        ),
        status="active",
        since="0.1.0",
    ),
    "ORD-QUEUE-001": Rule(
        id="ORD-QUEUE-001",
        area="ORD",
        text=(
            "What retired before a SIGNAL shall be visible to every command that starts after the "
            "WAIT that saw its value."
        ),
        rationale=(
            "Only semaphores order two queues; if they do not, no producer can hand over to a "
            "consumer."
        ),
        status="active",
        since="0.1.0",
    ),
    "ORD-READ-001": Rule(
        id="ORD-READ-001",
        area="ORD",
        text=(
            "The completion of a register read shall follow every posted write that the device "
            "issued before the value was sampled."
        ),
        rationale=(
            'Software that reads "done" from a register reads the buffer next and must find the '
            "data there."
        ),
        status="active",
        since="0.1.0",
    ),
    "ORD-READ-002": Rule(
        id="ORD-READ-002",
        area="ORD",
        text="A read of a BAR shall return the effect of every earlier inbound write.",
        rationale=(
            "A read that overtakes a write shows the old value, and bring-up code then repeats a "
            "command (tt-metal #12678)."
        ),
        status="active",
        since="0.1.0",
    ),
    "ORD-RETIRE-001": Rule(
        id="ORD-RETIRE-001",
        area="ORD",
        text=(
            "A command shall retire only when every HOST write of it has its place in the upstream "
            "order, every DEVICE write is what later reads return, and every read has landed."
        ),
        rationale=(
            "Status that is set at issue says done while the last bytes are still under way "
            "(litepcie #120, #179)."
        ),
        status="active",
        since="0.1.0",
    ),
    "ORD-RING-001": Rule(
        id="ORD-RING-001",
        area="ORD",
        text=(
            "The device shall execute a packet only from bytes that it read after the doorbell "
            "that moved put past it."
        ),
        rationale=(
            "Prefetched old bytes run the command of a lap ago (tt-metal #8062), and a doorbell "
            "that overtakes the ring write does the same (XRT xgq_cmd_common.h, switchtec-dma #4)."
        ),
        status="active",
        since="0.1.0",
    ),
    "ORD-UP-001": Rule(
        id="ORD-UP-001",
        area="ORD",
        text=(
            "Data, signal, record and interrupt of a command and of every earlier command of its "
            "queue shall leave in this order on one upstream path."
        ),
        rationale=(
            "An interrupt or record that overtakes the data makes software read old bytes "
            "(switchtec-kernel #65)."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-DONE-001": Rule(
        id="RT-DONE-001",
        area="RT",
        text=(
            "The runtime shall make no MMIO read between the submission of a command and its "
            "completion."
        ),
        rationale=(
            "Each one waits for a trip over the link and stalls the processor for as long as a "
            "small kernel takes."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-DONE-002": Rule(
        id="RT-DONE-002",
        area="RT",
        text=(
            "The runtime shall take a command as done only when the value word of a record has "
            "reached its timeline value."
        ),
        rationale=(
            "The words of a record may land apart, and a timestamp word alone is old memory "
            "(openvmm #506, propolis #502)."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-DONE-003": Rule(
        id="RT-DONE-003",
        area="RT",
        text=(
            "The runtime shall read the records again after it has re-armed a vector and before it "
            "sleeps."
        ),
        rationale=(
            "An entry that comes between the last read and the re-arm gives no further interrupt "
            "(qaic qaic_data.c, genode #4684)."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-DONE-004": Rule(
        id="RT-DONE-004",
        area="RT",
        text=(
            "The runtime shall free or reuse a buffer only when each command that uses it has "
            "retired, or its queue is HALTED or DISABLED with idle set."
        ),
        rationale=(
            "An engine that still runs writes to memory with a new owner (aws-fpga #287, "
            "dma_ip_drivers #24)."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-FAIL-001": Rule(
        id="RT-FAIL-001",
        area="RT",
        text=(
            "The runtime shall raise DeviceLost when a register and then IDENTITY both read all "
            "ones, and only then."
        ),
        rationale=(
            "All ones used as data send software far astray (dma_ip_drivers #19), and a true "
            "all-ones value is no loss."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-FAIL-002": Rule(
        id="RT-FAIL-002",
        area="RT",
        text=(
            "The runtime shall poison every semaphore that a failed stream would still have "
            "signalled."
        ),
        rationale="Streams that wait for it would otherwise wait for ever.",
        status="active",
        since="0.1.0",
    ),
    "RT-FAIL-003": Rule(
        id="RT-FAIL-003",
        area="RT",
        text=(
            "The runtime shall raise an error for every entry of the host's fault log that belongs "
            "to the device."
        ),
        rationale=(
            "Posted writes never report failure, so a copy to an unmapped address looks successful "
            "without this."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-FAIL-004": Rule(
        id="RT-FAIL-004",
        area="RT",
        text=(
            "The runtime shall report each command that a reset stopped as ABORTED to everyone who "
            "waits for it."
        ),
        rationale="A waiter that hears nothing waits for ever.",
        status="active",
        since="0.1.0",
    ),
    "RT-FAIL-005": Rule(
        id="RT-FAIL-005",
        area="RT",
        text="The runtime shall say, when a WAIT times out, which waits hold which.",
        rationale=(
            "A wait before its own signal in one queue looks like a hang of the device (Vortex "
            "command processor notes)."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-GROUP-001": Rule(
        id="RT-GROUP-001",
        area="RT",
        text=(
            "The runtime shall submit a graph or a group of devices so that every edge is a "
            "BARRIER, a semaphore or a signal."
        ),
        rationale=(
            "An edge that only the order of submission implies breaks as soon as two commands "
            "overlap."
        ),
        status="planned",
        since="0.1.0",
    ),
    "RT-OPEN-001": Rule(
        id="RT-OPEN-001",
        area="RT",
        text=(
            "The runtime shall set bus master enable only after its memory is mapped, and clear it "
            "before it unmaps."
        ),
        rationale=(
            "A device that is on without a mapping writes to pages of others (litex_m2sdr #145, "
            "tinygrad #16536)."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-SUBMIT-001": Rule(
        id="RT-SUBMIT-001",
        area="RT",
        text=(
            "The runtime shall publish all ring and buffer bytes of a packet before the doorbell "
            "that covers it."
        ),
        rationale=(
            "A doorbell that overtakes the ring write runs old bytes (XRT xgq_cmd_common.h, "
            "switchtec-dma #4)."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-SUBMIT-002": Rule(
        id="RT-SUBMIT-002",
        area="RT",
        text=(
            "The runtime shall book a command, with room for its record, before the doorbell that "
            "covers it."
        ),
        rationale=(
            "A completion that arrives first finds no owner (linux idxd 6b4b87f), or overruns its "
            "storage (rocm-xio #68)."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-SUBMIT-003": Rule(
        id="RT-SUBMIT-003",
        area="RT",
        text=(
            "The runtime shall wait or raise an error rather than write to a ring slot whose count "
            "is in [get, put), or to an argument block whose command has not retired."
        ),
        rationale=(
            "An allocator that wraps without a check feeds a running command with the next one's "
            "bytes (tinygrad, Vortex runtime), and a slot patched in place is seen in part."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-SUBMIT-004": Rule(
        id="RT-SUBMIT-004",
        area="RT",
        text=(
            "The runtime shall submit each command as one packet, and each batch with one doorbell."
        ),
        rationale=(
            "A set-up of several registers is interleaved by two threads (Vortex runtime), and a "
            "doorbell per packet costs a link write each."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-SUBMIT-005": Rule(
        id="RT-SUBMIT-005",
        area="RT",
        text=(
            "The runtime shall refuse a bad argument, width, alignment, size, shape or use after "
            "free with a typed error before anything reaches the device."
        ),
        rationale=(
            "A queue that halts costs all its work; a typed error at the call costs one line."
        ),
        status="active",
        since="0.1.0",
    ),
    "RT-SUBMIT-006": Rule(
        id="RT-SUBMIT-006",
        area="RT",
        text="The runtime shall refuse an address in the device's own BAR as a HOST operand.",
        rationale="The switch answers UR for reads and loses writes, which then look successful.",
        status="active",
        since="0.1.0",
    ),
    "SEM-POISON-001": Rule(
        id="SEM-POISON-001",
        area="SEM",
        text=(
            "A WAIT on a poisoned semaphore shall fail with WAIT_POISONED if it is unsatisfied, "
            "and succeed if it is satisfied."
        ),
        rationale=(
            "Failure must reach those who wait for a failed stream, but not those whose data was "
            "ready."
        ),
        status="active",
        since="0.1.0",
    ),
    "SEM-POISON-002": Rule(
        id="SEM-POISON-002",
        area="SEM",
        text=(
            "Poison shall change only by a write to SEMAPHORE_POISON, whose bit 0 sets or clears "
            "it, or by a device reset."
        ),
        rationale=(
            "A set or add that cleared poison would hide a failure from the waiters behind it."
        ),
        status="active",
        since="0.1.0",
    ),
    "SEM-VALUE-001": Rule(
        id="SEM-VALUE-001",
        area="SEM",
        text=(
            "A write to SEMAPHORE_SET, or a SIGNAL with mode SEMAPHORE_SET, shall store the value "
            "as it is, smaller ones too."
        ),
        rationale=(
            "A device that drops or clamps a smaller value disagrees with the next about a rewound "
            "timeline (vkd3d-proton #3286)."
        ),
        status="active",
        since="0.1.0",
    ),
    "SEM-VALUE-002": Rule(
        id="SEM-VALUE-002",
        area="SEM",
        text=(
            "A write to SEMAPHORE_ADD, or a SIGNAL with mode SEMAPHORE_ADD, shall add the value "
            "modulo 2^64."
        ),
        rationale="Saturation at the end breaks circular comparison after it (tt-metal #9026).",
        status="active",
        since="0.1.0",
    ),
    "SEM-VALUE-003": Rule(
        id="SEM-VALUE-003",
        area="SEM",
        text=(
            "A read of SEMAPHORE_SET or SEMAPHORE_ADD shall return the semaphore's value, and of "
            "SEMAPHORE_POISON its poison bit."
        ),
        rationale="Debugging a deadlock starts with reading what each semaphore really holds.",
        status="active",
        since="0.1.0",
    ),
    "SEM-WAIT-001": Rule(
        id="SEM-WAIT-001",
        area="SEM",
        text=(
            "A WAIT with condition GE shall succeed exactly when signed(semaphore - value) >= 0 on "
            "64 bits."
        ),
        rationale=(
            "Comparison against an old base fails at the wrap (tt-metal #9026, habanalabs "
            "sob_reset_work)."
        ),
        status="active",
        since="0.1.0",
    ),
    "SEM-WAIT-002": Rule(
        id="SEM-WAIT-002",
        area="SEM",
        text="A WAIT with condition EQ shall succeed exactly when semaphore and value are equal.",
        rationale=(
            "A ring of two buffers waits for one exact value; a larger one means the buffer was "
            "lost."
        ),
        status="active",
        since="0.1.0",
    ),
    "SEM-WAIT-003": Rule(
        id="SEM-WAIT-003",
        area="SEM",
        text=(
            "Every write to a semaphore shall be compared with all its waiters before the next "
            "write to that semaphore."
        ),
        rationale=(
            "A value that is overwritten before the compare wakes nobody, and the wrong waiter is "
            "woken instead (habanalabs ea6eb91)."
        ),
        status="active",
        since="0.1.0",
    ),
    "SEM-WAIT-004": Rule(
        id="SEM-WAIT-004",
        area="SEM",
        text="A waiting queue shall delay no other queue and send nothing on the link.",
        rationale=(
            "A wait that holds an engine or polls memory turns one slow stream into a slow device."
        ),
        status="active",
        since="0.1.0",
    ),
    "SEM-WAIT-005": Rule(
        id="SEM-WAIT-005",
        area="SEM",
        text=(
            "A WAIT shall fail with WAIT_TIMEOUT when its deadline has passed unsatisfied, counted "
            "in cycles from its start, with WAIT_LIMIT in place of a deadline of 0."
        ),
        rationale=(
            "A wait whose signal stands behind it in the same queue never ends by itself (Vortex "
            "command processor notes)."
        ),
        status="active",
        since="0.1.0",
    ),
    "SEM-WAIT-006": Rule(
        id="SEM-WAIT-006",
        area="SEM",
        text="A WAIT whose deadline and WAIT_LIMIT are both 0 shall have no deadline.",
        rationale="Servers wait for hours; a hidden limit kills them.",
        status="active",
        since="0.1.0",
    ),
}
"""Rules by id, ascending."""
