#include "version.h"

#define PART_MAX 0xFFFF

uint64_t version_number(uint64_t major, uint64_t minor, uint64_t patch)
{
    return major << 32 | minor << 16 | patch;
}

bool version_parse(const struct json *text, uint64_t *version)
{
    const char *at;
    uint64_t parts[3];
    size_t i;

    if (!json_is(text, JSON_STRING))
        return false;
    at = text->text;
    for (i = 0; i < 3; i++) {
        if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9'))
            return false;
        for (parts[i] = 0; *at >= '0' && *at <= '9'; at++)
            if ((parts[i] = 10 * parts[i] + (uint64_t)(*at - '0')) > PART_MAX)
                return false;
        if (*at++ != (i < 2 ? '.' : '\0'))
            return false;
    }
    *version = version_number(parts[0], parts[1], parts[2]);
    return at == text->text + text->length + 1;
}

bool version_range(const struct json *contract, uint64_t *first, uint64_t *last)
{
    if (!json_is(contract, JSON_ARRAY) || contract->length != 2 || !version_parse(contract->first, first))
        return false;
    *last = UINT64_MAX;
    return json_is(contract->first->next, JSON_NULL) || version_parse(contract->first->next, last);
}
