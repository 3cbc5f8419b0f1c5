"""The authoring language: directed vectors as people write them, compiled into the machine form."""
