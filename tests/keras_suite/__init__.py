"""Keras' own tests, with a technique in every `fit` that changes nothing.

Keras ships its tests. What passes there without a technique must pass with one, but for refusals
that `refused.py` lists with their reason. `python -m tests.keras_suite` runs it on the backend that
`KERAS_BACKEND` names; `make test-keras` on all three.
"""
