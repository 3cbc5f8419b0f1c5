#include "abilities.h"

#include <string.h>

static const char *const NAMES[ABILITY_COUNT] = {"high_addresses", "interrupt_count", "msix_table", "bus_master", "flr"};

const char *ability_name(unsigned bit)
{
    return NAMES[bit];
}

unsigned ability_bit(const char *name, size_t length)
{
    unsigned bit;

    for (bit = 0; bit < ABILITY_COUNT; bit++)
        if (strlen(NAMES[bit]) == length && memcmp(NAMES[bit], name, length) == 0)
            return 1U << bit;
    return 0;
}

bool abilities_without(struct hardware *hardware, const char *names)
{
    for (;;) {
        size_t length = strcspn(names, ",");
        unsigned bit = ability_bit(names, length);

        if (bit == 0)
            return false;
        hardware->abilities &= ~bit;
        if (names[length] == 0)
            return true;
        names += length + 1;
    }
}
