"""Floor 7: recipes that fit curves to raw tables, group by group; the tables stay outside the package."""
