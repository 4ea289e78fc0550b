"""Equations to machine code: LLVM IR written as text, one parameter set to a lane."""
