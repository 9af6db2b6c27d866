"""Models of the textbook: `regkit.models`."""

from regkit.models.denoising_autoencoder import DenoisingAutoencoder

__all__ = ["DenoisingAutoencoder"]
