"""Floor 6: noncompartmental analysis by the field's names and rules; its verb is :func:`exodelivery.nca`."""
