"""How well questions find their documents: a BEIR folder through the portal's own parts."""
