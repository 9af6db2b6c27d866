"""New training images from old ones."""
