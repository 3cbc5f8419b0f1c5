"""The reference model: the whole device in Python, written from the contract alone.

It imports the generated contract and numpy; only `doorbell.model.transport` and
`doorbell.model.launcher` know the runtime. What it leaves out is the link itself: TLPs are counted,
not built, and a copy is one step.
"""
