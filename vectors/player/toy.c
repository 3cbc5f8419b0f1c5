#include "toy.h"

#include "doorbell_contract.h"

#include <string.h>

#define COMMAND 0x04
#define BUS_MASTER 0x04
#define MSIX 0x40
#define PCIE 0x60
#define MSIX_ENABLE 0x80

static uint64_t get_le(const unsigned char *bytes, unsigned size)
{
    uint64_t value = 0;

    while (size-- > 0)
        value = value << 8 | bytes[size];
    return value;
}

static void put_le(unsigned char *bytes, unsigned size, uint64_t value)
{
    unsigned i;

    for (i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
}

/* What a device reset clears: all but configuration space, memory and time. */
static void device_reset(struct toy *toy)
{
    unsigned i;

    memset(toy->semaphores, 0, sizeof toy->semaphores);
    for (i = 0; i < TOY_VECTORS; i++) {
        toy->msix[2 * i] = 0;
        toy->msix[2 * i + 1] = UINT64_C(1) << 32;
    }
    toy->scratch = toy->dropped_doorbells = toy->dropped_writes = 0;
    toy->ring_base = toy->start = toy->put = toy->get = toy->staged = 0;
    toy->ring_log2 = 1;
    toy->state = DB_QUEUE_STATE_DISABLED;
}

void toy_function_reset(struct toy *toy)
{
    unsigned char *c = toy->config;

    memset(c, 0, TOY_CONFIG_BYTES);
    put_le(c, 4, DB_DEVICE_ID << 16 | DB_VENDOR_ID);
    c[0x06] = 0x10;
    c[0x34] = MSIX;
    put_le(c + MSIX, 4, UINT32_C(0x11) | PCIE << 8 | (TOY_VECTORS - 1) << 16);
    put_le(c + MSIX + 4, 4, DB_MSIX_TABLE_OFFSET);
    put_le(c + MSIX + 8, 4, DB_MSIX_PBA_OFFSET);
    put_le(c + PCIE, 2, 0x10);
    put_le(c + PCIE + 8, 2, 0x2010);
    device_reset(toy);
}

void toy_power_on(struct toy *toy, struct toy_host host)
{
    *toy = (struct toy){.host = host};
    toy_function_reset(toy);
}

uint32_t toy_config_read(const struct toy *toy, unsigned at, unsigned size)
{
    return at + size > TOY_CONFIG_BYTES ? 0 : (uint32_t)get_le(toy->config + at, size);
}

void toy_config_write(struct toy *toy, unsigned at, unsigned size, uint32_t value)
{
    static const struct {
        unsigned at, mask;
    } writable[] = {{COMMAND, 0x06}, {MSIX + 3, 0xC0}, {PCIE + 8, 0xFF}, {PCIE + 9, 0x7F}};
    unsigned i, j;

    for (i = 0; i < size; i++)
        for (j = 0; j < sizeof writable / sizeof *writable; j++)
            if (at + i == writable[j].at)
                toy->config[at + i] = (unsigned char)(value >> 8 * i & writable[j].mask);
}

static bool move(struct toy *toy, unsigned space, uint64_t address, unsigned char *bytes, size_t length, bool write)
{
    if (space == DB_SPACE_HOST)
        return toy->host.dma(toy->host.self, address, bytes, length, write);
    if (address > TOY_MEMORY_BYTES || length > TOY_MEMORY_BYTES - address)
        return false;
    if (write)
        memcpy(toy->memory + address, bytes, length);
    else
        memcpy(bytes, toy->memory + address, length);
    return true;
}

static bool copy(struct toy *toy, const unsigned char *packet)
{
    uint64_t source = get_le(packet + 8, 8), destination = get_le(packet + 16, 8);
    uint64_t length = get_le(packet + 24, 4), done;
    unsigned char part[256];

    for (done = 0; done < length; done += sizeof part) {
        size_t size = length - done < sizeof part ? (size_t)(length - done) : sizeof part;

        if (!move(toy, packet[28], source + done, part, size, false))
            return false;
        move(toy, packet[29], destination + done, part, size, true);
    }
    return true;
}

static bool execute(struct toy *toy, const unsigned char *packet)
{
    unsigned vector = (unsigned)get_le(packet + 2, 2);
    unsigned char record[16];

    if (packet[0] != DB_OPCODE_NOP && (packet[0] != DB_OPCODE_COPY || !copy(toy, packet)))
        return false;
    toy->cycles += 16;
    if (packet[1] & DB_FLAG_RECORD) {
        put_le(record, 8, toy->cycles);
        memcpy(record + 8, packet + 56, 8);
        toy->host.dma(toy->host.self, get_le(packet + 48, 8), record, sizeof record, true);
    }
    if (packet[1] & DB_FLAG_INTERRUPT && vector < TOY_VECTORS && toy->config[MSIX + 3] & MSIX_ENABLE &&
        !(toy->msix[2 * vector + 1] >> 32 & 1))
        toy->host.interrupt(toy->host.self, (unsigned)toy->msix[2 * vector + 1]);
    return true;
}

static void doorbell(struct toy *toy, uint64_t put)
{
    unsigned char packet[DB_PACKET_BYTES];

    if (toy->state != DB_QUEUE_STATE_RUNNING) {
        toy->dropped_doorbells |= toy->state == DB_QUEUE_STATE_DISABLED;
        return;
    }
    toy->put = put;
    while (toy->get != toy->put && toy->config[COMMAND] & BUS_MASTER) {
        uint64_t slot = toy->get & ((UINT64_C(1) << toy->ring_log2) - 1);

        if (!toy->host.dma(toy->host.self, toy->ring_base + DB_PACKET_BYTES * slot, packet, sizeof packet, false) ||
            !execute(toy, packet)) {
            toy->state = DB_QUEUE_STATE_HALTED;
            return;
        }
        toy->get++;
    }
}

/* The register that this offset lies in, for both directions; NULL: a read of it has no storage. */
static uint64_t *storage(struct toy *toy, uint64_t at)
{
    uint64_t queue = DB_QUEUE_OFFSET(0);

    if (at >= DB_SEMAPHORE_SET_OFFSET && at < DB_SEMAPHORE_SET_OFFSET + 8 * TOY_SEMAPHORES)
        return &toy->semaphores[(at - DB_SEMAPHORE_SET_OFFSET) / 8];
    if (at >= DB_MSIX_TABLE_OFFSET && at < DB_MSIX_TABLE_OFFSET + 16 * TOY_VECTORS)
        return &toy->msix[(at - DB_MSIX_TABLE_OFFSET) / 8];
    if (at == DB_DEVICE_SCRATCH)
        return &toy->scratch;
    if (toy->state != DB_QUEUE_STATE_DISABLED)
        return NULL;
    return at == queue + DB_QUEUE_RING_BASE ? &toy->ring_base
           : at == queue + DB_QUEUE_RING_LOG2 ? &toy->ring_log2
           : at == queue + DB_QUEUE_START     ? &toy->start
                                              : NULL;
}

static uint64_t read_register(struct toy *toy, uint64_t at)
{
    const uint64_t *kept = storage(toy, at);

    if (kept != NULL)
        return *kept;
    switch (at) {
    case DB_DEVICE_IDENTITY:
        return DB_IDENTITY;
    case DB_DEVICE_CONTRACT_VERSION:
        return DB_CONTRACT_MAJOR | (uint64_t)DB_CONTRACT_MINOR << 16;
    case DB_DEVICE_CAP_COUNTS:
        return 1 | 1 << 8 | (uint64_t)TOY_VECTORS << DB_DEVICE_CAP_COUNTS_VECTORS_SHIFT;
    case DB_DEVICE_CAP_SEMAPHORES:
        return TOY_SEMAPHORES;
    case DB_DEVICE_CAP_DEVICE_MEMORY:
        return TOY_MEMORY_BYTES;
    case DB_DEVICE_CAP_OPCODES:
        return 1 << DB_OPCODE_NOP | 1 << DB_OPCODE_COPY;
    case DB_DEVICE_CYCLES:
        return toy->cycles;
    case DB_DEVICE_STATUS:
        return DB_DEVICE_STATUS_IDLE_MASK;
    case DB_DEVICE_DROPPED_DOORBELLS:
        return toy->dropped_doorbells;
    case DB_DEVICE_DROPPED_WRITES:
        return toy->dropped_writes;
    case DB_QUEUE_OFFSET(0) + DB_QUEUE_STATUS:
        return toy->state | DB_QUEUE_STATUS_IDLE_MASK;
    case DB_QUEUE_OFFSET(0) + DB_QUEUE_GET:
        return toy->get;
    case DB_QUEUE_OFFSET(0) + DB_QUEUE_PUT:
    case DB_DOORBELL_OFFSET(0):
        return toy->put;
    default:
        return 0;
    }
}

static void control_queue(struct toy *toy, uint64_t bits)
{
    if (bits & DB_QUEUE_CONTROL_RESET_MASK) {
        toy->state = DB_QUEUE_STATE_DISABLED;
        toy->put = toy->get = toy->staged = 0;
    } else if (bits & DB_QUEUE_CONTROL_ENABLE_MASK && toy->state == DB_QUEUE_STATE_DISABLED) {
        toy->state = DB_QUEUE_STATE_RUNNING;
        toy->put = toy->get = toy->start;
    }
}

/* `value` stands in its bytes of the register, `mask` says which they are. */
static void write_register(struct toy *toy, uint64_t at, uint64_t value, uint64_t mask)
{
    uint64_t *kept = storage(toy, at);

    if (at >= DB_SEMAPHORE_SET_OFFSET && mask != UINT64_MAX) {
        toy->dropped_writes++;
    } else if (kept != NULL) {
        *kept = (*kept & ~mask) | (value & mask);
        if (toy->ring_log2 < DB_RING_LOG2_MIN || toy->ring_log2 > DB_RING_LOG2_MAX)
            toy->ring_log2 = toy->ring_log2 > DB_RING_LOG2_MAX ? DB_RING_LOG2_MAX : DB_RING_LOG2_MIN;
    } else if (at == DB_DEVICE_CONTROL && value & mask & DB_DEVICE_CONTROL_RESET_MASK) {
        device_reset(toy);
    } else if (at == DB_DEVICE_DROPPED_DOORBELLS) {
        toy->dropped_doorbells &= ~(value & mask);
    } else if (at == DB_QUEUE_OFFSET(0) + DB_QUEUE_CONTROL) {
        control_queue(toy, value & mask);
    } else if (at == DB_DOORBELL_OFFSET(0)) {
        toy->staged = (toy->staged & ~mask) | (value & mask);
        if (mask >> 32 != 0)
            doorbell(toy, toy->staged);
    }
}

uint64_t toy_read(struct toy *toy, unsigned bar, uint64_t at, unsigned size)
{
    uint64_t limit = bar == 0 ? DB_BAR0_BYTES : TOY_MEMORY_BYTES, half = at % 8;

    toy->cycles++;
    if (at % size != 0 || at > limit - size || (bar == 0 && at >= DB_SEMAPHORE_SET_OFFSET && size != 8))
        return UINT64_MAX >> (64 - 8 * size);
    if (bar != 0)
        return get_le(toy->memory + at, size);
    return read_register(toy, at - half) >> 8 * half & UINT64_MAX >> (64 - 8 * size);
}

void toy_write(struct toy *toy, unsigned bar, uint64_t at, unsigned size, uint64_t value)
{
    uint64_t limit = bar == 0 ? DB_BAR0_BYTES : TOY_MEMORY_BYTES, half = at % 8;

    toy->cycles++;
    if (at % size != 0 || at > limit - size)
        toy->dropped_writes++;
    else if (bar != 0)
        put_le(toy->memory + at, size, value);
    else
        write_register(toy, at - half, value << 8 * half, UINT64_MAX >> (64 - 8 * size) << 8 * half);
}
