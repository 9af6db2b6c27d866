"""Data augmented outside of a fit: arrays, `tf.data` and `keras.utils.PyDataset`."""
