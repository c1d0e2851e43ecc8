"""What SMS and WhatsApp share: Twilio's signatures, forms, REST API, media and lists. No channel of its own.

* `signature`, `forms`, `reasons` are pure: who signed a webhook, what it says, what an error code means.
* `client` asks the REST API with Twilio's own library over the hub's guarded HTTP client.
* `media` fetches what somebody sent, and keeps our credentials to Twilio's own hosts.
* `messaging` is an open account; `reconciling` asks for what came while nobody listened.
* `dialect` is where SMS and WhatsApp differ; their folders fill it in.

Nobody can try Twilio's cloud here. `channels.simulators.twilio` stands in for it, and Twilio's own OpenAPI
document judges both sides (tests/peers/prism.py).
"""
