"""The seeded random tier: programs drawn from a seed, what they must do, the smallest that cover something new."""
