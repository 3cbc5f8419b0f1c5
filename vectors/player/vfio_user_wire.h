/*
 * vfio-user messages over a Unix socket (specification: QEMU, docs/interop/vfio-user.rst). One request at a time; the
 * server is not trusted: sizes, numbers and kinds of what it sends are checked.
 */
#ifndef DOORBELL_PLAYER_VFIO_USER_WIRE_H
#define DOORBELL_PLAYER_VFIO_USER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vfio_user_command {
    VFIO_USER_VERSION = 1,
    VFIO_USER_DMA_MAP = 2,
    VFIO_USER_DMA_UNMAP = 3,
    VFIO_USER_DEVICE_GET_INFO = 4,
    VFIO_USER_DEVICE_GET_REGION_INFO = 5,
    VFIO_USER_DEVICE_GET_IRQ_INFO = 7,
    VFIO_USER_DEVICE_SET_IRQS = 8,
    VFIO_USER_REGION_READ = 9,
    VFIO_USER_REGION_WRITE = 10,
    VFIO_USER_DEVICE_RESET = 13,
};

#define VFIO_USER_ERROR_BYTES 200

struct vfio_user_wire {
    int socket;
    uint16_t next_id;
    char error[VFIO_USER_ERROR_BYTES];
};

/* One request: a fixed part, then data, and a file descriptor or -1. */
struct vfio_user_request {
    enum vfio_user_command command;
    const void *fixed;
    size_t fixed_bytes;
    const void *data;
    size_t data_bytes;
    int descriptor;
};

bool vfio_user_connect(struct vfio_user_wire *wire, const char *path);
void vfio_user_disconnect(struct vfio_user_wire *wire);

/*
 * Sends a request and takes its reply: `fixed_bytes` into `fixed`, the rest, at most `room`, into `data`; `*length`
 * is how much that was. False: the server refused it, or the connection broke; `error` says which.
 */
bool vfio_user_ask(struct vfio_user_wire *wire, const struct vfio_user_request *request, void *fixed,
                   size_t fixed_bytes, void *data, size_t room, size_t *length);

#endif
