"""From an executed review to the client's inbox, once: its summary, pictures, message, gate and sending."""
