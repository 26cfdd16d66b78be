"""Tools of the project itself: run the notebooks, store them, build the study's pages."""
