"""What ``ci/wheels`` does: builds distributions, looks into them, tests them."""
