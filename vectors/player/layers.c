#include "layers.h"

#include <stdio.h>
#include <string.h>

bool layer_open(struct hardware *hardware, const char *device, char error[LAYER_ERROR_BYTES])
{
    static const struct {
        const char *name;
        bool (*open)(struct hardware *hardware, const char *rest, char error[LAYER_ERROR_BYTES]);
    } layers[] = {
        {"vfio-user", layer_vfio_user_open},
        {"loopback", layer_loopback_open},
        {"template", layer_template_open},
    };
    size_t i;

    *hardware = (struct hardware){0};
    for (i = 0; i < sizeof layers / sizeof *layers; i++) {
        size_t length = strlen(layers[i].name);

        if (strncmp(device, layers[i].name, length) == 0 && (device[length] == 0 || device[length] == ':'))
            return layers[i].open(hardware, device + length + (device[length] == ':'), error);
    }
    snprintf(error, LAYER_ERROR_BYTES, "no layer for \"%.100s\": use vfio-user:PATH, loopback or template:DEVICE", device);
    return false;
}
