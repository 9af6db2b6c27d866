"""Stopping the training: when validation says that more of it does harm."""
