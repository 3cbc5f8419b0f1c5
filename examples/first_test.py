"""A first cocotb test of your own: `doorbell sim examples/first_test.py`, or plain pytest."""

import cocotb
import numpy as np

import doorbell
from doorbell.contract import registers
from doorbell_tb import link, tlp


@cocotb.test()
async def first(dut):
    async with doorbell.open("rtl") as device:
        data = np.arange(1000, dtype=np.int32)
        stream = device.stream()  # the runtime: upload, download
        assert np.array_equal(await stream.download(device.upload(data)), data)
        assert await device.read(registers.DEVICE.IDENTITY) == 0x4C4C4542524F4F44  # a register
        nowhere = await link.request(tlp.memory_read(0x1000, 4))  # a raw TLP, and its answer
        assert nowhere.status.name == "UR"
        assert dut.rst.value == 0  # a pin; testbench/top/public.vlt lists what Python may see
        assert link.host().stats().device_reads > 0  # what happened on the link
