"""Trying a language model out before it may write for anybody: a golden set, its runner and rehearsals."""
