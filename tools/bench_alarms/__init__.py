"""A month of collection points with every kind of trouble planted, held to rules.csv."""
