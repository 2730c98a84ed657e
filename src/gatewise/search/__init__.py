"""The search: what may vary, who proposes it, and how trials run side by side."""
