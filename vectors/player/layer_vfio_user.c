/*
 * A layer over vfio-user: the device is in another process (`doorbell serve`, or any server of that protocol) which
 * maps our memory by its file descriptors and rings our eventfds.
 *
 *   player ── REGION_READ/WRITE ──► server ── device
 *     memfd ◄───── mapped in place ────┘   eventfd ◄── one write a message
 *
 * Bus addresses are ours to choose. Interrupt tables are the server's matter, so the ability msix_table is not here.
 */
#define _GNU_SOURCE
#include "layers.h"
#include "place.h"
#include "vfio_user_wire.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define REGION_CONFIG 7
#define REGIONS 8
#define IRQ_MSIX 2
#define IRQ_MASKABLE 0x2U
#define DEVICE_PCI 0x2U
#define SET_NONE 0x1U
#define SET_EVENTFD 0x4U
#define SET_MASK 0x8U
#define SET_UNMASK 0x10U
#define SET_TRIGGER 0x20U
#define MAP_READ 0x1U
#define MAP_WRITE 0x2U
#define VECTORS_MAX 2048
#define BLOCK_MAX 65536
#define COMMAND 0x04
#define COMMAND_ON 0x06U /* memory space, bus master */

struct region_access {
    uint64_t offset;
    uint32_t region, count;
};

struct share {
    uint64_t base, bytes;
    unsigned char *memory;
};

struct vfio_user {
    struct vfio_user_wire wire;
    struct placer placer;
    uint64_t region_bytes[REGIONS];
    uint32_t vectors;
    int eventfds[VECTORS_MAX]; /* -1: not set up */
    uint64_t counts[VECTORS_MAX];
};

static bool refuse(struct vfio_user *self, const char *what, const char *why)
{
    snprintf(self->wire.error, sizeof self->wire.error, "%s: %s", what, why);
    return false;
}

/* A request whose reply has `bytes` bytes, which replace the request's. */
static bool ask(struct vfio_user *self, enum vfio_user_command command, void *fixed, size_t sent, size_t received,
                int descriptor)
{
    const struct vfio_user_request request = {
        .command = command, .fixed = fixed, .fixed_bytes = sent, .descriptor = descriptor};
    size_t rest;

    return vfio_user_ask(&self->wire, &request, fixed, received, NULL, 0, &rest);
}

static bool region_read(struct vfio_user *self, uint32_t region, uint64_t at, void *bytes, size_t length)
{
    struct region_access access = {at, region, (uint32_t)length};
    const struct vfio_user_request request = {
        .command = VFIO_USER_REGION_READ, .fixed = &access, .fixed_bytes = sizeof access, .descriptor = -1};
    struct region_access reply;
    size_t got;

    if (at > self->region_bytes[region] || length > self->region_bytes[region] - at) {
        memset(bytes, 0xFF, length); /* nobody answers there */
        return true;
    }
    if (!vfio_user_ask(&self->wire, &request, &reply, sizeof reply, bytes, length, &got))
        return false;
    return got == length || refuse(self, "REGION_READ", "the server sent fewer bytes than it was asked for");
}

static bool region_write(struct vfio_user *self, uint32_t region, uint64_t at, const void *bytes, size_t length)
{
    struct region_access access = {at, region, (uint32_t)length}, reply;
    const struct vfio_user_request request = {
        .command = VFIO_USER_REGION_WRITE,
        .fixed = &access,
        .fixed_bytes = sizeof access,
        .data = bytes,
        .data_bytes = length,
        .descriptor = -1,
    };
    size_t rest;

    if (at > self->region_bytes[region] || length > self->region_bytes[region] - at)
        return true;
    return vfio_user_ask(&self->wire, &request, &reply, sizeof reply, NULL, 0, &rest);
}

