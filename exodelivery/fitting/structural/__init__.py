"""Floor 7: what data could tell at all, before there are any; its verb is :func:`exodelivery.identifiability`."""
