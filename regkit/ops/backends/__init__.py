"""The few operations that one backend does better than `keras.ops`."""
