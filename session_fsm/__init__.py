"""An embeddable SIP/RTP session engine whose every state is an explicit, declarative chart."""
