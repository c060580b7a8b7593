"""Mutation testing of the pure rules: each small change of a rule must fail one of the tests that cover it."""
