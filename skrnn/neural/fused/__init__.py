"""The fused engine: networks trained and applied on the CPU by compiled kernels, without TensorFlow."""
