"""The book of record: plain words, and one folder per noun with its tables, rules and writes."""
