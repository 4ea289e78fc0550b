"""The driver of compiled kernels: one parameter set to a lane, any model, compiled once by numba."""
