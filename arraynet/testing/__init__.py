"""What proves an op, a backend or a model right: the op cases, gradient checks and the conformance kit."""
