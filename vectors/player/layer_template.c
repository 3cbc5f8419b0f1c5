/*
 * Where a port begins: copy this file, replace every body, and run `doorbell-player --device template:... --selftest`
 * until all of it passes. The comments say what VFIO on Linux and a bare-metal host do in each place.
 * As it stands it compiles, opens nothing, and says so.
 */
#include "layers.h"

#include <stdio.h>
#include <stdlib.h>

struct template_layer {
    /* VFIO: the device's descriptor, region offsets, one eventfd a vector, mappings of BAR0 and BAR2.
     * Bare metal: base addresses of the configuration window and of both BARs, counters per vector. */
    const char *error;
};

static bool refuse(void *context)
{
    struct template_layer *self = context;

    self->error = "the template does nothing; write your layer";
    return false;
}

/* VFIO: pread of region VFIO_PCI_CONFIG_REGION_INDEX. Bare metal: one load of this size from the ECAM window.
 * Both: a dead device gives all ones, and that is no error. */
static bool config_read(void *self, unsigned at, unsigned size, uint32_t *value)
{
    (void)at;
    (void)size;
    *value = UINT32_MAX;
    return refuse(self);
}

static bool config_write(void *self, unsigned at, unsigned size, uint32_t value)
{
    (void)at;
    (void)size;
    (void)value;
    return refuse(self);
}

/* One volatile load of `size` bytes from the mapped BAR, then from little-endian to the CPU's order. Look at the
 * machine code once: a compiler or a 32-bit bus may split 8 bytes, which the self-test finds. Read barrier after. */
static bool bar_read(void *self, unsigned bar, uint64_t at, unsigned size, uint64_t *value)
{
    (void)bar;
    (void)at;
    (void)size;
    *value = UINT64_MAX;
    return refuse(self);
}

/* One volatile store. The BAR is mapped uncached, so that stores leave in order and are not merged. */
static bool bar_write(void *self, unsigned bar, uint64_t at, unsigned size, uint64_t value)
{
    (void)bar;
    (void)at;
    (void)size;
    (void)value;
    return refuse(self);
}

/* VFIO: mmap anonymous pages and VFIO_IOMMU_MAP_DMA at a bus address of your choice inside the IOMMU's ranges: align,
 * edge and window are then a matter of choosing it (place.c does). `writable` leaves out VFIO_DMA_MAP_FLAG_WRITE.
 * Bare metal without an IOMMU: memory whose physical address fits; the bus address is the physical one, plus the
 * offset of the bridge if it has one. Ask for the ability high_addresses only when memory above 4 GiB is there. */
static bool buffer_map(void *self, const struct mapping_request *request, struct mapping *mapping)
{
    (void)request;
    (void)mapping;
    return refuse(self);
}

static bool buffer_unmap(void *self, struct mapping *mapping)
{
    (void)mapping;
    return refuse(self);
}

/* A coherent host: a store barrier strong enough to order memory before uncached stores (dmb oshst, sfence).
 * A host whose DMA does not snoop: clean the cache lines of every mapped buffer, then the barrier. */
static void publish(void *self)
{
    (void)self;
}

/* A coherent host: a load barrier (dmb oshld, lfence). Otherwise: invalidate the lines of every mapped buffer. */
static void fetch(void *self)
{
    (void)self;
}

/* VFIO: VFIO_DEVICE_SET_IRQS for VFIO_PCI_MSIX_IRQ_INDEX with an eventfd; disable and enable the whole index again
 * when the vector was set up before, since a device reset has cleared the table behind the kernel's back.
 * Bare metal: write address, data and control of the entry in BAR0, set MSI-X Enable. */
static bool interrupt_setup(void *self, unsigned vector)
{
    (void)vector;
    return refuse(self);
}

/* VFIO: sum of what was read from the eventfd so far. It may merge messages: then leave out interrupt_count. */
static uint64_t interrupt_count(void *self, unsigned vector)
{
    (void)self;
    (void)vector;
    return 0;
}

/* VFIO: poll on the eventfds with this timeout. Bare metal: spin, or wait for an interrupt with a timer set. */
static void wait(void *self, uint64_t nanoseconds)
{
    (void)self;
    (void)nanoseconds;
}

/* VFIO: VFIO_DEVICE_RESET, then memory space and bus master on again, then interrupts again.
 * Bare metal: Function Level Reset in PCI Express Device Control, 100 ms, restore the BARs and the command register;
 * or power. */
static bool reset(void *self)
{
    return refuse(self);
}

/* A clock that runs by itself (CLOCK_MONOTONIC, a timer register), in nanoseconds. */
static uint64_t time_now(void *self)
{
    (void)self;
    return 0;
}

static void log_line(void *self, const char *line)
{
    (void)self;
    fprintf(stderr, "%s\n", line);
}

static const char *error(void *context)
{
    const struct template_layer *self = context;

    return self->error;
}

static void close_layer(void *self)
{
    free(self);
}

bool layer_template_open(struct hardware *hardware, const char *device, char error_text[LAYER_ERROR_BYTES])
{
    struct template_layer *self = calloc(1, sizeof *self);

    (void)device; /* VFIO: the device's group or cdev, such as /dev/vfio/devices/vfio0 */
    if (self == NULL) {
        snprintf(error_text, LAYER_ERROR_BYTES, "template: no memory");
        return false;
    }
    /* Opening leaves the function in D0 with memory space and bus master on, MPS and MRRS set, BARs placed. */
    *hardware = (struct hardware){
        .name = "template",
        .self = self,
        .abilities = ABILITY_BUS_MASTER,
        .config_read = config_read,
        .config_write = config_write,
        .bar_read = bar_read,
        .bar_write = bar_write,
        .buffer_map = buffer_map,
        .buffer_unmap = buffer_unmap,
        .publish = publish,
        .fetch = fetch,
        .interrupt_setup = interrupt_setup,
        .interrupt_mask = NULL, /* the kernel owns the table; bare metal: the mask bit of the entry */
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
