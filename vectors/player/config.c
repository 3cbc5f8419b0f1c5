#include "config.h"

#define COMMAND 0x04
#define STATUS 0x06
#define STATUS_CAPABILITIES 0x10
#define FIRST_CAPABILITY 0x34
#define DEVICE_CONTROL 8     /* in the PCI Express capability */
#define CAPABILITIES_MOST 48 /* dwords between the header and the end of the list's space: a longer list loops */

bool config_find(struct hardware *hardware, unsigned id, unsigned *at)
{
    uint32_t value;
    unsigned place, seen;

    *at = 0;
    if (!hardware->config_read(hardware->self, STATUS, 2, &value))
        return false;
    if ((value & STATUS_CAPABILITIES) == 0 || value == 0xFFFF)
        return true;
    if (!hardware->config_read(hardware->self, FIRST_CAPABILITY, 1, &value))
        return false;
    place = value & 0xFC;
    for (seen = 0; place != 0 && seen < CAPABILITIES_MOST; seen++) {
        if (!hardware->config_read(hardware->self, place, 2, &value))
            return false;
        if ((value & 0xFF) == id) {
            *at = place;
            return true;
        }
        place = value >> 8 & 0xFC;
    }
    return true;
}

bool config_save(struct hardware *hardware, struct config *config)
{
    *config = (struct config){0};
    return hardware->config_read(hardware->self, COMMAND, 2, &config->command) &&
           config_find(hardware, CONFIG_CAPABILITY_PCIE, &config->pcie) &&
           (config->pcie == 0 ||
            hardware->config_read(hardware->self, config->pcie + DEVICE_CONTROL, 2, &config->device_control));
}

bool config_restore(struct hardware *hardware, const struct config *config)
{
    return hardware->config_write(hardware->self, COMMAND, 2, config->command) &&
           (config->pcie == 0 ||
            hardware->config_write(hardware->self, config->pcie + DEVICE_CONTROL, 2, config->device_control & 0x7FFF));
}