static bool number_read(struct vfio_user *self, uint32_t region, uint64_t at, unsigned size, uint64_t *value)
{
    unsigned char bytes[8];

    if (!region_read(self, region, at, bytes, size))
        return false;
    for (*value = 0; size > 0; size--)
        *value = *value << 8 | bytes[size - 1];
    return true;
}

static bool number_write(struct vfio_user *self, uint32_t region, uint64_t at, unsigned size, uint64_t value)
{
    unsigned char bytes[8];
    unsigned i;

    for (i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
    return region_write(self, region, at, bytes, size);
}

static bool config_read(void *self, unsigned at, unsigned size, uint32_t *value)
{
    uint64_t number;

    if (!number_read(self, REGION_CONFIG, at, size, &number))
        return false;
    *value = (uint32_t)number;
    return true;
}

static bool config_write(void *self, unsigned at, unsigned size, uint32_t value)
{
    return number_write(self, REGION_CONFIG, at, size, value);
}

static bool bar_read(void *self, unsigned bar, uint64_t at, unsigned size, uint64_t *value)
{
    return number_read(self, bar, at, size, value);
}

static bool bar_write(void *self, unsigned bar, uint64_t at, unsigned size, uint64_t value)
{
    return number_write(self, bar, at, size, value);
}

static bool block_read(void *self, unsigned bar, uint64_t at, void *bytes, size_t length)
{
    size_t done, part;

    for (done = 0; done < length; done += part) {
        part = length - done < BLOCK_MAX ? length - done : BLOCK_MAX;
        if (!region_read(self, bar, at + done, (char *)bytes + done, part))
            return false;
    }
    return true;
}

static bool block_write(void *self, unsigned bar, uint64_t at, const void *bytes, size_t length)
{
    size_t done, part;

    for (done = 0; done < length; done += part) {
        part = length - done < BLOCK_MAX ? length - done : BLOCK_MAX;
        if (!region_write(self, bar, at + done, (const char *)bytes + done, part))
            return false;
    }
    return true;
}

static bool send_map(struct vfio_user *self, const struct share *share, bool writable, int descriptor)
{
    struct {
        uint32_t argsz, flags;
        uint64_t offset, address, size;
    } map = {sizeof map, writable ? MAP_READ | MAP_WRITE : MAP_READ, 0, share->base, share->bytes};

    return ask(self, VFIO_USER_DMA_MAP, &map, sizeof map, 0, descriptor);
}

static bool buffer_map(void *context, const struct mapping_request *request, struct mapping *mapping)
{
    struct vfio_user *self = context;
    struct share *share = calloc(1, sizeof *share);
    struct placed placed;
    int descriptor;

    if (share == NULL)
        return refuse(self, "buffer_map", strerror(ENOMEM));
    if (!place_buffer(&self->placer, request, &placed)) {
        free(share);
        return refuse(self, "buffer_map", "no bus addresses are left");
    }
    *share = (struct share){placed.base, placed.bytes, MAP_FAILED};
    descriptor = memfd_create("doorbell-player", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor >= 0 && ftruncate(descriptor, (off_t)placed.bytes) == 0)
        share->memory = mmap(NULL, placed.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (share->memory == MAP_FAILED)
        refuse(self, "memory", strerror(errno));
    if (share->memory != MAP_FAILED && send_map(self, share, request->writable, descriptor)) {
        close(descriptor);
        *mapping = (struct mapping){
            .memory = share->memory + placed.into,
            .address = placed.base + placed.into,
            .pages = share->memory,
            .page_bytes = (size_t)placed.bytes,
            .handle = share,
        };
        return true;
    }
    if (share->memory != MAP_FAILED)
        munmap(share->memory, share->bytes);
    if (descriptor >= 0)
        close(descriptor);
    free(share);
    place_freed(&self->placer);
    return false;
}

static bool buffer_unmap(void *context, struct mapping *mapping)
{
    struct vfio_user *self = context;
    struct share *share = mapping->handle;
    struct {
        uint32_t argsz, flags;
        uint64_t address, size;
    } unmap = {sizeof unmap, 0, share->base, share->bytes};
    bool held = ask(self, VFIO_USER_DMA_UNMAP, &unmap, sizeof unmap, sizeof unmap, -1);

    munmap(share->memory, share->bytes);
    free(share);
    place_freed(&self->placer);
    return held;
}

static void publish(void *self)
{
    (void)self;
    atomic_thread_fence(memory_order_seq_cst);
}

static void fetch(void *self)
{
    (void)self;
    atomic_thread_fence(memory_order_seq_cst);
}

static bool set_irqs(struct vfio_user *self, uint32_t flags, unsigned vector, int descriptor)
{
    struct {
        uint32_t argsz, flags, index, start, count;
    } set = {sizeof set, flags, IRQ_MSIX, vector, 1};

    if (vector >= self->vectors)
        return refuse(self, "interrupt", "the device has fewer vectors");
    return ask(self, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof set, 0, descriptor);
}

/* Every time anew: a device reset has masked the entry since. */
static bool interrupt_setup(void *context, unsigned vector)
{
    struct vfio_user *self = context;

    if (vector < self->vectors && self->eventfds[vector] < 0) {
        self->eventfds[vector] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (self->eventfds[vector] < 0)
            return refuse(self, "eventfd", strerror(errno));
    }
    return set_irqs(self, SET_EVENTFD | SET_TRIGGER, vector, vector < self->vectors ? self->eventfds[vector] : -1);
}

static bool interrupt_mask(void *self, unsigned vector, bool masked)
{
    return set_irqs(self, SET_NONE | (masked ? SET_MASK : SET_UNMASK), vector, -1);
}

static uint64_t interrupt_count(void *context, unsigned vector)
{
    struct vfio_user *self = context;
    uint64_t more;

    if (vector >= self->vectors)
        return 0;
    if (self->eventfds[vector] >= 0 && read(self->eventfds[vector], &more, sizeof more) == (ssize_t)sizeof more)
        self->counts[vector] += more;
    return self->counts[vector];
}

static void wait(void *context, uint64_t nanoseconds)
{
    struct vfio_user *self = context;
    struct pollfd looked[VECTORS_MAX];
    const struct timespec limit = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
    nfds_t count = 0;
    unsigned vector;

    for (vector = 0; vector < self->vectors; vector++) {
        interrupt_count(self, vector);
        if (self->eventfds[vector] >= 0)
            looked[count++] = (struct pollfd){.fd = self->eventfds[vector], .events = POLLIN};
    }
    ppoll(looked, count, &limit, NULL);
}

static bool switch_on(struct vfio_user *self)
{
    uint32_t command;

    return config_read(self, COMMAND, 2, &command) && config_write(self, COMMAND, 2, command | COMMAND_ON);
}

static bool reset(void *context)
{
    struct vfio_user *self = context;

    return ask(self, VFIO_USER_DEVICE_RESET, NULL, 0, 0, -1) && switch_on(self);
}

static uint64_t time_now(void *self)
{
    struct timespec now = {0};

    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void log_line(void *self, const char *line)
{
    (void)self;
    fprintf(stderr, "vfio-user: %s\n", line);
}

static const char *error(void *context)
{
    const struct vfio_user *self = context;

    return self->wire.error;
}

static void close_layer(void *context)
{
    struct vfio_user *self = context;
    unsigned vector;

    for (vector = 0; vector < VECTORS_MAX; vector++)
        if (self->eventfds[vector] >= 0)
            close(self->eventfds[vector]);
    vfio_user_disconnect(&self->wire);
    free(self);
}

/* Version and limits: memory by one descriptor a message, and nothing that the server would ask of us. */
static bool negotiate(struct vfio_user *self)
{
    static const char offer[] = "{\"capabilities\":{\"max_msg_fds\":1,\"max_data_xfer_size\":1048576}}";
    const struct {
        uint16_t major, minor;
    } wanted = {0, 1};
    const struct vfio_user_request request = {
        .command = VFIO_USER_VERSION,
        .fixed = &wanted,
        .fixed_bytes = sizeof wanted,
        .data = offer,
        .data_bytes = sizeof offer,
        .descriptor = -1,
    };
    uint16_t agreed[2];
    char capabilities[4096];
    size_t length;

    if (!vfio_user_ask(&self->wire, &request, agreed, sizeof agreed, capabilities, sizeof capabilities, &length))
        return false;
    return agreed[0] == 0 || refuse(self, "VERSION", "the server speaks another major version");
}

static bool learn(struct vfio_user *self, bool *maskable)
{
    static const uint32_t regions[] = {0, 2, REGION_CONFIG};
    struct {
        uint32_t argsz, flags, regions, irqs;
    } device = {sizeof device, 0, 0, 0};
    struct {
        uint32_t argsz, flags, index, count;
    } irq = {sizeof irq, 0, IRQ_MSIX, 0};
    size_t i;

    if (!ask(self, VFIO_USER_DEVICE_GET_INFO, &device, sizeof device, sizeof device, -1))
        return false;
    if ((device.flags & DEVICE_PCI) == 0 || device.regions <= REGION_CONFIG || device.irqs <= IRQ_MSIX)
        return refuse(self, "DEVICE_GET_INFO", "this is no PCI device with MSI-X");
    for (i = 0; i < sizeof regions / sizeof *regions; i++) {
        struct {
            uint32_t argsz, flags, index, cap_offset;
            uint64_t size, offset;
        } region = {.argsz = sizeof region, .index = regions[i]};

        if (!ask(self, VFIO_USER_DEVICE_GET_REGION_INFO, &region, sizeof region, sizeof region, -1))
            return false;
        self->region_bytes[regions[i]] = region.size;
    }
    if (!ask(self, VFIO_USER_DEVICE_GET_IRQ_INFO, &irq, sizeof irq, sizeof irq, -1))
        return false;
    self->vectors = irq.count < VECTORS_MAX ? irq.count : VECTORS_MAX;
    *maskable = (irq.flags & IRQ_MASKABLE) != 0;
    return true;
}

bool layer_vfio_user_open(struct hardware *hardware, const char *path, char error_text[LAYER_ERROR_BYTES])
{
    struct vfio_user *self = calloc(1, sizeof *self);
    bool maskable = false;
    unsigned vector;

    if (self == NULL) {
        snprintf(error_text, LAYER_ERROR_BYTES, "vfio-user: no memory");
        return false;
    }
    for (vector = 0; vector < VECTORS_MAX; vector++)
        self->eventfds[vector] = -1;
    if (!vfio_user_connect(&self->wire, path) || !negotiate(self) || !learn(self, &maskable) || !switch_on(self)) {
        snprintf(error_text, LAYER_ERROR_BYTES, "vfio-user: %s", self->wire.error);
        close_layer(self);
        return false;
    }
    *hardware = (struct hardware){
        .name = "vfio-user",
        .self = self,
        .abilities = ABILITY_HIGH_ADDRESSES | ABILITY_INTERRUPT_COUNT | ABILITY_BUS_MASTER,
        .config_read = config_read,
        .config_write = config_write,
        .bar_read = bar_read,
        .bar_write = bar_write,
        .block_read = block_read,
        .block_write = block_write,
        .buffer_map = buffer_map,
        .buffer_unmap = buffer_unmap,
        .publish = publish,
        .fetch = fetch,
        .interrupt_setup = interrupt_setup,
        .interrupt_mask = maskable ? interrupt_mask : NULL,
        .interrupt_count = interrupt_count,
        .wait = wait,
        .reset = reset,
        .time = time_now,
        .log = log_line,
        .error = error,
        .close = close_layer,
    };
    return true;
}
