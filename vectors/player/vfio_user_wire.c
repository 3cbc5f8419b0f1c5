#define _GNU_SOURCE
#include "vfio_user_wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TYPE_MASK 0xFU
#define TYPE_REPLY 0x1U
#define FLAG_ERROR 0x20U
#define MESSAGE_MAX ((size_t)(1 << 20) + 4096)
#define SILENCE_SECONDS 120 /* a simulator may take long over one access, but not this long */

struct header {
    uint16_t id, command;
    uint32_t size, flags, error;
};

static bool refuse(struct vfio_user_wire *wire, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(wire->error, sizeof wire->error, format, arguments);
    va_end(arguments);
    return false;
}

/* After a failed transfer: why there is no connection any more. */
static bool gone(struct vfio_user_wire *wire)
{
    if (errno == EPIPE || errno == ECONNRESET)
        return refuse(wire, "the server has closed the connection");
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return refuse(wire, "the server was silent for %d s", SILENCE_SECONDS);
    return refuse(wire, "the connection broke: %s", strerror(errno));
}

bool vfio_user_connect(struct vfio_user_wire *wire, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval silence = {.tv_sec = SILENCE_SECONDS};

    *wire = (struct vfio_user_wire){.socket = -1};
    if (strlen(path) == 0 || strlen(path) >= sizeof address.sun_path)
        return refuse(wire, "the socket's path has %zu characters, not 1 to %zu", strlen(path),
                      sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    wire->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (wire->socket < 0)
        return refuse(wire, "socket: %s", strerror(errno));
    if (connect(wire->socket, (const struct sockaddr *)&address, sizeof address) != 0 ||
        setsockopt(wire->socket, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence) != 0) {
        refuse(wire, "%.120s: %s", path, strerror(errno));
        vfio_user_disconnect(wire);
        return false;
    }
    return true;
}

void vfio_user_disconnect(struct vfio_user_wire *wire)
{
    if (wire->socket >= 0)
        close(wire->socket);
    wire->socket = -1;
}

static bool send_all(struct vfio_user_wire *wire, const void *bytes, size_t length, int descriptor)
{
    const char *at = bytes;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {{0}};

    while (length > 0) {
        struct iovec part = {.iov_base = (void *)(uintptr_t)at, .iov_len = length};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        ssize_t sent;

        if (descriptor >= 0) {
            struct cmsghdr *head;

            message.msg_control = control.bytes;
            message.msg_controllen = sizeof control.bytes;
            head = CMSG_FIRSTHDR(&message);
            head->cmsg_level = SOL_SOCKET;
            head->cmsg_type = SCM_RIGHTS;
            head->cmsg_len = CMSG_LEN(sizeof descriptor);
            memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
        }
        sent = sendmsg(wire->socket, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return gone(wire);
        descriptor = -1;
        at += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool receive_all(struct vfio_user_wire *wire, void *bytes, size_t length)
{
    char *at = bytes;

    while (length > 0) {
        ssize_t got = recv(wire->socket, at, length, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = EPIPE;
        if (got <= 0)
            return gone(wire);
        at += got;
        length -= (size_t)got;
    }
    return true;
}

static bool skip(struct vfio_user_wire *wire, size_t length)
{
    char waste[4096];

    while (length > 0) {
        size_t part = length < sizeof waste ? length : sizeof waste;

        if (!receive_all(wire, waste, part))
            return false;
        length -= part;
    }
    return true;
}

/* A broken stream cannot be found again. */
static bool break_off(struct vfio_user_wire *wire)
{
    vfio_user_disconnect(wire);
    return false;
}

/* The header of the reply; commands of the server, which we offer nothing for, are refused on the way. */
static bool await_reply(struct vfio_user_wire *wire, struct header *header)
{
    for (;;) {
        if (!receive_all(wire, header, sizeof *header))
            return false;
        if (header->size < sizeof *header || header->size > MESSAGE_MAX)
            return refuse(wire, "the server sent a message of %u bytes", header->size);
        if ((header->flags & TYPE_MASK) == TYPE_REPLY)
            return true;
        if (!skip(wire, header->size - sizeof *header))
            return false;
        *header = (struct header){header->id, header->command, sizeof *header, TYPE_REPLY | FLAG_ERROR, EOPNOTSUPP};
        if (!send_all(wire, header, sizeof *header, -1))
            return false;
    }
}

/* Header and fixed part in one piece: a server that reads whole messages is woken once for most. */
static bool send_request(struct vfio_user_wire *wire, const struct header *header,
                         const struct vfio_user_request *request)
{
    char head[128];
    size_t length = sizeof *header, data = request->data_bytes;

    if (request->fixed_bytes > sizeof head - length)
        return refuse(wire, "a request of %zu bytes", request->fixed_bytes);
    memcpy(head, header, length);
    if (request->fixed_bytes > 0)
        memcpy(head + length, request->fixed, request->fixed_bytes);
    length += request->fixed_bytes;
    if (data > 0 && data <= sizeof head - length) {
        memcpy(head + length, request->data, data);
        length += data;
        data = 0;
    }
    return send_all(wire, head, length, request->descriptor) && send_all(wire, request->data, data, -1);
}

static bool exchange(struct vfio_user_wire *wire, const struct vfio_user_request *request, struct header *header)
{
    const struct header sent = {
        .id = ++wire->next_id,
        .command = (uint16_t)request->command,
        .size = (uint32_t)(sizeof sent + request->fixed_bytes + request->data_bytes),
    };

    if (!send_request(wire, &sent, request) || !await_reply(wire, header))
        return false;
    if (header->id != sent.id || header->command != sent.command)
        return refuse(wire, "the server answered %u of kind %u to %u of kind %u", header->id, header->command, sent.id,
                      sent.command);
    return true;
}

bool vfio_user_ask(struct vfio_user_wire *wire, const struct vfio_user_request *request, void *fixed,
                   size_t fixed_bytes, void *data, size_t room, size_t *length)
{
    struct header header;
    size_t body;

    if (wire->socket < 0)
        return wire->error[0] ? false : refuse(wire, "not connected");
    if (!exchange(wire, request, &header))
        return break_off(wire);
    body = header.size - sizeof header;
    if (header.flags & FLAG_ERROR) {
        if (!skip(wire, body))
            return break_off(wire);
        return refuse(wire, "the server refused command %u: %s", request->command,
                      header.error ? strerror((int)header.error) : "no reason");
    }
    if (body < fixed_bytes || body - fixed_bytes > room) {
        refuse(wire, "the reply to command %u has %zu bytes, expected %zu to %zu", request->command, body, fixed_bytes,
               fixed_bytes + room);
        return break_off(wire);
    }
    *length = body - fixed_bytes;
    return (receive_all(wire, fixed, fixed_bytes) && receive_all(wire, data, *length)) || break_off(wire);
}
