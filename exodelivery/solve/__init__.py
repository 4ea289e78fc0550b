"""The solve floor or family; see DESIGN.md, section 3."""
