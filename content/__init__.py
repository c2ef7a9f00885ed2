"""The Local Offer: its model, its schema, its seed files, and the library that everything else reads it from."""
