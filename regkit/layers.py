"""Techniques as Keras layers, for models and pipelines that hold them: `regkit.layers`."""

from __future__ import annotations

# layers: begin (make tables)
from regkit.techniques.augmentation.elastic_layer import ElasticDistortion
from regkit.techniques.dropout.drop_connect_layer import DropConnect

__all__ = ["DropConnect", "ElasticDistortion"]
# layers: end
