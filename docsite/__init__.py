"""The documentation site: the pages of this repository, and a reference written from the code."""
