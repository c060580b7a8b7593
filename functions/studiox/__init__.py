"""StudioX: the backend that an AI media studio runs on."""
