"""What is sold: categories, products, variants, and the stock of each."""
