"""What the API takes and gives, as pydantic models: one module per noun."""
