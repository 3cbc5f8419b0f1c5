#include "verdict.h"

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[VERDICT_COUNT] = {
        [VERDICT_PASS] = "PASS",
        [VERDICT_NOT_OBSERVED] = "NOT_OBSERVED",
        [VERDICT_NOT_SUPPORTED] = "NOT_SUPPORTED",
        [VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
        [VERDICT_FAIL] = "FAIL",
        [VERDICT_ERROR] = "ERROR",
    };

    return names[verdict];
}

bool verdict_is_bad(enum verdict verdict)
{
    return verdict >= VERDICT_INCONCLUSIVE;
}
