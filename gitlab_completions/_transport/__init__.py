"""What `HttpxSender` is made of: the only place where HTTP libraries are imported."""
