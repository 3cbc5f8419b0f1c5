// What `doorbell replay --rtl examples/foreign_device/device.f --top little_device` builds.
little_device.sv
