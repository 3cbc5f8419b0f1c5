"""The device offered to other processes, and reached from them, over vfio-user.

vfio-user is the published protocol for PCI devices that live outside the process that uses them
(QEMU, docs/interop/vfio-user.rst). `server` offers any `doorbell.transport.Transport`; `transport`
is a client, a `Transport` too. `messages` and `wire` are what both sides speak.
"""
