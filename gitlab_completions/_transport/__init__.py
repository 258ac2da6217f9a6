"""What `HttpxSender` is made of: the only place that imports httpx, and only late."""
