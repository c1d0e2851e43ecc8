"""Cases: what moves through the stages of a pipeline. A lead becomes a deal on the same row (CRM.md)."""
