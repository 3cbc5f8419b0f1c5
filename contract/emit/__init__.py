"""Emitter of the contract: reads contract/, validates it and writes every generated file."""
