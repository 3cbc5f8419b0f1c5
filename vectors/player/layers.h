/* The hardware layers that this program can open. */
#ifndef DOORBELL_PLAYER_LAYERS_H
#define DOORBELL_PLAYER_LAYERS_H

#include "hardware.h"

#define LAYER_ERROR_BYTES 600

/*
 * Each fills `hardware` and gives true, or fills `error` with one line. The caller ends with hardware->close.
 *
 * vfio-user:PATH      a device that another process offers on a Unix socket
 * loopback[:DEFECT]   a small device inside this process, for trying out the player; DEFECT breaks the layer
 * template:DEVICE     the starting point of a port; see layer_template.c
 */
bool layer_vfio_user_open(struct hardware *hardware, const char *path, char error[LAYER_ERROR_BYTES]);
bool layer_loopback_open(struct hardware *hardware, const char *defect, char error[LAYER_ERROR_BYTES]);
bool layer_template_open(struct hardware *hardware, const char *device, char error[LAYER_ERROR_BYTES]);

/* Opens "LAYER:REST". */
bool layer_open(struct hardware *hardware, const char *device, char error[LAYER_ERROR_BYTES]);

#endif
