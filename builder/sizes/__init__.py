"""What a layer will take, known before it is built: from the tables of contents of its wheels."""
