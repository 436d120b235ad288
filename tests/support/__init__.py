"""What the tests share: loading of the twins, corpus, builders, generators, normal forms."""
