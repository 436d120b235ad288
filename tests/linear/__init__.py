"""Shows that time is linear: instructions at n, 2n and 4n bytes, for each family of inputs."""
