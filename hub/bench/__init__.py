"""The figures of `hub bench`: each measured against its limit in the same run."""
