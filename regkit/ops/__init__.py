"""Pure functions on tensors, without Keras state."""
