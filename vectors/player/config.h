/* Configuration space: where the capabilities of the function are. */
#ifndef DOORBELL_PLAYER_CONFIG_H
#define DOORBELL_PLAYER_CONFIG_H

#include "hardware.h"

#define CONFIG_CAPABILITY_PCIE 0x10
#define CONFIG_CAPABILITY_MSIX 0x11

/* Stores where the first capability of this id is, 0 when there is none. False: the layer broke. */
bool config_find(struct hardware *hardware, unsigned id, unsigned *at);

#define CONFIG_BARS 6

/* The registers that a vector may change and that are then set up again as they were. */
struct config {
    uint32_t command, device_control, message_control;
    uint32_t bars[CONFIG_BARS];
    unsigned pcie, msix; /* where these capabilities are; 0: nowhere */
};

bool config_save(struct hardware *hardware, struct config *config);
bool config_restore(struct hardware *hardware, const struct config *config);

#endif
