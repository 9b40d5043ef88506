"""The fused engine.

Networks trained and applied on the CPU by compiled kernels, without TensorFlow.
"""
