"""Ensembles: many models that predict together, as scikit-learn estimators."""
