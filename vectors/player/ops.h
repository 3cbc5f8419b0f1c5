/* The ops: what keys each has, and the function that plays it. */
#ifndef DOORBELL_PLAYER_OPS_H
#define DOORBELL_PLAYER_OPS_H

#include "run.h"

enum key_kind {
    KEY_ANY,         /* for ops that this player never plays */
    KEY_TEXT,        /* a string */
    KEY_TRUTH,       /* true or false */
    KEY_COUNT,       /* an integer, 0 to 2^31 - 1 */
    KEY_AT,          /* the same: an offset in the op's `buffer` */
    KEY_AT_WORD,     /* the same, a multiple of 8 with 8 bytes behind it */
    KEY_VALUE,
    KEY_EXPECT,
    KEY_STORED,      /* segments to store */
    KEY_EXPECTED,    /* segments to expect */
    KEY_BUFFER,      /* the name of a buffer of this vector */
    KEY_NAMES,       /* two or more strings */
    KEY_BAR,         /* 0 or 2 */
    KEY_SIZE_CONFIG, /* 1, 2 or 4 */
    KEY_SIZE_BAR,    /* 4 or 8 */
    KEY_CAPABILITY,  /* "pcie" or "msix" */
    KEY_INTERRUPT,   /* below INTERRUPT_VECTORS_MAX */
};

struct op_key {
    const char *name; /* NULL ends the list */
    enum key_kind kind;
    bool required;
};

struct op {
    const char *name;
    const struct op_key *keys; /* beside `op` and `note` */
    bool (*play)(struct run *run);
};

/* The op of this step, or NULL when it is none. */
const struct op *op_find(const struct json *step);

/* The functions below play the run's current step, which the suite's check has found well formed. */
bool op_config_read(struct run *run);
bool op_config_write(struct run *run);
bool op_read(struct run *run);
bool op_write(struct run *run);
bool op_read_block(struct run *run);
bool op_write_block(struct run *run);
bool op_put(struct run *run);
bool op_publish(struct run *run);
bool op_memory(struct run *run);
bool op_word(struct run *run);
bool op_interrupt_setup(struct run *run);
bool op_interrupt_mask(struct run *run);
bool op_interrupt_wait(struct run *run);
bool op_interrupts(struct run *run);
bool op_delay(struct run *run);
bool op_order(struct run *run);
bool op_difference(struct run *run);
bool op_link(struct run *run);
bool op_not_supported(struct run *run);

/*
 * What an op that reads one number has in common: tells the transaction log, settles with FAIL when the
 * number is not as `expect` says, saves it when asked. `where` is for people: "BAR0+0x10".
 */
bool op_judge(struct run *run, const char *where, uint64_t found, bool held);

/* The same for bytes: `run->octets` expected, `run->found` read. */
bool op_judge_bytes(struct run *run, const char *where, bool held);

#endif
