"""The Web API of the simulated workspace, one module per family of methods."""
