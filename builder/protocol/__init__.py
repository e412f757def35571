"""The words that cross a border: keys of the bucket, statuses, variables."""
