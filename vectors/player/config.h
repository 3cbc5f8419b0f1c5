/* Configuration space: where the capabilities of the function are. */
#ifndef DOORBELL_PLAYER_CONFIG_H
#define DOORBELL_PLAYER_CONFIG_H

#include "hardware.h"

#define CONFIG_CAPABILITY_PCIE 0x10
#define CONFIG_CAPABILITY_MSIX 0x11

/* Stores where the first capability of this id is, 0 when there is none. False: the layer broke. */
bool config_find(struct hardware *hardware, unsigned id, unsigned *at);

/* The registers that a vector may change and that every vector starts with as they were. */
struct config {
    uint32_t command;
    uint32_t device_control;
    unsigned pcie; /* where the PCI Express capability is; 0: nowhere */
};

bool config_save(struct hardware *hardware, struct config *config);
bool config_restore(struct hardware *hardware, const struct config *config);

#endif
