"""Pictures of hand-overs: a heat map, the ways calls go, and their flow from party to party."""
