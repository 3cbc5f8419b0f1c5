"""The archive that another team takes away: plan, traceability, vectors, player, registers, evidence."""
