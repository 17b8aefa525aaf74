"""Somebody's own version of a proposal: asked for, checked, approved."""
