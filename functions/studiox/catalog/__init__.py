"""The catalogue: models, features, packs and plans, their inputs and prices, and the pure rules that read them."""
