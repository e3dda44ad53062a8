"""Tables of touches to baskets and back."""
