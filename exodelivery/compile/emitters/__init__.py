"""The emitters floor or family; see DESIGN.md, section 3."""
