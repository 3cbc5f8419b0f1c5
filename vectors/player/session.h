/* A device, a suite, and the vectors of a plan played one after the other, with recovery after a failure. */
#ifndef DOORBELL_PLAYER_SESSION_H
#define DOORBELL_PLAYER_SESSION_H

#include "plan.h"
#include "report.h"
#include "run.h"

enum exit_code { EXIT_RIGHT = 0, EXIT_WRONG = 1, EXIT_USAGE = 2, EXIT_HANG = 3, EXIT_SETUP = 5 };

struct session {
    struct hardware *hardware;
    struct suite *suite;
    const struct plan *plan;
    struct report *report;
    const char *resume_path; /* where the ids that were not played go when the run stops; NULL: nowhere */
    double time_scale;
    uint64_t repeat;
    bool bail; /* stop after the first vector that is FAIL, ERROR or INCONCLUSIVE */
};

enum exit_code session_play(struct session *session);

#endif
