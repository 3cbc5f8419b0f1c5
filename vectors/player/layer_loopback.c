/*
 * A layer over the toy device, with a host as strict as it can be: the CPU and the device each have a view of
 * every buffer, and only `publish` and `fetch` carry bytes from one to the other. A defect breaks one duty of a
 * layer; the self-test has to find each of them.
 */
#include "layers.h"
#include "place.h"
#include "toy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAPPINGS_MAX 256

enum defect {
    NO_DEFECT,
    BAR2_IS_BAR0,
    BYTES_SWAPPED,
    CONFIG_READ_SHIFTED,
    CONFIG_WRITE_WIDE,
    FETCH_NOTHING,
    INTERRUPT_LOST,
    INTERRUPT_OTHER_VECTOR,
    INTERRUPT_TWICE,
    MAP_FIRST_PAGE_ONLY,
    MAP_IGNORES_ALIGNMENT,
    MAP_IGNORES_EDGE,
    MAP_IGNORES_WINDOW,
    MAP_SAME_ADDRESS,
    PUBLISH_NOTHING,
    RESET_NOTHING,
    SPLIT_READS,
    SPLIT_WRITES,
    SPLIT_WRITES_HIGH_FIRST,
    TIME_BACKWARDS,
    TIME_STOPPED,
    WIDE_WRITES,
    WRITES_LATE,
    DEFECTS
};

static const char *const DEFECT_NAMES[DEFECTS] = {
    [NO_DEFECT] = "",
    [BAR2_IS_BAR0] = "bar2-is-bar0",
    [BYTES_SWAPPED] = "bytes-swapped",
    [CONFIG_READ_SHIFTED] = "config-read-shifted",
    [CONFIG_WRITE_WIDE] = "config-write-wide",
    [FETCH_NOTHING] = "fetch-nothing",
    [INTERRUPT_LOST] = "interrupt-lost",
    [INTERRUPT_OTHER_VECTOR] = "interrupt-other-vector",
    [INTERRUPT_TWICE] = "interrupt-twice",
    [MAP_FIRST_PAGE_ONLY] = "map-first-page-only",
    [MAP_IGNORES_ALIGNMENT] = "map-ignores-alignment",
    [MAP_IGNORES_EDGE] = "map-ignores-edge",
    [MAP_IGNORES_WINDOW] = "map-ignores-window",
    [MAP_SAME_ADDRESS] = "map-same-address",
    [PUBLISH_NOTHING] = "publish-nothing",
    [RESET_NOTHING] = "reset-nothing",
    [SPLIT_READS] = "split-reads",
    [SPLIT_WRITES] = "split-writes",
    [SPLIT_WRITES_HIGH_FIRST] = "split-writes-high-first",
    [TIME_BACKWARDS] = "time-backwards",
    [TIME_STOPPED] = "time-stopped",
    [WIDE_WRITES] = "wide-writes",
    [WRITES_LATE] = "writes-late",
};

struct view {
    uint64_t base, bytes;
    unsigned char *cpu, *device, *synced; /* synced: what both agreed on last */
};

struct loopback {
    struct toy toy;
    enum defect defect;
    struct placer placer;
    struct view views[MAPPINGS_MAX];
    uint64_t counts[TOY_VECTORS];
    uint64_t now;
    struct {
        bool waits;
        unsigned bar, size;
        uint64_t at, value;
    } late;
    char error[80];
};

static bool refuse(struct loopback *self, const char *why)
{
    snprintf(self->error, sizeof self->error, "%s", why);
    return false;
}

static struct view *find_view(struct loopback *self, uint64_t address, uint64_t length)
{
    struct view *view;

    for (view = self->views; view < self->views + MAPPINGS_MAX; view++)
        if (view->cpu != NULL && address >= view->base && address - view->base <= view->bytes &&
            length <= view->bytes - (address - view->base))
            return view;
    return NULL;
}

static bool dma(void *context, uint64_t address, void *bytes, size_t length, bool write)
{
    struct loopback *self = context;
    struct view *view = find_view(self, address, length);

    if (view == NULL)
        return false;
    if (write)
        memcpy(view->device + (address - view->base), bytes, length);
    else
        memcpy(bytes, view->device + (address - view->base), length);
    return true;
}

static void interrupt(void *context, unsigned data)
{
    struct loopback *self = context;
    unsigned vector = self->defect == INTERRUPT_OTHER_VECTOR ? data + 1 : data;

    if (vector < TOY_VECTORS && self->defect != INTERRUPT_LOST)
        self->counts[vector] += self->defect == INTERRUPT_TWICE ? 2 : 1;
}

