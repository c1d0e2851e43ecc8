"""How a mail is taken apart: pure functions over bytes, iterative and linear, since strangers choose the bytes.

The standard library's e-mail package is not used to read structure or addresses: nesting and parentheses of a
few kilobytes exhaust its stack, parameters its time. What stands here reads the same grammar (RFC 5322, 2045 to
2049, 2231, 2047) with limits, and goes on after every breach of it, noting a defect.
"""
