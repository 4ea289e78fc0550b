"""Floor 5: the checker; :mod:`exodelivery.checks.check` collects what every rule family finds in a model."""