static bool config_read(void *context, unsigned at, unsigned size, uint32_t *value)
{
    struct loopback *self = context;

    if (self->defect == CONFIG_READ_SHIFTED)
        at -= at % 4;
    *value = toy_config_read(&self->toy, at, size);
    return true;
}

static bool config_write(void *context, unsigned at, unsigned size, uint32_t value)
{
    struct loopback *self = context;

    if (self->defect == CONFIG_WRITE_WIDE)
        toy_config_write(&self->toy, at - at % 4, 4, value << 8 * (at % 4));
    else
        toy_config_write(&self->toy, at, size, value);
    return true;
}

static void deliver_late(struct loopback *self)
{
    if (self->late.waits)
        toy_write(&self->toy, self->late.bar, self->late.at, self->late.size, self->late.value);
    self->late.waits = false;
}

static uint64_t swap(uint64_t value, unsigned size)
{
    uint64_t swapped = 0;
    unsigned i;

    for (i = 0; i < size; i++)
        swapped |= (value >> 8 * i & 0xFF) << 8 * (size - 1 - i);
    return swapped;
}

static bool bar_read(void *context, unsigned bar, uint64_t at, unsigned size, uint64_t *value)
{
    struct loopback *self = context;

    if (self->defect == BAR2_IS_BAR0)
        bar = 0;
    if (self->defect == SPLIT_READS && size == 8)
        *value = toy_read(&self->toy, bar, at, 4) | toy_read(&self->toy, bar, at + 4, 4) << 32;
    else
        *value = toy_read(&self->toy, bar, at, size);
    if (self->defect == BYTES_SWAPPED)
        *value = swap(*value, size);
    deliver_late(self);
    return true;
}

static bool bar_write(void *context, unsigned bar, uint64_t at, unsigned size, uint64_t value)
{
    struct loopback *self = context;
    struct toy *toy = &self->toy;

    if (self->defect == BAR2_IS_BAR0)
        bar = 0;
    if (self->defect == BYTES_SWAPPED)
        value = swap(value, size);
    deliver_late(self);
    if (self->defect == WRITES_LATE) {
        self->late.waits = true;
        self->late.bar = bar;
        self->late.at = at;
        self->late.size = size;
        self->late.value = value;
    } else if (self->defect == SPLIT_WRITES && size == 8) {
        toy_write(toy, bar, at, 4, value & UINT32_MAX);
        toy_write(toy, bar, at + 4, 4, value >> 32);
    } else if (self->defect == SPLIT_WRITES_HIGH_FIRST && size == 8) {
        toy_write(toy, bar, at + 4, 4, value >> 32);
        toy_write(toy, bar, at, 4, value & UINT32_MAX);
    } else if (self->defect == WIDE_WRITES && size == 4) {
        toy_write(toy, bar, at & ~UINT64_C(7), 8, at % 8 == 0 ? value : value << 32);
    } else {
        toy_write(toy, bar, at, size, value);
    }
    return true;
}

static bool buffer_map(void *context, const struct mapping_request *request, struct mapping *mapping)
{
    struct loopback *self = context;
    struct mapping_request wanted = *request;
    struct placed placed;
    struct view *view = self->views;

    if (self->defect == MAP_IGNORES_WINDOW)
        wanted.window = WINDOW_LOW;
    if (self->defect == MAP_IGNORES_EDGE)
        wanted.edge = -1;
    while (view < self->views + MAPPINGS_MAX && view->cpu != NULL)
        view++;
    if (view == self->views + MAPPINGS_MAX)
        return refuse(self, "more than 256 mappings");
    if (!place_buffer(&self->placer, &wanted, &placed))
        return refuse(self, "no bus addresses are left");
    if (self->defect == MAP_IGNORES_ALIGNMENT && wanted.edge < 0 && placed.bytes - request->size >= 4)
        placed.into = 4;
    if (self->defect == MAP_SAME_ADDRESS)
        placed.base = request->window == WINDOW_HIGH ? UINT64_C(0x200000000) : UINT64_C(0x1000000);
    *view = (struct view){.base = placed.base, .bytes = placed.bytes};
    view->cpu = calloc(1, placed.bytes);
    view->device = calloc(1, placed.bytes);
    view->synced = calloc(1, placed.bytes);
    if (view->cpu == NULL || view->device == NULL || view->synced == NULL) {
        free(view->cpu);
        free(view->device);
        free(view->synced);
        *view = (struct view){0};
        place_freed(&self->placer);
        return refuse(self, "no memory");
    }
    if (self->defect == MAP_FIRST_PAGE_ONLY)
        view->bytes = PAGE_BYTES;
    *mapping = (struct mapping){
        .memory = view->cpu + placed.into,
        .address = placed.base + placed.into,
        .pages = view->cpu,
        .page_bytes = (size_t)placed.bytes,
        .handle = view,
    };
    return true;
}

