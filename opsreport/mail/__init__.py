"""From an executed review to the client's inbox, once: its summary, its pictures, the message, the gate, the sending."""
