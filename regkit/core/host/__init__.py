"""The machine around regkit: terminal, processes of its own, what is installed beside it."""
