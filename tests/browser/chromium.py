"""A headless Chromium, driven through its DevTools protocol over a pipe: no port, no other package."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from doorbell.needs import chromium

REMEDY = "no Chromium on this machine: apt-get install chromium, and this test runs"
PATIENCE = 60.0
"""Seconds for an answer on a busy machine."""
_SWITCHES = (
    *("--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu"),
    *("--disable-background-networking", "--disable-component-update", "--disable-extensions"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1400,1000"),
)


class Page:
    """One page; ``problems`` gathers whatever its console or its scripts complain of."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.opened: Path | None = None
        """The file that is there as it was loaded; None once something was pressed, typed or chosen."""
        self._number = 0
        self._session = ""
        self._rest = b""
        self._loaded = False

    def __enter__(self) -> Self:
        path = chromium()
        assert path, REMEDY
        self._profile = tempfile.mkdtemp(prefix="doorbell-browser-")
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        root = ["--no-sandbox"] if os.geteuid() == 0 else []

        def hand_over() -> None:  # the protocol wants descriptors 3 and 4
            ends = os.dup(to_read), os.dup(to_write)
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [path, *_SWITCHES, *root, f"--user-data-dir={self._profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=hand_over,  # noqa: PLW1509 - no thread has been started
        )
        os.close(to_read)
        os.close(to_write)
        os.set_blocking(self._read, False)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)
        shutil.rmtree(self._profile, ignore_errors=True)  # helpers may still be leaving

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; events that come meanwhile are noted."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._note(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def open(self, path: Path) -> None:
        """Load a file and wait until it is there."""
        self._loaded = False
        self.call("Page.navigate", url=path.as_uri())
        while not self._loaded:
            self._note(self._next())
        self.opened = path

    def run(self, script: str) -> Any:
        """Return what an expression comes to; a promise is awaited."""
        result = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def click(self, selector: str) -> None:
        """Press the mouse on an element, as a person does: it has to be visible."""
        self.opened = None
        place = self.run(
            f"(() => {{ const it = document.querySelector({json.dumps(selector)});"
            "it.scrollIntoView({block: 'center', inline: 'center'});"
            "const box = it.getClientRects()[0];"
            "return box && [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        assert place, f"{selector} cannot be seen"
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=place[0],
                y=place[1],
                button="left",
                clickCount=1,
            )
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def type(self, selector: str, text: str) -> None:
        """Click into a field and type."""
        self.click(selector)
        self.call("Input.insertText", text=text)

    def choose(self, select: str, value: str) -> None:
        """Choose from a drop-down, which an expression names."""
        self.opened = None
        self.run(f"{select}.value = {json.dumps(value)}")
        self.run(f"{select}.dispatchEvent(new Event('input', {{bubbles: true}}))")

    def screenshot(self, path: Path) -> None:
        """Leave what can be seen as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            try:
                read = os.read(self._read, 1 << 20)
                assert read, "the browser has gone"
                self._rest += read
            except BlockingIOError:
                assert time.monotonic() < end, f"the browser said nothing for {PATIENCE} s"
                time.sleep(0.005)
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.exceptionThrown":
                details = told["exceptionDetails"]
                said = details.get("exception", {}).get("description", details["text"])
                self.problems.append(f"exception: {said}")
            case "Runtime.consoleAPICalled" if told["type"] in {"error", "warning", "assert"}:
                said = " ".join(str(one.get("value")) for one in told["args"])
                self.problems.append(f"console: {said}")
            case "Log.entryAdded" if told["entry"]["level"] in {"error", "warning"}:
                self.problems.append(f"log: {told['entry']['text']}")
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
