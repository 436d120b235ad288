"""What ``ci/fuzz`` runs, beside the comparison of the twins: one module a target."""
