"""Files: whose they are, where they are shown, who may see them. Their bytes are kept by `hub.machinery.media`."""
