"""The staff: agents, their roles, sessions, queues and what they do now, with a ledger of what they did.

`queries` answers whole AgentValues; what an agent holds is read from the rows of work (`workload`), never
counted on the side. `load` is what routing writes about an agent, `actions` what people do, `sessions` the
ways in. Presence (a console is open) is live only and not stored.
"""