static bool buffer_unmap(void *context, struct mapping *mapping)
{
    struct loopback *self = context;
    struct view *view = mapping->handle;

    free(view->cpu);
    free(view->device);
    free(view->synced);
    *view = (struct view){0};
    place_freed(&self->placer);
    return true;
}

/* Carries over what the one side has changed since both agreed. */
static void carry(struct loopback *self, bool to_device)
{
    struct view *view;
    uint64_t i;

    for (view = self->views; view < self->views + MAPPINGS_MAX; view++) {
        unsigned char *from = to_device ? view->cpu : view->device, *to = to_device ? view->device : view->cpu;

        for (i = 0; view->cpu != NULL && i < view->bytes; i++)
            if (from[i] != view->synced[i])
                to[i] = view->synced[i] = from[i];
    }
}

static void publish(void *context)
{
    struct loopback *self = context;

    if (self->defect != PUBLISH_NOTHING)
        carry(self, true);
}

static void fetch(void *context)
{
    struct loopback *self = context;

    if (self->defect != FETCH_NOTHING)
        carry(self, false);
}

static bool interrupt_mask(void *context, unsigned vector, bool masked)
{
    struct loopback *self = context;

    if (vector >= TOY_VECTORS)
        return refuse(self, "the toy has 4 vectors");
    self->toy.msix[2 * vector + 1] = vector | (uint64_t)masked << 32;
    return true;
}

static bool interrupt_setup(void *context, unsigned vector)
{
    struct loopback *self = context;

    self->toy.config[0x43] |= 0x80;
    return interrupt_mask(context, vector, false);
}

static uint64_t interrupt_count(void *context, unsigned vector)
{
    const struct loopback *self = context;

    return vector < TOY_VECTORS ? self->counts[vector] : 0;
}

static void wait(void *context, uint64_t nanoseconds)
{
    struct loopback *self = context;

    self->now += nanoseconds;
    self->toy.cycles += nanoseconds / 4;
}

static bool reset(void *context)
{
    struct loopback *self = context;

    if (self->defect != RESET_NOTHING)
        toy_function_reset(&self->toy);
    toy_config_write(&self->toy, 4, 2, 0x06);
    return true;
}

static uint64_t time_now(void *context)
{
    struct loopback *self = context;

    if (self->defect == TIME_STOPPED)
        return 1;
    self->now += 100;
    return self->defect == TIME_BACKWARDS && self->now / 100 % 64 == 0 ? self->now - 10000 : self->now;
}

static void log_line(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "loopback: %s\n", line);
}

static const char *error(void *context)
{
    const struct loopback *self = context;

    return self->error;
}

static void close_layer(void *context)
{
    struct loopback *self = context;
    struct view *view;

    for (view = self->views; view < self->views + MAPPINGS_MAX; view++) {
        free(view->cpu);
        free(view->device);
        free(view->synced);
    }
    free(self);
}

bool layer_loopback_open(struct hardware *hardware, const char *defect, char error_text[LAYER_ERROR_BYTES])
{
    struct loopback *self;
    int i = 0;

    while (i < DEFECTS && strcmp(DEFECT_NAMES[i], defect) != 0)
        i++;
    if (i == DEFECTS) {
        snprintf(error_text, LAYER_ERROR_BYTES, "loopback has no defect \"%.40s\"; there are:", defect);
        for (i = 1; i < DEFECTS; i++)
            snprintf(error_text + strlen(error_text), LAYER_ERROR_BYTES - strlen(error_text), " %s", DEFECT_NAMES[i]);
        return false;
    }
    self = calloc(1, sizeof *self);
    if (self == NULL) {
        snprintf(error_text, LAYER_ERROR_BYTES, "loopback: no memory");
        return false;
    }
    self->defect = (enum defect)i;
    self->now = 1000000;
    toy_power_on(&self->toy, (struct toy_host){dma, interrupt, self});
    toy_config_write(&self->toy, 4, 2, 0x06);
    *hardware = (struct hardware){
        .name = "loopback",
        .self = self,
        .abilities = ABILITY_HIGH_ADDRESSES | ABILITY_INTERRUPT_COUNT | ABILITY_MSIX_TABLE | ABILITY_BUS_MASTER,
        .config_read = config_read,
        .config_write = config_write,
        .bar_read = bar_read,
        .bar_write = bar_write,
        .buffer_map = buffer_map,
        .buffer_unmap = buffer_unmap,
        .publish = publish,
        .fetch = fetch,
        .interrupt_setup = interrupt_setup,
        .interrupt_mask = interrupt_mask,
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
