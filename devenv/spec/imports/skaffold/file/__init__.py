"""What a Skaffold repository says: its documents, configurations, profiles, and what the model makes of them."""
