#include "config.h"

#define COMMAND 0x04
#define STATUS 0x06
#define FIRST_BAR 0x10
#define STATUS_CAPABILITIES 0x10
#define FIRST_CAPABILITY 0x34
#define DEVICE_CONTROL 8  /* in the PCI Express capability */
#define FUNCTION_LEVEL_RESET UINT32_C(0x8000)
#define MESSAGE_CONTROL 2 /* in the MSI-X capability */
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

static bool read_bars(struct hardware *hardware, uint32_t bars[CONFIG_BARS])
{
    unsigned i;

    for (i = 0; i < CONFIG_BARS; i++)
        if (!hardware->config_read(hardware->self, FIRST_BAR + 4 * i, 4, &bars[i]))
            return false;
    return true;
}

bool config_save(struct hardware *hardware, struct config *config)
{
    *config = (struct config){0};
    return hardware->config_read(hardware->self, COMMAND, 2, &config->command) && read_bars(hardware, config->bars) &&
           config_find(hardware, CONFIG_CAPABILITY_PCIE, &config->pcie) &&
           config_find(hardware, CONFIG_CAPABILITY_MSIX, &config->msix) &&
           (config->pcie == 0 ||
            hardware->config_read(hardware->self, config->pcie + DEVICE_CONTROL, 2, &config->device_control)) &&
           (config->msix == 0 ||
            hardware->config_read(hardware->self, config->msix + MESSAGE_CONTROL, 2, &config->message_control));
}

bool config_restore(struct hardware *hardware, const struct config *config)
{
    uint32_t bars[CONFIG_BARS];
    unsigned i;

    if (!read_bars(hardware, bars))
        return false;
    for (i = 0; i < CONFIG_BARS; i++)
        if (bars[i] != config->bars[i] &&
            !hardware->config_write(hardware->self, FIRST_BAR + 4 * i, 4, config->bars[i]))
            return false;
    return (config->pcie == 0 || hardware->config_write(hardware->self, config->pcie + DEVICE_CONTROL, 2,
                                                        config->device_control & ~FUNCTION_LEVEL_RESET)) &&
           (config->msix == 0 ||
            hardware->config_write(hardware->self, config->msix + MESSAGE_CONTROL, 2, config->message_control)) &&
           hardware->config_write(hardware->self, COMMAND, 2, config->command);
}
