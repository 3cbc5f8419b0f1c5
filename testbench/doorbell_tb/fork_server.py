"""A simulator that waits before simulated time begins, with Python and its modules loaded; every job gets a fork of it.

Most of a short simulation is Python's start: half a second, against a tenth for the test. A fork has its own
memory, time, seed, log and folder, as a process that was started for it alone; the waiting one never simulates.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

from doorbell_tb import lifeline
from doorbell_tb.forks import VARIABLE
from doorbell_tb.host_abi import load
from doorbell_tb.job import STDOUT_VARIABLE

__all__ = ["serve"]

_MESSAGE = 1 << 20
_MODULES = ("cocotb._init", "cocotb.regression", "pytest", "doorbell_tb.program")
"""Loaded before the first fork. Nothing of these reads a job when it is imported."""


def serve() -> None:
    """Fork for each request until its sender is gone; returns in the forks, with cocotb started.

    A request is one message: JSON with ``folder``, ``environment``, ``path`` and ``arguments``, with the log's
    descriptor and perhaps one for the starter's standard output. The answers are the process id, and in the end
    its status as `os.waitpid` gives it.
    """
    lifeline.hold()
    channel = socket.socket(fileno=int(os.environ[VARIABLE]))
    for name in _MODULES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # no fork copies pages only to count references
    while True:
        message, files, _, _ = socket.recv_fds(channel, _MESSAGE, 2)
        if not message:
            os._exit(0)
        server = os.getpid()
        process = os.fork()
        if process == 0:
            channel.close()
            _become(json.loads(message), files, server)
            return
        for file in files:
            os.close(file)
        channel.send(str(process).encode())
        channel.send(str(os.waitpid(process, 0)[1]).encode())


def _become(request: Mapping[str, Any], files: list[int], server: int) -> None:
    """Make this fork the simulator that the request describes, and let cocotb begin."""
    os.setpgid(0, 0)
    os.chdir(request["folder"])
    os.dup2(files[0], 1)
    os.dup2(files[0], 2)
    os.close(files[0])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.environ[lifeline.VARIABLE] = str(server)
    if len(files) > 1:
        os.environ[STDOUT_VARIABLE] = str(files[1])
    lifeline.hold()
    sys.path[:] = request["path"]
    importlib.invalidate_caches()
    for argument in request["arguments"]:
        load()["add_argument"](argument.encode())
    from pygpi.entry import load_entry

    load_entry()
