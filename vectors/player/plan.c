#include "plan.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

static bool fits(const char *choice, const struct json *text)
{
    size_t length = strlen(choice);

    if (length > 0 && choice[length - 1] == '*')
        return json_is(text, JSON_STRING) && strncmp(text->text, choice, length - 1) == 0;
    return json_equals(text, choice);
}

static bool fits_any(const struct choice *choice, const struct json *vector)
{
    const struct json *one;

    if (choice->kind == CHOICE_ID)
        return fits(choice->text, json_get(vector, "id"));
    for (one = json_get(vector, choice->kind == CHOICE_RULE ? "rules" : "tags")->first; one != NULL; one = one->next)
        if (fits(choice->text, one))
            return true;
    return false;
}

unsigned plan_level(const struct json *vector)
{
    uint64_t level = 0;

    json_count(json_get(vector, "bringup"), 7, &level);
    return (unsigned)level;
}

static bool listed(const struct plan *plan, const struct json *vector)
{
    size_t i;

    for (i = 0; i < plan->only_count; i++)
        if (json_equals(json_get(vector, "id"), plan->only[i]))
            return true;
    return plan->only == NULL;
}

static bool chosen(const struct plan *plan, const struct json *vector)
{
    bool asked[CHOICE_KINDS] = {false}, found[CHOICE_KINDS] = {false};
    size_t i;

    if (plan->tier >= 0 && tier_rank(json_get(vector, "tier")) > plan->tier)
        return false;
    if (plan->bringup && plan_level(vector) == 0)
        return false;
    if (!listed(plan, vector))
        return false;
    for (i = 0; i < plan->choice_count; i++) {
        const struct choice *choice = &plan->choices[i];

        asked[choice->kind] = true;
        found[choice->kind] = found[choice->kind] || fits_any(choice, vector);
    }
    for (i = 0; i < CHOICE_KINDS; i++)
        if (asked[i] && !found[i])
            return false;
    return true;
}

bool plan_make(struct plan *plan, const struct suite *suite)
{
    unsigned level, first = plan->bringup ? 1 : 0, last = plan->bringup ? 7 : 0;
    const struct json *vector;
    uint64_t found = 0, index;

    plan->count = 0;
    plan->vectors = calloc(suite->vector_count + 1, sizeof *plan->vectors);
    if (plan->vectors == NULL)
        return false;
    for (level = first; level <= last; level++)
        for (vector = suite->vectors->first, index = 0; vector != NULL; vector = vector->next, index++)
            if (chosen(plan, vector) && (!plan->bringup || plan_level(vector) == level))
                if (found++ % plan->shards == plan->shard - 1)
                    plan->vectors[plan->count++] =
                        (struct planned){vector, (uint32_t)((index << 32) / suite->vector_count)};
    return true;
}

void plan_free(struct plan *plan)
{
    free(plan->vectors);
    plan->vectors = NULL;
    plan->count = 0;
}

const char *plan_unknown(const struct plan *plan, const struct suite *suite)
{
    const struct json *vector;
    size_t i;

    for (i = 0; i < plan->choice_count; i++) {
        if (plan->choices[i].kind != CHOICE_ID)
            continue;
        for (vector = suite->vectors->first; vector != NULL; vector = vector->next)
            if (fits_any(&plan->choices[i], vector))
                break;
        if (vector == NULL)
            return plan->choices[i].text;
    }
    return NULL;
}
