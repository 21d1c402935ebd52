"""What a filter, a network or an inverse does, as numbers. Pure functions and dataclasses; nothing here draws, and no text is meant for visitors."""
