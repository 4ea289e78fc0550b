"""The solvers floor or family; see DESIGN.md, section 3."""
